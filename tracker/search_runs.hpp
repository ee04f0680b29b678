#pragma once
// Searching runs with MLflow's filters and orderings, paged by key.
//
// Filters on metrics see the latest value, and NaN matches nothing. A run without the key never matches, except IS
// NULL. Missing values sort last in both directions, NaN before them; ties go by start time, newest first, then by run
// id. Source: mlflow-tracking.md §5.2, §6.1. How the statement begins: DESIGN.md.
#include <string>
#include <vector>

#include "platform/db/database.hpp"
#include "tracker/runs.hpp"
#include "tracker/wire/requests.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

struct RunPage {
  std::vector<Run> runs;
  std::string next_page_token;  // "" at the end
};

/// Errors: invalid naming filter, order_by, max_results, page_token or experiment_ids.
RunPage search_runs(db::Tx& tx, const RunSearch& search);

/// The same page without what the runs hold.
struct RunInfoPage {
  std::vector<FoundRun> runs;
  std::string next_page_token;
};
RunInfoPage search_run_infos(db::Tx& tx, const RunSearch& search);

}  // namespace wakeful::tracker
