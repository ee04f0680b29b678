#include "control/claim.hpp"

#include <algorithm>

#include "control/endings.hpp"
#include "control/job_runs.hpp"
#include "control/tick.hpp"
#include "monitor/detectors.hpp"
#include "monitor/jobs.hpp"
#include "monitor/online_models.hpp"
#include "monitor/timing.hpp"
#include "platform/core/error.hpp"

namespace wakeful::control {
namespace {

using monitor::Job;
using monitor::JobKind;
using monitor::JobState;

/// How many jobs that turn out not to be runnable one claim may settle on its way.
constexpr int kMostInPassing = 20;
/// How long an evaluation waits for a training whose end nobody tells.
constexpr core::Duration kTrainingPatience = std::chrono::minutes(1);

monitor::ClaimTerms terms_of(const monitor::ClaimRequest& request) {
  return {.owner = request.runner, .lease = request.lease, .kinds = request.kinds, .job = request.job};
}

/// A training that nobody gave an end learns no further than the evaluations have come, so that every bucket is judged
/// by a model that has not seen it. (A mark that lies before the whole span is no bound: evaluations have stopped.)
void bound_by_marks(monitor::Interval& interval, std::span<const monitor::OnlineModel> models) {
  if (models.empty()) return;
  core::Timestamp furthest = core::Timestamp::min();
  for (const monitor::OnlineModel& model : models)
    furthest = std::max(furthest, model.last_evaluation + model.granularity);
  if (furthest >= *interval.until || (interval.from && furthest <= *interval.from)) return;
  interval.until = furthest;
}

/// Leaves the metrics whose models are due; all if none is any more, as when a changed file was changed back.
void leave_due(monitor::Definition& detector, std::span<const monitor::OnlineModel> models, core::Timestamp now) {
  std::vector<monitor::Metric> due;
  for (const monitor::Metric& metric : detector.metrics)
    if (monitor::reason_to_train(detector, metric, models, now)) due.push_back(metric);
  if (!due.empty()) detector.metrics = std::move(due);
}

class Preparation {
 public:
  Preparation(db::Tx& tx, const monitor::ClaimRequest& request, Journal& journal, core::Timestamp now)
      : tx_(tx), request_(request), journal_(journal), now_(now) {}

  /// Nothing if the job cannot run now; then it has been put where it belongs.
  std::optional<monitor::Claim> prepare(const monitor::Claimed& claimed) {
    const Job& job = claimed.job;
    if (!monitor::find_detector(tx_, job.subject)) return give_up(job, "the detector is gone");
    monitor::Definition detector = monitor::lock_detector(tx_, job.subject).definition;
    const auto asked = monitor::asked_until_of(tx_, job.id);
    if (job.kind == JobKind::evaluate) {  // a training does it when its models are registered
      for (const std::string& name : retire_unnamed(tx_, detector, now_)) journal_.retired(job.subject, name);
    }
    std::vector<monitor::OnlineModel> models = usable_models(tx_, detector);
    if (job.kind != JobKind::train && models.empty()) return wait_for_training(claimed);
    monitor::Interval interval;
    try {  // pure: nothing of the transaction is lost
      interval = job.kind == JobKind::predict ? monitor::plan_prediction(detector, now_, job.interval)
                                              : monitor::plan_interval(detector.time_spec, job.kind, now_, asked);
    } catch (const core::Error& e) {
      return give_up(job, e.what());
    }
    if (job.kind == JobKind::train && !asked) bound_by_marks(interval, models);
    if (job.kind == JobKind::train) {
      if (monitor::trains_only_due(tx_, job.id)) leave_due(detector, models, now_);
      models = monitor::list_online_models(tx_, detector.name);
    }
    monitor::set_interval(tx_, job.id, interval);
    const tracker::RunInfo run = start_run(tx_, job, detector, now_);
    return monitor::Claim{.job = monitor::get_job(tx_, job.id),
                          .fence = claimed.fence,
                          .lease = request_.lease,
                          .now = now_,
                          .detector = detector,
                          .models = std::move(models),
                          .experiment_id = run.experiment_id,
                          .artifact_root = run.artifact_uri};
  }

 private:
  std::nullopt_t give_up(const Job& job, std::string_view why) {
    end(tx_, job, JobState::failed, why, "null", journal_, now_);
    return std::nullopt;
  }

  std::nullopt_t wait_for_training(const monitor::Claimed& claimed) {
    request_training(tx_, claimed.job, claimed.fence, now_);
    const Job waiting = monitor::postpone_job(tx_, claimed.job, "waits for a training", now_ + kTrainingPatience, now_);
    if (monitor::has_ended(waiting.state)) journal_.ended(waiting);
    return std::nullopt;
  }

  db::Tx& tx_;
  const monitor::ClaimRequest& request_;
  Journal& journal_;
  core::Timestamp now_;
};

}  // namespace

bool may_claim(db::Tx& tx, const monitor::ClaimRequest& request, core::Timestamp now) {
  return is_tick_due(tx, now) || monitor::has_claimable(tx, terms_of(request), now);
}

std::optional<monitor::Claim> claim(db::Tx& tx, const monitor::ClaimRequest& request, core::Timestamp now) {
  tick(tx, now);
  Journal journal;
  Preparation preparation(tx, request, journal, now);
  std::optional<monitor::Claim> taken;
  for (int i = 0; i < kMostInPassing && !taken; ++i) {
    std::vector<Job> exhausted;
    const auto claimed = monitor::claim_job(tx, terms_of(request), now, exhausted);
    for (const Job& job : exhausted) settle(tx, job, journal, now);
    if (!claimed) break;
    taken = preparation.prepare(*claimed);
  }
  journal.write(tx, now);
  return taken;
}

}  // namespace wakeful::control
