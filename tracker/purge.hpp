#pragma once
// Deleted runs and experiments for good: functions on a transaction, in pieces. Files are the caller's business.
//
// A run's row goes first, with all that names it; its points follow piece by piece, found by the key that it had. The
// newest run of all stays until there is a newer one: SQLite would give its key to the next run, which would find the
// points of the old one. Likewise the newest experiment.
#include <cstdint>
#include <string>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

struct DeletedRun {
  std::int64_t key = 0;
  RunId id;
  std::string artifact_uri{};
  std::int64_t deleted_ms = 0;
};
/// Runs that were deleted before `before`, behind (after_ms, after_key); the longest deleted first, at most `most`.
std::vector<DeletedRun> list_deleted_runs(db::Tx& tx, core::Timestamp before, std::int64_t after_ms,
                                          std::int64_t after_key, std::int64_t most);
/// Removes the row of a run that is still deleted. False: it was restored, is gone, or is the newest run of all.
bool drop_run(db::Tx& tx, std::int64_t key);
/// Deletes about `most` rows of dropped runs; false when nothing is left.
bool purge_dropped_runs(db::Tx& tx, std::int64_t most);

/// Deleted experiments, but for the default one, that hold no run and no logged model and were changed last before
/// `before`.
std::vector<std::int64_t> list_empty_experiments(db::Tx& tx, core::Timestamp before);
/// Removes it with its tags and data sets; false if it is not deleted and empty any more.
bool drop_experiment(db::Tx& tx, std::int64_t id);

/// Ended active runs of that name, all but the `keep` that started last; at most `most`, the oldest last.
std::vector<RunId> list_surplus_runs(db::Tx& tx, std::int64_t experiment_id, std::string_view run_name,
                                     std::int64_t keep, std::int64_t most);

}  // namespace wakeful::tracker
