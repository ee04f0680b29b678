#pragma once
// Runs: functions on a transaction. What a run holds: metrics.hpp, params_tags.hpp, inputs.hpp; search_runs.hpp.
//
// Inside the store a run is a number, its key; outside it is its id, 32 hex digits. Whoever changes what a run holds
// locks it first (lock_run), so that writers of one run queue up, a deleted run takes nothing, and the run's version
// tells readers whether what they know of it still holds (run_texts.hpp).
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

/// A run as the other tables know it.
struct RunKey {
  std::int64_t key = 0;
  std::int64_t experiment_id = 0;
};

/// A run without what it holds. `version` rises with every change of that.
struct FoundRun {
  std::int64_t key = 0;
  std::int64_t version = 0;
  RunInfo info;
};

/// Errors: not_found "Run with id=… not found".
FoundRun get_found_run(db::Tx& tx, const RunId& run);
/// Active or deleted; without what it holds.
std::optional<RunInfo> find_run(db::Tx& tx, const RunId& run);
/// Errors: not_found "Run with id=… not found".
RunInfo get_run_info(db::Tx& tx, const RunId& run);
/// With its latest metrics, params, tags, inputs and outputs. Errors: not_found.
Run get_run(db::Tx& tx, const RunId& run);

/// Makes a running run. `id` is fresh (core::new_hex_id), made outside the transaction. A name is taken from
/// `wanted.run_name`, the tag mlflow.runName, or made from the id; the tag is kept equal to it.
/// Errors: invalid for name and tag that differ, and for a deleted experiment; not_found without the experiment.
Run create_run(db::Tx& tx, const NewRun& wanted, const RunId& id);

/// Errors: not_found; invalid for a deleted run.
RunInfo update_run(db::Tx& tx, const RunUpdate& update);

/// Active runs with a tag of that name that began before `until` and have not ended.
std::vector<RunId> list_open_runs(db::Tx& tx, std::string_view tag, core::Timestamp until);

/// Soft and idempotent. Errors: not_found.
void delete_run(db::Tx& tx, const RunId& run, core::Timestamp now);
void restore_run(db::Tx& tx, const RunId& run);

/// Locks an active run until the transaction ends, and counts its version up: what it holds will change.
/// Errors: not_found; invalid "The run … must be in the 'active' state. Current state is deleted."
RunKey lock_run(db::Tx& tx, const RunId& run);
std::optional<RunKey> find_run_key(db::Tx& tx, const RunId& run);

/// Fills metrics, params, tags, inputs and outputs of `runs`, whose keys are `keys`, in a few statements for all.
/// Order: by key in each run.
void load_contents(db::Tx& tx, std::span<const std::int64_t> keys, std::span<Run> runs);

/// Reads the columns of kRunColumns from `first` on.
RunInfo read_run_columns(const db::Row& row, int first);
inline constexpr std::string_view kRunColumns =
    "r.run_id, r.run_name, r.experiment_id, r.user_id, r.status, r.start_time_ms, r.end_time_ms, r.artifact_uri, "
    "r.lifecycle";
inline constexpr int kRunColumnCount = 9;

}  // namespace wakeful::tracker
