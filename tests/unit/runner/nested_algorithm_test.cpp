// Algorithms that are told which transformers and which model to build on, through the whole job.
#include <gtest/gtest.h>

#include "unit/runner/runner_fixture.hpp"

namespace wakeful::runner {
namespace {

using NestedAlgorithmTest = RunnerTest;

std::string nested_file(const std::string& name) {
  return fmt::format(
      R"({{"name":"{}","schedule":"manual","time_spec":{{"granularity":"5m","end":"0s"}},)"
      R"("metrics":[{{"name":"latency","source":{{"observations":"checkout"}},"dimension_groupings":["region"]}}],)"
      R"("algorithms":{{"UnivariateModelAnomalyDetection":{{"direction":"up"}},)"
      R"("hourly":{{"cls":"anomaly.UnivariateModelAnomalyDetection","args":{{"transformers":["ResidualsTransformer"],)"
      R"("model":{{"MiniProphetForecaster":{{"daily_order":1,"changepoints":0}}}}}}}},"mini_prophet":{{}}}}}})",
      name);
}

TEST_F(NestedAlgorithmTest, ScoreOnePullOfManyWindowsAsManyPullsOfOne) {
  push(0, kAll);
  for (const char* name : {"once", "often"}) {
    client::apply_detector(server_, name, nested_file(name));
    train(name);
  }
  ASSERT_EQ(run("once", JobKind::evaluate, 260).state, JobState::succeeded);
  for (std::int64_t until = 201; until <= 260; until += until < 230 ? 1 : 10)
    ASSERT_EQ(run("often", JobKind::evaluate, until).state, JobState::succeeded);
  ASSERT_EQ(run("often", JobKind::evaluate, 260).state, JobState::succeeded);
  expect_same(scores("once"), scores("often"));
  std::size_t spikes = 0;
  for (const monitor::Score& score : scores("once")) {
    if (score.timestamp == bucket(250) && score.entity == "us" && score.algorithm == "hourly")
      spikes += score.is_anomaly ? 1U : 0U;
  }
  EXPECT_EQ(spikes, 1U);
}

TEST_F(NestedAlgorithmTest, LeaveOutAColumnWithTooFewValuesAndTrainTheOthers) {
  push(0, kAll);
  std::string lines;
  for (std::int64_t i = 190; i < 230; ++i) {
    if (i < 194 || i >= 200)
      lines += fmt::format("{{\"ts\":\"{}\",\"region\":\"new\",\"latency\":{}}}\n",
                           core::format_rfc3339(bucket(i) + 7s), i < 200 ? 1 : 5'000);
  }
  client::ingest(server_, "checkout", lines);
  client::apply_detector(server_, "regions", nested_file("regions"));
  train("regions");
  ASSERT_EQ(run("regions", JobKind::evaluate, 230).state, JobState::succeeded);
  std::size_t seen = 0;
  for (const monitor::Score& score : scores("regions")) {
    if (score.entity != "new") continue;
    ++seen;
    EXPECT_FALSE(score.is_anomaly) << shown(score);
  }
  EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace wakeful::runner
