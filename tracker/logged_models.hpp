#pragma once
// Logged models (MLflow 3): functions on a transaction. Searching them: search_logged_models.hpp.
//
// Deleting is soft: afterwards a model is found only when deleted ones are asked for, but tags, params and status may
// still be set, as in MLflow.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "tracker/wire/requests.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

/// "m-" and 32 hex digits. Not in a transaction: it is chance.
LoggedModelId new_logged_model_id();

/// A pending model. Errors: invalid for a name with one of `/ : . % " '`, for a param key given twice, and for a
/// deleted experiment; not_found without the experiment.
LoggedModel create_logged_model(db::Tx& tx, const NewLoggedModel& wanted, const LoggedModelId& id, core::Timestamp now);

/// With params, tags and metrics. Errors: not_found, also for a deleted one unless `allow_deleted`.
LoggedModel get_logged_model(db::Tx& tx, const LoggedModelId& id, bool allow_deleted = false);

/// Any status after any other. Errors: not_found.
LoggedModel finalize_logged_model(db::Tx& tx, const LoggedModelId& id, LoggedModelStatus status, core::Timestamp now);
/// Soft and idempotent. Errors: not_found.
void delete_logged_model(db::Tx& tx, const LoggedModelId& id, core::Timestamp now);

/// Errors: not_found; invalid (BAD_REQUEST) for a key that the model has or that comes twice.
void log_logged_model_params(db::Tx& tx, const LoggedModelId& id, std::span<const Param> params);
/// The last write wins. Errors: not_found.
void set_logged_model_tags(db::Tx& tx, const LoggedModelId& id, std::span<const Tag> tags);
/// Errors: not_found for the model or the tag.
void delete_logged_model_tag(db::Tx& tx, const LoggedModelId& id, std::string_view key);

/// Keeps those of `metrics` that name a model with that model. A model that does not exist is no error, and what is
/// there already stays.
void log_model_metrics(db::Tx& tx, const RunId& run, std::span<const Metric> metrics);

/// The models with these ids, in that order, with params, tags and metrics; ids that do not exist are left out.
std::vector<LoggedModel> load_logged_models(db::Tx& tx, std::span<const std::string> ids);

}  // namespace wakeful::tracker
