#pragma once
// From a search to one SQL statement over runs: the grammar, the field map, the order and the choice of where to begin.
// Used by search_runs.cpp only.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/db/database.hpp"
#include "platform/search/page.hpp"
#include "platform/search/sql.hpp"
#include "tracker/wire/requests.hpp"

namespace wakeful::tracker {

const search::Grammar& run_grammar();

/// A search whose texts are parsed and whose metric names are looked up.
struct RunPlan {
  /// One thing that runs are ordered by.
  struct Key {
    search::Order order;
    std::optional<std::int64_t> name_key;  // of a metric that exists
  };
  std::vector<std::int64_t> experiment_ids;
  ViewType view = ViewType::active_only;
  search::Filter filter{};
  std::vector<std::optional<std::int64_t>> name_keys{};  // of the filter's comparisons that are about metrics
  std::vector<Key> order{};
  std::int64_t limit = 0;
};

/// Errors: invalid, naming the field.
RunPlan plan_runs(db::Tx& tx, const RunSearch& search);

/// The columns that the rows are ordered by, last of them the run's id.
std::vector<search::SortKey> sort_keys_of(const RunPlan& plan);
/// One letter for each, as search::read_page_token wants them.
std::string token_shape_of(const RunPlan& plan);

/// Which of the runs in their order a statement is about.
enum class Part {
  all,
  with_value,     // only those that have a real value of the first ordering metric, found by its index
  without_value,  // only the others
};

/// SELECT run_key, the run's columns, the sort keys. `after`: the keys of the row that ended the page before.
search::Query build_query(db::Tx& tx, const RunPlan& plan, Part part,
                          const std::optional<std::vector<search::KeyValue>>& after, std::int64_t limit);

}  // namespace wakeful::tracker
