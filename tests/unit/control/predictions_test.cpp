// Predictions of intervals as jobs, and the models of groups, on every database.
#include <set>

#include "control/tick.hpp"
#include "unit/control/watched.hpp"

namespace wakeful::control {
namespace {

class Predictions : public Watched {
 protected:
  static monitor::Definition batch(monitor::Schedule schedule = monitor::Manual{}) {
    monitor::Definition d = definition();
    d.schedule = schedule;
    d.metrics[0].dimension_groupings = {"region"};
    d.algorithms = {{.label = "svm", .name = "one_class_svm"}};
    d.features = monitor::Features{};
    d.predict = monitor::Prediction{.connection = "w", .table = "out", .interval = minutes(10)};
    return d;
  }
  Job predict(std::int64_t from, std::int64_t until) {
    const std::string id = core::new_hex_id();
    return write([&](db::Tx& tx) {
      return request_run(tx, "d", {.kind = JobKind::predict, .until = minute(until), .from = minute(from)}, id, now());
    });
  }
  std::vector<Job> jobs(JobKind kind) {
    return read([&](db::Tx& tx) { return monitor::list_jobs(tx, {.kind = kind}).rows; });
  }
  std::int64_t tick_now() {
    return write([&](db::Tx& tx) { return tick(tx, now()); });
  }
  void train_groups(const std::vector<std::string>& groups) {
    ask(JobKind::train);
    const auto claim = take("trainer", {JobKind::train});
    ASSERT_TRUE(claim);
    register_all(of_groups(*claim, groups));
  }
  static monitor::Registration of_groups(const monitor::Claim& claim, const std::vector<std::string>& groups) {
    monitor::Registration r{.holder = claim.holder()};
    for (const std::string& group : groups)
      r.models.push_back(
          {.metric = "v", .group = {group}, .artifact = file(claim, group), .trained_until = minute(900)});
    return r;
  }
  std::set<std::string> on_watch() {
    std::set<std::string> names;
    for (const auto& model : read([&](db::Tx& tx) { return monitor::list_online_models(tx, "d"); }))
      names.insert(model.name);
    return names;
  }
};
WAKEFUL_ON_EVERY_DATABASE(Predictions);

TEST_P(Predictions, AreOfTheIntervalThatWasAskedFor) {
  apply(batch());
  ask(JobKind::train);
  register_all(registration(take("t").value(), minute(990)));
  const Job asked = predict(500, 560);
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->job.id, asked.id);
  EXPECT_EQ(claim->job.kind, JobKind::predict);
  EXPECT_EQ(claim->job.interval.from, minute(500));
  EXPECT_EQ(claim->job.interval.until, minute(560));
  EXPECT_EQ(claim->models.size(), 1U);
  const Job done = write([&](db::Tx& tx) { return finish(tx, {claim->holder(), R"({"rows":1})"}, now()); });
  EXPECT_EQ(done.state, JobState::succeeded);
  EXPECT_EQ(online("d__v__region_online").last_evaluation, minute(990));  // no mark moves
}

TEST_P(Predictions, ThatAreAskedForTwiceAreOneJobAndOtherIntervalsOthers) {
  apply(batch());
  const Job first = predict(500, 560);
  EXPECT_EQ(predict(500, 560).id, first.id);
  EXPECT_NE(predict(510, 560).id, first.id);
  EXPECT_NE(predict(500, 550).id, first.id);
  EXPECT_EQ(jobs(JobKind::predict).size(), 3U);
}

TEST_P(Predictions, ThatComeBackFromAFailureKeepTheirInterval) {
  apply(batch());
  ask(JobKind::train);
  register_all(registration(take("t").value(), minute(990)));
  const Job asked = predict(500, 560);
  const Job other = predict(510, 560);
  auto claim = take();
  ASSERT_TRUE(claim);
  write([&](db::Tx& tx) { return fail(tx, {claim->holder(), monitor::FailureClass::transient, "away"}, 0.5, now()); });
  clock().advance(minutes(10));
  std::set<std::string> seen;
  for (int i = 0; i < 2; ++i) {
    claim = take();
    ASSERT_TRUE(claim);
    seen.insert(claim->job.id);
    EXPECT_EQ(claim->job.interval.from, claim->job.id == asked.id ? minute(500) : minute(510));
    write([&](db::Tx& tx) { return finish(tx, {claim->holder(), "{}"}, now()); });
  }
  EXPECT_EQ(seen, (std::set<std::string>{asked.id, other.id}));
}

TEST_P(Predictions, OfAScheduleAreOneForEachIntervalThatWasMissed) {
  apply(batch(monitor::Every{minutes(10)}));
  clock().advance(minutes(10));
  EXPECT_EQ(tick_now(), 2);  // an evaluation, and the last interval
  clock().advance(minutes(35));
  EXPECT_EQ(tick_now(), 3);  // the evaluation waits still
  std::set<std::pair<core::Timestamp, core::Timestamp>> intervals;
  for (const Job& job : jobs(JobKind::predict)) intervals.emplace(*job.interval.from, *job.interval.until);
  const std::set<std::pair<core::Timestamp, core::Timestamp>> expected{{minute(1'000), minute(1'010)},
                                                                       {minute(1'010), minute(1'020)},
                                                                       {minute(1'020), minute(1'030)},
                                                                       {minute(1'030), minute(1'040)}};
  EXPECT_EQ(intervals, expected);
  EXPECT_EQ(tick_now(), 0);
}

TEST_P(Predictions, OfAScheduleBeginWithTheFirstTickThoughNobodyWasThere) {
  apply(batch(monitor::Every{minutes(10)}));
  clock().advance(minutes(35));
  EXPECT_EQ(tick_now(), 1 + 3);
  core::Timestamp first = minute(9'999);
  for (const Job& job : jobs(JobKind::predict)) first = std::min(first, *job.interval.from);
  EXPECT_EQ(first, minute(1'000));
}

TEST_P(Predictions, OfALongAbsenceAreTheNewestHundred) {
  apply(batch(monitor::Every{minutes(10)}));
  clock().advance(minutes(10));
  tick_now();
  clock().advance(minutes(10 * 500));
  tick_now();
  const auto found = read([&](db::Tx& tx) {
    return monitor::list_jobs(tx, {.kind = JobKind::predict, .page = {.max_results = 1'000}}).rows;
  });
  EXPECT_EQ(found.size(), 101U);
  core::Timestamp newest{};
  for (const Job& job : found) newest = std::max(newest, *job.interval.until);
  EXPECT_EQ(newest, minute(1'000 + 10 + 10 * 500));
}

TEST_P(Predictions, WaitForATrainingThatEndsBeforeWhatTheyJudge) {
  apply(batch());
  const Job asked = predict(500, 560);
  const auto training = take();
  ASSERT_TRUE(training);
  EXPECT_EQ(training->job.kind, JobKind::train);
  EXPECT_EQ(training->job.interval.until, minute(500));
  register_all(registration(*training, minute(499)));
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->job.id, asked.id);
}

TEST_P(Predictions, EndWithTheTrainingThatTheyWaitedForIfItFails) {
  apply(batch());
  const Job asked = predict(500, 560);
  const auto training = take();
  ASSERT_TRUE(training);
  write([&](db::Tx& tx) {
    return fail(tx, {training->holder(), monitor::FailureClass::permanent, "no such table"}, 0.5, now());
  });
  EXPECT_EQ(job(asked.id).state, JobState::failed);
  EXPECT_NE(job(asked.id).error.find("no such table"), std::string::npos);
}

TEST_P(Predictions, NeedAFileThatSaysWhereTheyGo) {
  apply();
  EXPECT_EQ(refusal([&](db::Tx& tx) {
              request_run(tx, "d", {.kind = JobKind::predict, .until = minute(9), .from = minute(8)}, "x", now());
            }),
            "invalid kind");
  EXPECT_EQ(refusal([&](db::Tx& tx) {
              request_run(tx, "d", {.kind = JobKind::train, .until = minute(9), .from = minute(8)}, "x", now());
            }),
            "invalid from");
}

TEST_P(Predictions, ByGroupsHaveAModelOnWatchForEach) {
  monitor::Definition d = batch();
  d.model_per_group = true;
  apply(d);
  train_groups({"eu", "us"});
  EXPECT_EQ(on_watch(), (std::set<std::string>{"d__v__eu_online", "d__v__us_online"}));
  EXPECT_EQ(model_tag("d__v__eu_online", "online"), "True");
  EXPECT_NE(tag("d__v__eu_online", 1, "query").find(R"("group":["eu"])"), std::string::npos);
  EXPECT_EQ(model_tag("d__v__eu", "detector"), "d");
  predict(500, 560);
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->models.size(), 2U);
  write([&](db::Tx& tx) { return finish(tx, {claim->holder(), "{}"}, now()); });
  EXPECT_TRUE(jobs(JobKind::train).size() == 1U) << "nothing is due";
}

TEST_P(Predictions, OfAGroupThatIsGoneEndWithTheNextTraining) {
  monitor::Definition d = batch();
  d.model_per_group = true;
  apply(d);
  train_groups({"eu", "us"});
  train_groups({"us", "apac"});
  EXPECT_EQ(on_watch(), (std::set<std::string>{"d__v__apac_online", "d__v__us_online"}));
  EXPECT_EQ(model_tag("d__v__eu_online", "online"), "False");
}

TEST_P(Predictions, RefuseModelsOfGroupsThatTheFileDoesNotAskFor) {
  apply(batch());
  ask(JobKind::train);
  const auto claim = take();
  ASSERT_TRUE(claim);
  EXPECT_EQ(refusal([&](db::Tx& tx) { register_models(tx, of_groups(*claim, {"eu"}), now()); }),
            "invalid models[0].group");
}

}  // namespace
}  // namespace wakeful::control
