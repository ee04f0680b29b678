#include "control/job_runs.hpp"

#include <fmt/format.h>

#include "platform/core/digest.hpp"
#include "platform/core/names.hpp"
#include "tracker/experiments.hpp"
#include "tracker/metrics.hpp"
#include "tracker/rules.hpp"
#include "tracker/runs.hpp"

namespace wakeful::control {
namespace {

using monitor::JobKind;
using monitor::JobState;
using tracker::RunId;
using tracker::RunStatus;

std::int64_t require_experiment(db::Tx& tx, const monitor::Definition& detector, core::Timestamp now) {
  const std::string name = experiment_name(detector.name);
  const auto found = tracker::find_experiment_by_name(tx, name);
  if (!found) {
    return tracker::create_experiment(tx, {.name = name, .tags = {{"detector", detector.name}}},
                                      {.default_artifact_root = "mlflow-artifacts:/"}, now);
  }
  const std::int64_t id = tracker::parse_experiment_id(found->experiment_id);
  if (found->lifecycle == tracker::Lifecycle::deleted) tracker::restore_experiment(tx, id, now);
  return id;
}

tracker::NewRun new_run(const monitor::Job& job, const monitor::Definition& detector, std::int64_t experiment,
                        core::Timestamp now) {
  return {.experiment_id = std::to_string(experiment),
          .run_name = run_name(job.kind, detector),
          .user_id = "wakeful",
          .start_time_ms = core::to_ms(now),
          .tags = {{"detector_name", detector.name},
                   {"deployment_mode", detector.deployment_mode},
                   {"job_id", job.id},
                   {"job_kind", std::string(monitor::name_of(job.kind))},
                   {"mlflow.source.name", "wakeful"},
                   {"mlflow.source.type", "JOB"},
                   {"mlflow.user", "wakeful"}}};
}

RunStatus status_of(JobState state) {
  switch (state) {
    case JobState::pending:
      return RunStatus::scheduled;
    case JobState::running:
      return RunStatus::running;
    case JobState::failed:
      return RunStatus::failed;
    case JobState::cancelled:
      return RunStatus::killed;
    case JobState::succeeded:
    case JobState::skipped:
      return RunStatus::finished;
  }
  return RunStatus::finished;
}

bool is_active(db::Tx& tx, const RunId& run) {
  const auto found = tracker::find_run(tx, run);
  return found && found->lifecycle == tracker::Lifecycle::active;
}

/// Metrics of detectors have freer names than those of runs: what no key may hold becomes '_'.
std::string key_of(std::string_view name) {
  std::string key(name.substr(0, tracker::kMaxKey));
  for (char& c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || !core::is_word(std::string_view(&c, 1), "/.- :")) c = '_';
  }
  return core::is_own_path(key) ? key : "_" + core::sha256_hex(name).substr(0, 12);
}

}  // namespace

std::string run_name(monitor::JobKind kind, const monitor::Definition& detector) {
  const std::string_view what = kind == JobKind::train     ? "training"
                                : kind == JobKind::predict ? "prediction"
                                                           : "inference";
  return fmt::format("anomaly_detection_{}_{}:{}", what, detector.name, detector.deployment_mode);
}

std::string experiment_name(std::string_view detector) { return fmt::format("detectors/{}", detector); }

tracker::RunInfo start_run(db::Tx& tx, const monitor::Job& job, const monitor::Definition& detector,
                           core::Timestamp now) {
  const std::int64_t experiment = require_experiment(tx, detector, now);
  const RunId id(job.run_id);
  const auto found = tracker::find_run(tx, id);
  if (!found) return tracker::create_run(tx, new_run(job, detector, experiment, now), id).info;
  if (found->lifecycle == tracker::Lifecycle::deleted) tracker::restore_run(tx, id);
  return tracker::update_run(tx, {.run_id = id, .status = RunStatus::running});
}

void end_run(db::Tx& tx, const monitor::Job& job, core::Timestamp now) {
  const RunId id(job.run_id);
  if (!is_active(tx, id)) return;
  tracker::RunUpdate update{.run_id = id, .status = status_of(job.state)};
  if (monitor::has_ended(job.state)) update.end_time_ms = core::to_ms(now);
  tracker::update_run(tx, update);
}

void log_metrics(db::Tx& tx, const monitor::Job& job, const std::vector<monitor::NamedValue>& metrics,
                 std::int64_t step, core::Timestamp now) {
  const RunId id(job.run_id);
  if (metrics.empty() || !is_active(tx, id)) return;
  tracker::Batch batch;
  for (const monitor::NamedValue& metric : metrics)
    batch.metrics.push_back(
        {.key = key_of(metric.key), .value = metric.value, .timestamp_ms = core::to_ms(now), .step = step});
  tracker::log_batch(tx, id, tracker::CheckedBatch(std::move(batch), {}));
}

}  // namespace wakeful::control
