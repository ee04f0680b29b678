#pragma once
// Searching logged models with MLflow's filters and orderings, paged by key. Source: mlflow-tracking.md §5.4, §6.3.
#include <string>
#include <vector>

#include "platform/db/database.hpp"
#include "tracker/wire/requests.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

struct LoggedModelPage {
  std::vector<LoggedModel> models;
  std::string next_page_token;  // "" at the end
};

/// Active models only. A metric matches if any of its points does, on one of `datasets` if there are any.
/// Errors: invalid naming filter, order_by, max_results, page_token, experiment_ids, or datasets beyond 100.
LoggedModelPage search_logged_models(db::Tx& tx, const LoggedModelSearch& search);

}  // namespace wakeful::tracker
