#pragma once
// A search of runs, read and checked: the grammar of its filter, the columns that its keys mean, the order of its rows.
// Used by run_query.cpp and search_runs.cpp only.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/db/database.hpp"
#include "platform/search/filter.hpp"
#include "platform/search/sql.hpp"
#include "tracker/wire/requests.hpp"

namespace wakeful::tracker {

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

/// The table alias of the i-th thing that runs are ordered by.
std::string alias_of(std::size_t i);
/// The SQL of a run's attribute, of the run `r`.
std::string column_of(std::string_view attribute);

}  // namespace wakeful::tracker
