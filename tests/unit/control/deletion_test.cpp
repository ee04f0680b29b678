#include "control/deletion.hpp"

#include "control/upkeep.hpp"
#include "tracker/experiments.hpp"
#include "tracker/runs.hpp"
#include "unit/control/watched.hpp"

namespace wakeful::control {
namespace {

class Deletions : public Watched {};
WAKEFUL_ON_EVERY_DATABASE(Deletions);

TEST_P(Deletions, TakeAlongWhatHangsOnTheDetector) {
  apply();
  train(990);
  ask(JobKind::evaluate);
  const auto claim = take();
  advance_with(step(*claim, claim->models[0], 995, false));
  const auto gone = write([&](db::Tx& tx) { return delete_detector(tx, "d", now()); });
  EXPECT_EQ(gone, std::vector<std::string>{kOnline});
  EXPECT_EQ(refusal([](db::Tx& tx) { monitor::get_detector(tx, "d"); }), "not_found name");
  EXPECT_EQ(refusal([](db::Tx& tx) { registry::get_model(tx, kOnline); }), "not_found name");
  EXPECT_EQ(refusal([&](db::Tx& tx) { advance(tx, step(*claim, claim->models[0], 996), now()); }), "not_found id");
  EXPECT_EQ(read([](db::Tx& tx) { return registry::get_model_state(tx, kTrained).last_version; }), 1);
  EXPECT_EQ(read([&](db::Tx& tx) { return tracker::get_run_info(tx, tracker::RunId(claim->job.run_id)).status; }),
            tracker::RunStatus::killed);
  EXPECT_EQ(refusal([&](db::Tx& tx) { delete_detector(tx, "d", now()); }), "not_found name");
}

TEST_P(Deletions, LeaveNothingForANewDetectorOfThatName) {
  apply();
  train(990);
  ask(JobKind::evaluate);
  const auto old = take();
  advance_with(step(*old, old->models[0], 995, false));
  write([&](db::Tx& tx) { return delete_detector(tx, "d", now()); });
  apply();
  EXPECT_EQ(train(980).last_evaluation, minute(980));
  ask(JobKind::evaluate);
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_GT(claim->fence, old->fence);
  advance_with(step(*claim, claim->models[0], 995));
  EXPECT_EQ(scores(true).size(), 15U);
  EXPECT_EQ(anomalies(), 1U);
}

TEST_P(Deletions, DoNotPassForWhatANewDetectorOfThatNameDoes) {
  const auto play = [&] {
    apply();
    train(990);
    ask(JobKind::evaluate);
    const auto claim = take();
    return advance_with(step(*claim, claim->models[0], 995));
  };
  const auto old = play();
  write([&](db::Tx& tx) { return delete_detector(tx, "d", now()); });
  EXPECT_TRUE(read([](db::Tx& tx) { return monitor::list_evaluations(tx, {}).rows; }).empty());
  const auto again = play();  // before upkeep has cleared anything away
  EXPECT_EQ(again.evaluation.id, old.evaluation.id) << "the same model, version and interval";
  EXPECT_FALSE(again.repeated);
  EXPECT_EQ(online().last_evaluation, minute(995));
  EXPECT_EQ(scores().size(), 5U);
  Bell bell;
  while (keep_up(db(), now(), bell)) {
  }
  EXPECT_EQ(scores().size(), 5U);
  EXPECT_EQ(read([](db::Tx& tx) { return monitor::list_evaluations(tx, {}).rows.size(); }), 1U);
}

TEST_P(Deletions, AreClearedAwayByUpkeep) {
  apply();
  train(990);
  ask(JobKind::evaluate);
  const auto claim = take();
  advance_with(step(*claim, claim->models[0], 995));
  write([&](db::Tx& tx) { return delete_detector(tx, "d", now()); });
  Bell bell;
  int rounds = 0;
  while (keep_up(db(), now(), bell)) ASSERT_LT(++rounds, 20);
  const auto rows = [&](std::string_view table) {
    const std::string text = fmt::format("SELECT COUNT(*) FROM {}", table);
    return read([&](db::Tx& tx) {
      return tx.find(db::Sql("test.count", text), {}, [](const db::Row& row) { return row.integer(0); }).value();
    });
  };
  for (const std::string_view table : {"online_models", "evaluations", "scores", "anomalies", "score_tracks", "jobs"})
    EXPECT_EQ(rows(table), 0) << table;
}

TEST_P(Deletions, SpareWhatAClientOnlyTaggedAlike) {
  write([&](db::Tx& tx) { registry::create_model(tx, {.name = "own", .tags = {{"detector", "d"}}}, now()); });
  apply();
  write([&](db::Tx& tx) { return delete_detector(tx, "d", now()); });
  EXPECT_EQ(refusal([](db::Tx& tx) { registry::get_model(tx, "own"); }), "done");
}

TEST_P(Deletions, ScheduledJobsAreMadeByUpkeepWhereNobodyClaims) {
  monitor::Definition d = definition();
  d.schedule = monitor::Every{minutes(5)};
  apply(d);
  clock().set(minute(1'005));
  Bell bell;
  keep_up(db(), now(), bell);
  EXPECT_EQ(bell.rung(), 1U);
  EXPECT_EQ(read([](db::Tx& tx) { return monitor::list_jobs(tx, {}).rows.size(); }), 1U);
  keep_up(db(), now(), bell);
  EXPECT_EQ(bell.rung(), 1U);
}

// A server that is killed between a fit's file and its version leaves a run that nobody ends.
TEST_P(Deletions, FitsWhoseServerDiedAreEndedByUpkeep) {
  const auto experiment = write([&](db::Tx& tx) {
    return tracker::create_experiment(tx, {.name = std::string("series")},
                                      {.default_artifact_root = "mlflow-artifacts:/"}, now());
  });
  const auto begin = [&](const std::string& id, core::Timestamp at, const std::string& tag = std::string(kFitTag)) {
    write([&](db::Tx& tx) {
      return tracker::create_run(tx,
                                 {.experiment_id = std::to_string(experiment),
                                  .run_name = "fit s",
                                  .start_time_ms = core::to_ms(at),
                                  .tags = {{tag, "s"}}},
                                 tracker::RunId(id));
    });
  };
  const auto status = [&](const std::string& id) {
    return read([&](db::Tx& tx) { return tracker::get_run_info(tx, tracker::RunId(id)).status; });
  };
  begin("old", now() - minutes(11));
  begin("new", now() - minutes(9));
  begin("done", now() - minutes(11));
  begin("somebody's", now() - minutes(11), "other");
  write([&](db::Tx& tx) {
    return tracker::update_run(tx, {.run_id = tracker::RunId("done"), .status = tracker::RunStatus::finished});
  });
  EXPECT_EQ(end_abandoned_fits(db(), now()), 1);
  EXPECT_EQ(status("old"), tracker::RunStatus::killed);
  EXPECT_EQ(status("new"), tracker::RunStatus::running);
  EXPECT_EQ(status("done"), tracker::RunStatus::finished);
  EXPECT_EQ(status("somebody's"), tracker::RunStatus::running);
  EXPECT_EQ(end_abandoned_fits(db(), now()), 0);
}

}  // namespace
}  // namespace wakeful::control
