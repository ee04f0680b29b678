#include "control/tick.hpp"
#include "tracker/experiments.hpp"
#include "tracker/runs.hpp"
#include "unit/control/watched.hpp"

#include <atomic>
#include <thread>

namespace wakeful::control {
namespace {

class Claims : public Watched {
 protected:
  std::vector<Job> jobs(std::optional<JobState> state = std::nullopt) {
    return read([&](db::Tx& tx) { return monitor::list_jobs(tx, {.state = state}).rows; });
  }
  void every(core::Duration period) {
    monitor::Definition d = definition();
    d.schedule = monitor::Every{period};
    apply(d);
  }
};
WAKEFUL_ON_EVERY_DATABASE(Claims);

TEST_P(Claims, GiveTheDetectorItsIntervalAndARunThatRuns) {
  apply();
  const Job asked = ask(JobKind::train);
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->job.id, asked.id);
  EXPECT_EQ(claim->job.state, JobState::running);
  EXPECT_EQ(claim->fence, 1);
  EXPECT_EQ(claim->now, now());
  EXPECT_EQ(claim->detector.name, "d");
  EXPECT_EQ(claim->job.interval.until, minute(1'000));
  EXPECT_TRUE(claim->models.empty());
  const auto run = read([&](db::Tx& tx) { return tracker::get_run(tx, tracker::RunId(claim->job.run_id)); });
  EXPECT_EQ(run.info.status, tracker::RunStatus::running);
  EXPECT_EQ(run.info.run_name, "anomaly_detection_training_d:prod");
  EXPECT_EQ(run.info.artifact_uri, claim->artifact_root);
  EXPECT_EQ(run.info.experiment_id, claim->experiment_id);
  EXPECT_TRUE(claim->artifact_root.starts_with("mlflow-artifacts:/"));
  EXPECT_FALSE(take());
}

TEST_P(Claims, OneOfTwoThatRaceWins) {
  apply();
  ask(JobKind::train);
  std::atomic<int> winners = 0;
  std::vector<std::thread> racers;
  for (int i = 0; i < 4; ++i) {
    racers.emplace_back([&, i] {
      if (take(fmt::format("r{}", i))) ++winners;
    });
  }
  for (std::thread& racer : racers) racer.join();
  EXPECT_EQ(winners, 1);
}

TEST_P(Claims, TakeOverWhatWasLeftWithANewFenceAndTheSameRun) {
  apply();
  ask(JobKind::train);
  const auto first = take("r1");
  clock().advance(kLease + seconds(1));
  const auto second = take("r2");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->job.id, first->job.id);
  EXPECT_EQ(second->fence, first->fence + 1);
  EXPECT_EQ(second->artifact_root, first->artifact_root);
  EXPECT_EQ(refusal([&](db::Tx& tx) { register_models(tx, registration(*first, minute(10)), now()); }),
            "conflict fence LEASE_LOST");
  EXPECT_EQ(refusal([&](db::Tx& tx) { finish(tx, {first->holder()}, now()); }), "conflict fence LEASE_LOST");
}

TEST_P(Claims, OfOneJobLeaveItWhileAnAbandonedOneIsInItsWay) {
  apply();
  train(990);
  const Job left = ask(JobKind::evaluate);
  ASSERT_TRUE(take("dead"));
  const Job waiting = ask(JobKind::evaluate, minute(995));
  clock().advance(kLease + seconds(1));
  const auto only = [&](const std::string& id) {
    const monitor::ClaimRequest request{.runner = "r2", .lease = kLease, .kinds = {}, .wait = {}, .job = id};
    EXPECT_EQ(read([&](db::Tx& tx) { return may_claim(tx, request, now()); }), id == left.id);
    return write([&](db::Tx& tx) { return claim(tx, request, now()); });
  };
  EXPECT_FALSE(only(waiting.id));
  EXPECT_TRUE(only(left.id));
}

TEST_P(Claims, AnEvaluationWithoutAModelTrainsFirst) {
  apply();
  const Job evaluation = ask(JobKind::evaluate);
  const auto training = take();
  ASSERT_TRUE(training);
  EXPECT_EQ(training->job.kind, JobKind::train);
  EXPECT_EQ(job(evaluation.id).state, JobState::pending);
  EXPECT_EQ(job(evaluation.id).attempt, 0);
  EXPECT_FALSE(take());
  register_all(registration(*training, minute(990)));
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->job.id, evaluation.id);
  ASSERT_EQ(claim->models.size(), 1U);
  EXPECT_EQ(claim->models[0].name, kOnline);
  EXPECT_EQ(claim->models[0].last_evaluation, minute(990));
}

TEST_P(Claims, TheTrainingForAReplayIsAReplayToo) {
  apply();
  ask(JobKind::evaluate, minute(500));
  const auto training = take();
  ASSERT_TRUE(training);
  EXPECT_EQ(training->job.kind, JobKind::train);
  EXPECT_EQ(training->job.interval.until, minute(500));
}

TEST_P(Claims, AnEvaluationEndsWithTheTrainingThatItWaitedFor) {
  apply();
  const Job evaluation = ask(JobKind::evaluate);
  const auto training = take();
  write([&](db::Tx& tx) {
    return fail(tx, {training->holder(), monitor::FailureClass::waiting, "no data yet"}, 0.5, now());
  });
  EXPECT_EQ(job(training->job.id).state, JobState::skipped);
  EXPECT_EQ(job(evaluation.id).state, JobState::skipped);
  EXPECT_NE(job(evaluation.id).error.find("no data yet"), std::string::npos);
  EXPECT_FALSE(take());
  // The next one tries again.
  ask(JobKind::evaluate);
  EXPECT_EQ(take()->job.kind, JobKind::train);
}

TEST_P(Claims, AnOldModelIsEvaluatedFirstAndTrainedAgainThen) {
  monitor::Definition d = definition();
  d.time_spec.retrain = minutes(30);
  apply(d);
  train(990);
  clock().advance(minutes(31));
  ask(JobKind::evaluate);
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->job.kind, JobKind::evaluate);
  EXPECT_FALSE(take());
  advance_with(step(*claim, claim->models[0], 1'030));
  const auto training = take();
  ASSERT_TRUE(training);
  EXPECT_EQ(training->job.kind, JobKind::train);
  EXPECT_EQ(training->job.interval.until, minute(1'031));
}

TEST_P(Claims, ARetrainingLearnsNoFurtherThanWasEvaluated) {
  apply();
  train(500);
  ask(JobKind::train);
  EXPECT_EQ(take()->job.interval.until, minute(501));
  clock().advance(kLease + seconds(1));
  ask(JobKind::train, minute(800));
  EXPECT_EQ(take()->job.interval.until, minute(501));
  const std::string running = jobs(JobState::running).at(0).id;
  write([&](db::Tx& tx) { return cancel(tx, running, now()); });
  EXPECT_EQ(take()->job.interval.until, minute(800));
}

TEST_P(Claims, ALookAtThePastDoesNotTrainAsOfThePast) {
  monitor::Definition d = definition();
  d.time_spec.retrain = core::Duration{};
  apply(d);
  train(990);
  ask(JobKind::evaluate, minute(980));
  const auto claimed = take();
  ASSERT_TRUE(claimed);
  write([&](db::Tx& tx) { return finish(tx, {.holder = claimed->holder()}, now()); });
  const auto training = take("r", {JobKind::train});
  ASSERT_TRUE(training);
  EXPECT_EQ(training->job.interval.until, minute(991)) << "the end of the bucket at the mark";
}

TEST_P(Claims, AScheduleThatIsDueBecomesAJob) {
  every(minutes(5));
  train(990);
  EXPECT_FALSE(take());
  clock().set(minute(1'005));
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->job.scheduled, minute(1'005));
  EXPECT_EQ(claim->job.interval.until, minute(1'005));
  EXPECT_FALSE(take());
}

TEST_P(Claims, TicksThatNobodySawAreOneJob) {
  every(minutes(5));
  train(990);
  clock().set(minute(1'187));
  write([&](db::Tx& tx) { return tick(tx, now()); });
  const auto waiting = jobs(JobState::pending);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].scheduled, minute(1'185));
  // A job that waits covers the ticks that come meanwhile; one that runs does not.
  clock().set(minute(1'190));
  EXPECT_EQ(write([&](db::Tx& tx) { return tick(tx, now()); }), 0);
  ASSERT_TRUE(take());
  clock().set(minute(1'195));
  EXPECT_EQ(write([&](db::Tx& tx) { return tick(tx, now()); }), 1);
}

TEST_P(Claims, AScheduleThatCannotBeReadHereStopsNobodyElses) {
  monitor::Definition unreadable = definition();
  unreadable.schedule = monitor::Cron{"* * * * *", "Europe/Berlin"};
  apply(unreadable);
  monitor::Definition other = definition();
  other.name = "other";
  other.schedule = monitor::Every{minutes(5)};
  apply(other);
  write([](db::Tx& tx) {
    return tx.execute(db::Sql("test.forget_zone",
                              "UPDATE detectors SET definition = REPLACE(definition, 'Europe/Berlin', 'Mars/Olympus')"),
                      {});
  });
  clock().advance(minutes(6));
  take();
  EXPECT_EQ(read([](db::Tx& tx) { return monitor::list_jobs(tx, {.detector = "other"}).rows.size(); }), 2U)
      << "its evaluation, and the training that it waits for";
  EXPECT_EQ(read([](db::Tx& tx) { return monitor::list_jobs(tx, {.detector = "d"}).rows.size(); }), 0U);
  EXPECT_TRUE(read([&](db::Tx& tx) { return monitor::list_due(tx, now(), 10); }).empty());
}

TEST_P(Claims, TwoSchedulersMakeOneJob) {
  every(minutes(5));
  train(990);
  clock().set(minute(1'005));
  std::atomic<std::int64_t> made = 0;
  std::vector<std::thread> schedulers;
  for (int i = 0; i < 3; ++i)
    schedulers.emplace_back([&] { made += write([&](db::Tx& tx) { return tick(tx, now()); }); });
  for (std::thread& scheduler : schedulers) scheduler.join();
  EXPECT_EQ(made, 1);
}

TEST_P(Claims, AnIntervalThatCannotBeFailsItsJobAndNoOther) {
  monitor::Definition d = definition();
  d.schedule = monitor::Every{minutes(5)};
  apply(d);
  const Job asked = ask(JobKind::train);
  d.time_spec.start = monitor::Start(minute(2'000));
  apply(d);
  EXPECT_FALSE(take());
  EXPECT_EQ(job(asked.id).state, JobState::failed);
  EXPECT_NE(job(asked.id).error.find("training would begin"), std::string::npos);
}

TEST_P(Claims, WhatClientsDidToRunAndExperimentStopsNothing) {
  apply();
  ask(JobKind::train);
  const auto first = take();
  write([&](db::Tx& tx) {
    tracker::delete_run(tx, tracker::RunId(first->job.run_id), now());
    tracker::delete_experiment(tx, std::stoll(first->experiment_id), now());
  });
  clock().advance(kLease + seconds(1));
  const auto second = take();
  ASSERT_TRUE(second);
  const auto run = read([&](db::Tx& tx) { return tracker::get_run_info(tx, tracker::RunId(second->job.run_id)); });
  EXPECT_EQ(run.lifecycle, tracker::Lifecycle::active);
  register_all(registration(*second, minute(990)));
}

TEST_P(Claims, AModelWhoseRegisteredOneIsGoneIsTrainedAgain) {
  apply();
  train(990);
  write([&](db::Tx& tx) { registry::delete_model(tx, kOnline); });
  ask(JobKind::evaluate);
  const auto training = take();
  ASSERT_TRUE(training);
  EXPECT_EQ(training->job.kind, JobKind::train);
  const auto model = register_all(registration(*training, minute(995))).models.front();
  EXPECT_EQ(model.version, 1);
  EXPECT_EQ(model.last_evaluation, minute(990));
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_EQ(advance_with(step(*claim, claim->models[0], 999)).model.version, 2);
}

TEST_P(Claims, AskingAgainGivesTheSameJob) {
  apply();
  const Job first = ask(JobKind::evaluate);
  EXPECT_EQ(ask(JobKind::evaluate).id, first.id);
  EXPECT_NE(ask(JobKind::evaluate, minute(900)).id, first.id);
  EXPECT_NE(ask(JobKind::train).id, first.id);
  EXPECT_EQ(refusal([&](db::Tx& tx) { request_run(tx, "none", {}, "x", now()); }), "not_found name");
}

TEST_P(Claims, AskingPullsABackedOffJobForward) {
  apply();
  const Job asked = ask(JobKind::train);
  const auto claim = take();
  write([&](db::Tx& tx) {
    return fail(tx, {claim->holder(), monitor::FailureClass::transient, "source away"}, 0.5, now());
  });
  EXPECT_FALSE(take());
  EXPECT_EQ(ask(JobKind::train).id, asked.id);
  EXPECT_TRUE(take());
}

}  // namespace
}  // namespace wakeful::control
