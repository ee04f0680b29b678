#pragma once
// The run that a job logs to: one for each job, in the experiment of its detector. Functions on a transaction.
#include <string>
#include <string_view>
#include <vector>

#include "monitor/wire/protocol.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::control {

/// "detectors/<name>".
std::string experiment_name(std::string_view detector);
/// "anomaly_detection_<training|inference>_<detector>:<mode>".
std::string run_name(monitor::JobKind kind, const monitor::Definition& detector);

/// The job's run, running: made by the first claim, taken up by later ones, whatever clients did to it meanwhile. A
/// detector's experiment comes back if it was deleted. Its artifacts go through the server, because runners do.
/// Order: after lock_detector, which keeps two claims from making one experiment.
tracker::RunInfo start_run(db::Tx& tx, const monitor::Job& job, const monitor::Definition& detector,
                           core::Timestamp now);

/// Sets the run's status as the job's; nothing if the job has none (yet).
void end_run(db::Tx& tx, const monitor::Job& job, core::Timestamp now);

/// Nothing for a run that a client has deleted. What MLflow's keys may not hold is written as '_': a metric's name must
/// not be what a training fails at.
void log_metrics(db::Tx& tx, const monitor::Job& job, const std::vector<monitor::NamedValue>& metrics,
                 std::int64_t step, core::Timestamp now);

}  // namespace wakeful::control
