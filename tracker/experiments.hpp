#pragma once
// Experiments: functions on a transaction. Searching them: search_experiments.hpp.
//
// Ids are whole numbers that the store hands out; names are unique among active and deleted ones together. Deleting is
// soft and takes the runs along; restoring brings all of them back, as MLflow does.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "tracker/settings.hpp"
#include "tracker/wire/requests.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

/// Creates experiment 0, "Default", unless there is one in any state.
void ensure_default_experiment(db::Tx& tx, const Settings& settings, core::Timestamp now);

/// Its id. Errors: conflict (RESOURCE_ALREADY_EXISTS, 400) for a name that is taken, also by a deleted experiment;
/// invalid for a name, location or tag beyond MLflow's limits.
std::int64_t create_experiment(db::Tx& tx, const NewExperiment& wanted, const Settings& settings, core::Timestamp now);

/// Active or deleted, with its tags.
std::optional<Experiment> find_experiment(db::Tx& tx, std::int64_t id);
/// Errors: not_found "No Experiment with id=… exists".
Experiment get_experiment(db::Tx& tx, std::int64_t id);
std::optional<Experiment> find_experiment_by_name(db::Tx& tx, std::string_view name);
/// Errors: not_found "Could not find experiment with name '…'".
Experiment get_experiment_by_name(db::Tx& tx, std::string_view name);

/// Errors: not_found; invalid for a deleted experiment; conflict for a name that is taken.
void rename_experiment(db::Tx& tx, std::int64_t id, std::string_view name, core::Timestamp now);
/// Deletes it with all its runs. Errors: not_found, also for one that is deleted already.
void delete_experiment(db::Tx& tx, std::int64_t id, core::Timestamp now);
/// Restores it with all its runs. Errors: not_found, also for one that is active.
void restore_experiment(db::Tx& tx, std::int64_t id, core::Timestamp now);

/// Errors: not_found; invalid for a deleted experiment or a tag beyond MLflow's limits.
void set_experiment_tag(db::Tx& tx, std::int64_t id, const Tag& tag);
/// Errors: not_found for the experiment or the tag; invalid for a deleted experiment.
void delete_experiment_tag(db::Tx& tx, std::int64_t id, std::string_view key);

/// The artifact location of an active experiment. Errors: not_found; invalid for a deleted one.
std::string get_active_location(db::Tx& tx, std::int64_t id);

}  // namespace wakeful::tracker
