#pragma once
// Searching experiments with MLflow's filters and orderings, paged by key. Source: mlflow-tracking.md §5.3, §6.2.
#include <string>
#include <vector>

#include "platform/db/database.hpp"
#include "tracker/wire/requests.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

struct ExperimentPage {
  std::vector<Experiment> experiments;
  std::string next_page_token;  // "" at the end
};

/// Errors: invalid naming filter, order_by, max_results or page_token.
ExperimentPage search_experiments(db::Tx& tx, const ExperimentSearch& search);

}  // namespace wakeful::tracker
