#pragma once
// From a planned search to one SQL statement over runs, and the choice of where it begins: the planner of SQLite has no
// statistics and that of PostgreSQL does not know the page. Used by search_runs.cpp only.
#include <cstdint>
#include <optional>
#include <vector>

#include "platform/db/database.hpp"
#include "platform/search/sql.hpp"
#include "tracker/run_plan.hpp"

namespace wakeful::tracker {

/// Which of the runs in their order a statement is about.
enum class Part {
  all,
  with_value,     // only those that have a real value of the first ordering metric, found by its index
  without_value,  // only the others
};

/// Which comparison of the filter finds few enough runs by an index that it is best to begin with those; nothing where
/// the runs in their order are the better beginning. Cost: some thousand index entries at most.
std::optional<std::size_t> choose_beginning(db::Tx& tx, const RunPlan& plan);

/// SELECT run_key, version, the run's columns, the sort keys. `after`: the keys of the row that ended the page before.
search::Query build_query(const RunPlan& plan, Part part, std::optional<std::size_t> beginning,
                          const std::optional<std::vector<search::KeyValue>>& after, std::int64_t limit);

}  // namespace wakeful::tracker
