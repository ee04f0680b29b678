#include "control/endings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "control/gc.hpp"
#include "control/job_runs.hpp"
#include "monitor/detectors.hpp"
#include "monitor/jobs.hpp"
#include "monitor/online_models.hpp"
#include "monitor/timing.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/digest.hpp"
#include "registry/models.hpp"
#include "registry/tags.hpp"

namespace wakeful::control {
namespace {

using monitor::Job;
using monitor::JobKind;
using monitor::JobState;

/// As many as a schedule makes at once, and some that were asked for.
constexpr std::int64_t kMostWaiting = 1'000;

bool has_open_training(db::Tx& tx, std::string_view detector) {
  for (const JobState state : {JobState::pending, JobState::running}) {
    const auto page = monitor::list_jobs(
        tx, {.detector = std::string(detector), .kind = JobKind::train, .state = state, .page = {.max_results = 1}});
    if (!page.rows.empty()) return true;
  }
  return false;
}

/// A replay's training is one as of the same time, but never as of a time before what was evaluated: to look at the
/// past again must not put a model on watch that has forgotten what came since.
std::optional<core::Timestamp> training_until(db::Tx& tx, const Job& cause) {
  // A prediction's never learns what it is to judge.
  auto until = cause.kind == JobKind::predict ? cause.interval.from : monitor::asked_until_of(tx, cause.id);
  if (!until) return until;
  for (const monitor::OnlineModel& model : monitor::list_online_models(tx, cause.subject))
    until = std::max(*until, model.last_evaluation + model.granularity);
  return until;
}

/// What waited for this training ends with it if there is nothing to evaluate or predict with: the evaluation, which
/// the next tick tries anew, and the predictions, which would ask for the same training again.
void end_waiting(db::Tx& tx, const Job& training, Journal& journal, core::Timestamp now) {
  auto waiting = monitor::list_jobs(tx, {.detector = training.subject,
                                         .kind = JobKind::predict,
                                         .state = JobState::pending,
                                         .page = {.max_results = kMostWaiting}})
                     .rows;
  if (auto evaluation =
          monitor::find_open_job(tx, training.subject, JobKind::evaluate, monitor::asked_until_of(tx, training.id)))
    waiting.push_back(std::move(*evaluation));
  for (const Job& job : waiting) {
    if (job.state != JobState::pending) continue;
    Job ended = monitor::end_job(
        tx, job, training.state,
        fmt::format("there is no model, and the training {}: {}", monitor::name_of(training.state), training.error),
        "null", now);
    end_run(tx, ended, now);
    journal.ended(ended);
  }
}

void after_training(db::Tx& tx, const Job& training, const monitor::Definition& detector, Journal& journal,
                    core::Timestamp now) {
  if (training.state != JobState::succeeded && usable_models(tx, detector).empty())
    end_waiting(tx, training, journal, now);
  monitor::hasten_jobs(tx, training.subject, JobKind::evaluate, now);
  monitor::hasten_jobs(tx, training.subject, JobKind::predict, now);
}

/// Training is asked for after an evaluation, not before: what came in is judged by a model that has not learnt it.
void after_evaluation(db::Tx& tx, const Job& evaluation, const monitor::Definition& detector, core::Timestamp now) {
  if (evaluation.state == JobState::cancelled) return;
  if (monitor::reason_to_train(detector, usable_models(tx, detector), now)) request_training(tx, evaluation, 0, now);
}

}  // namespace

std::vector<monitor::OnlineModel> usable_models(db::Tx& tx, const monitor::Definition& detector) {
  std::vector<monitor::OnlineModel> models = monitor::list_online_models(tx, detector.name);
  std::erase_if(models, [&](const monitor::OnlineModel& model) {
    return !monitor::find_metric_of(detector, model) || !registry::find_model_state(tx, model.name);
  });
  return models;
}

void retire(db::Tx& tx, const std::string& model, core::Timestamp now) {
  monitor::retire_model(tx, model, now);
  if (registry::find_model_state(tx, model)) registry::set_model_tags(tx, model, {{"online", "False"}});
}

std::vector<std::string> retire_unnamed(db::Tx& tx, const monitor::Definition& detector, core::Timestamp now) {
  std::vector<std::string> retired;
  for (const monitor::OnlineModel& model : monitor::list_online_models(tx, detector.name)) {
    if (monitor::find_metric_of(detector, model)) continue;
    retire(tx, model.name, now);
    retired.push_back(model.name);
  }
  return retired;
}

void request_training(db::Tx& tx, const Job& cause, std::int64_t fence, core::Timestamp now) {
  if (has_open_training(tx, cause.subject)) return;
  // Worked out, not drawn: a closure that runs again must come to the same.
  const std::string id = core::sha256_hex(fmt::format("{}|training|{}", cause.id, fence)).substr(0, 32);
  monitor::add_job(tx,
                   {.id = id,
                    .run_id = id,
                    .detector = cause.subject,
                    .kind = JobKind::train,
                    .asked_until = training_until(tx, cause),
                    .only_due = true},
                   now);
}

void settle(db::Tx& tx, const Job& job, Journal& journal, core::Timestamp now) {
  end_run(tx, job, now);
  if (!monitor::has_ended(job.state)) return;
  journal.ended(job);
  if (job.state == JobState::succeeded) monitor::mark_done(tx, job.subject, job.kind, now);
  const auto detector = monitor::find_detector(tx, job.subject);
  if (!detector) return;
  trim_runs(tx, job, detector->definition, now);
  if (job.kind == JobKind::train)
    after_training(tx, job, detector->definition, journal, now);
  else
    after_evaluation(tx, job, detector->definition, now);
}

Job end(db::Tx& tx, const Job& job, JobState state, std::string_view error, std::string_view result, Journal& journal,
        core::Timestamp now) {
  Job ended = monitor::end_job(tx, job, state, error, result, now);
  settle(tx, ended, journal, now);
  return ended;
}

Job finish(db::Tx& tx, const monitor::Finish& finish, core::Timestamp now) {
  Journal journal;
  Job job = end(tx, monitor::hold_job(tx, finish.holder), JobState::succeeded, "", finish.result, journal, now);
  journal.write(tx, now);
  return job;
}

Job fail(db::Tx& tx, const monitor::Failure& failure, double chance, core::Timestamp now) {
  const Job held = monitor::hold_job(tx, failure.holder);
  Journal journal;
  Job job;
  if (failure.failure == monitor::FailureClass::transient && held.attempt < held.max_attempts) {
    job = monitor::put_back(tx, held, failure.message, now + monitor::backoff(held.attempt, chance), now);
    settle(tx, job, journal, now);
  } else {
    const bool waiting = failure.failure == monitor::FailureClass::waiting;
    job = end(tx, held, waiting ? JobState::skipped : JobState::failed, failure.message, "null", journal, now);
  }
  journal.write(tx, now);
  return job;
}

Job cancel(db::Tx& tx, std::string_view job_id, core::Timestamp now) {
  Journal journal;
  Job job = monitor::cancel_job(tx, job_id, now);
  settle(tx, job, journal, now);
  journal.write(tx, now);
  return job;
}

}  // namespace wakeful::control
