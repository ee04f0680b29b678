#pragma once
// Registered models: functions on a transaction. Their versions: versions.hpp; searching: search.hpp.
//
// A name is taken once and renamed with everything that hangs on it; deleting takes all of that along. Errors of every
// function that is given a name: not_found "Registered Model with name=… not found".
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "registry/wire/read.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::registry {

/// managed_by of what a detector's training registers: clients may not set the mark of its versions.
inline constexpr std::string_view kDetector = "detector";

/// What a compare-and-set needs to know of a model.
struct ModelState {
  std::int64_t row_version = 0;   // moves with every version made or deleted and with a new name
  std::int64_t last_version = 0;  // the highest number given to a version so far
  std::string managed_by{};       // "" for a client's own
};

/// Errors: conflict (RESOURCE_ALREADY_EXISTS, 400) for a name that is taken; invalid beyond MLflow's limits.
RegisteredModel create_model(db::Tx& tx, const NewModel& wanted, core::Timestamp now, std::string_view managed_by = {});

/// With tags, aliases and, with their tags, the latest versions of each stage.
std::optional<RegisteredModel> find_model(db::Tx& tx, std::string_view name);
RegisteredModel get_model(db::Tx& tx, std::string_view name);
std::optional<ModelState> find_model_state(db::Tx& tx, std::string_view name);
ModelState get_model_state(db::Tx& tx, std::string_view name);
/// Errors: not_found. Cost: one row.
void require_model(db::Tx& tx, std::string_view name);

/// Errors: conflict for a new name that is taken. Its own name is fine.
void rename_model(db::Tx& tx, std::string_view name, std::string_view new_name, core::Timestamp now);
void update_model(db::Tx& tx, std::string_view name, std::string_view description, core::Timestamp now);
/// Deletes it with versions, tags and aliases; its name is free again.
void delete_model(db::Tx& tx, std::string_view name);
/// Hands a model over: to a detector (kDetector), or back to its clients ("").
void set_managed_by(db::Tx& tx, std::string_view name, std::string_view managed_by);

/// Locks the model until the transaction's end and moves its update time. The first write of whoever changes versions.
void touch_model(db::Tx& tx, std::string_view name, core::Timestamp now);

}  // namespace wakeful::registry
