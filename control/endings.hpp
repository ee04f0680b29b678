#pragma once
// How jobs end, and what follows from it: the run's status, the next training, evaluations that waited for one.
// Functions on a transaction; the state machine is DESIGN.md's.
#include <string_view>
#include <vector>

#include "control/journal.hpp"
#include "monitor/wire/protocol.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::control {

/// Takes a model off the watch.
void retire(db::Tx& tx, const std::string& model, core::Timestamp now);

/// Takes the models off watch whose metrics the detector does not name (by that name) any more; their names. Their
/// history stays to be looked at, but nobody who looks for online models finds it.
std::vector<std::string> retire_unnamed(db::Tx& tx, const monitor::Definition& detector, core::Timestamp now);

/// The models of a detector that can be evaluated: of metrics that it still names, and registered.
std::vector<monitor::OnlineModel> usable_models(db::Tx& tx, const monitor::Definition& detector);

/// Makes a training job unless one waits or runs. `cause` is the job on whose account, at its fence.
void request_training(db::Tx& tx, const monitor::Job& cause, std::int64_t fence, core::Timestamp now);

/// What follows from a job that has just ended (or was put back, which has no consequence but its run's status).
void settle(db::Tx& tx, const monitor::Job& job, Journal& journal, core::Timestamp now);

/// end_job of a held job, and what follows.
monitor::Job end(db::Tx& tx, const monitor::Job& job, monitor::JobState state, std::string_view error,
                 std::string_view result, Journal& journal, core::Timestamp now);

/// The job has succeeded. Errors: conflict (LEASE_LOST) if the lease is lost; not_found.
monitor::Job finish(db::Tx& tx, const monitor::Finish& finish, core::Timestamp now);

/// Tries again later, up to the job's attempts, or ends the job, as the failure's class says. `chance` in [0, 1)
/// spreads the retries. Errors: as finish.
monitor::Job fail(db::Tx& tx, const monitor::Failure& failure, double chance, core::Timestamp now);

/// Errors: not_found; conflict for a job that has ended.
monitor::Job cancel(db::Tx& tx, std::string_view job_id, core::Timestamp now);

}  // namespace wakeful::control
