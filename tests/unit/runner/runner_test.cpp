// A runner and a whole server: what is trained, evaluated and committed.
#include "detectors/catalog.hpp"
#include "platform/http/client.hpp"
#include "platform/http/server.hpp"
#include "runner/grid.hpp"
#include "runner/scoring.hpp"
#include "unit/runner/runner_fixture.hpp"

namespace wakeful::runner {
namespace {

TEST_F(RunnerTest, TrainsWhatItFindsAndPutsItOnWatch) {
  push(0, kAll);
  apply("d");
  const Job job = run("d", JobKind::train, kTrained);
  ASSERT_EQ(job.state, JobState::succeeded) << job.error;
  const monitor::OnlineModel online = model("d");
  EXPECT_EQ(online.name, model_of("d"));
  EXPECT_EQ(online.last_evaluation, bucket(kTrained - 1)) << "the last bucket of the training data";
  const tracker::Run trained = client::get_run(server_, tracker::RunId(job.run_id));
  const auto metric = [&](const std::string& key) {
    const auto found = std::find_if(trained.metrics.begin(), trained.metrics.end(),
                                    [&](const tracker::Metric& m) { return m.key == key; });
    return found == trained.metrics.end() ? -1 : found->value;
  };
  EXPECT_EQ(metric("latency/training_rows"), kTrained);
  EXPECT_EQ(metric("latency/groups"), 2);
  EXPECT_FALSE(trained.params.empty());
}

TEST_F(RunnerTest, EvaluatesWhatIsNewAndMovesTheMark) {
  push(0, kAll);
  apply("d");
  train("d");
  const Job job = run("d", JobKind::evaluate, kAll);
  ASSERT_EQ(job.state, JobState::succeeded) << job.error;
  EXPECT_EQ(model("d").last_evaluation, bucket(kAll - 1));
  const auto anomalies = client::list_anomalies(server_, "d", {.from = bucket(250), .to = bucket(250)}).rows;
  const auto sees_spike = [](const monitor::Anomaly& a) {
    return a.score.algorithm == "ar_ridge" && a.score.entity == "us";
  };
  EXPECT_EQ(std::count_if(anomalies.begin(), anomalies.end(), sees_spike), 1);
  const tracker::Run run = client::get_run(server_, tracker::RunId(job.run_id));
  ASSERT_EQ(run.metrics.size(), 2U);
  EXPECT_EQ(run.metrics[0].key, "latency/anomalies");
  EXPECT_EQ(run.metrics[0].value, client::list_anomalies(server_, "d").rows.size());
  EXPECT_EQ(run.metrics[1].key, "latency/rows");
  EXPECT_EQ(run.metrics[1].value, kAll - kTrained);
  for (const auto& score : scores("d")) {
    EXPECT_GE(score.timestamp, bucket(kTrained)) << "training data are not evaluated";
    EXPECT_FALSE(score.entity == "eu" && score.timestamp >= bucket(215) && score.timestamp < bucket(220));
  }
}

TEST_F(RunnerTest, FindsNothingToDoTwice) {
  push(0, kAll);
  apply("d");
  train("d");
  run("d", JobKind::evaluate, 240);
  const std::int64_t version = model("d").version;
  const Job again = run("d", JobKind::evaluate, 240);
  EXPECT_EQ(again.state, JobState::succeeded) << again.error;
  EXPECT_EQ(model("d").version, version);
  const Job earlier = run("d", JobKind::evaluate, 210);
  EXPECT_EQ(earlier.state, JobState::succeeded) << earlier.error;
  EXPECT_EQ(model("d").last_evaluation, bucket(239));
}

TEST_F(RunnerTest, LooksAtCompleteBucketsOnly) {
  push(0, kAll);
  apply("d");
  train("d");
  const Job job = client::run_detector(server_, "d", {.kind = JobKind::evaluate, .until = bucket(240) + 299s});
  Runner runner(stage_.transport(), stage_.telemetry(), {});
  while (runner.run_one()) {
  }
  EXPECT_EQ(model("d").last_evaluation, bucket(239));
}

TEST_F(RunnerTest, WaitsForDataThatAreNotThereYet) {
  apply("d");
  EXPECT_EQ(run("d", JobKind::train, kTrained).state, JobState::skipped) << "no observation at all";
  push(0, 3);
  EXPECT_EQ(run("d", JobKind::train, kTrained).state, JobState::skipped) << "too few";
  push(3, kAll);
  train("d");
  EXPECT_EQ(run("d", JobKind::evaluate, 1'000).state, JobState::succeeded);
  EXPECT_EQ(model("d").last_evaluation, bucket(kAll - 1)) << "the mark waits where the data end";
}

TEST_F(RunnerTest, LetsARetrainedModelCatchUpWithTheMark) {
  for (const char* fill : {"gap", "linear(6)"}) {
    const std::string name = std::string("d") + fill[0];
    const std::string reference = std::string("r") + fill[0];
    push(0, kAll);
    apply(name, fill);
    apply(reference, fill);
    train(name);
    run(name, JobKind::evaluate, 240);
    const std::int64_t version = model(name).version;
    const Job again = run(name, JobKind::train, 201);  // of one bucket more, so that it is another model
    ASSERT_EQ(again.state, JobState::succeeded) << again.error;
    ASSERT_EQ(run(reference, JobKind::train, 201).state, JobState::succeeded);
    EXPECT_GT(model(name).version, version);
    EXPECT_EQ(model(name).last_evaluation, bucket(239)) << "a training never moves the mark";
    run(name, JobKind::evaluate, kAll);
    run(reference, JobKind::evaluate, kAll);
    const auto tail = [&](const std::string& detector) {
      return client::list_scores(server_, model_of(detector), {.from = bucket(240), .to = bucket(kAll)}).rows;
    };
    auto left = tail(name);
    auto right = tail(reference);
    ASSERT_FALSE(left.empty());
    for (auto* scores : {&left, &right}) {
      for (auto& score : *scores) score.evaluation_id.clear();
    }
    expect_same(left, right);
  }
}

TEST_F(RunnerTest, NeverStandsAheadOfTheMarkWhateverItLearnt) {
  push(0, kAll);
  apply("d");
  train("d");
  run("d", JobKind::evaluate, 222);
  ASSERT_EQ(run("d", JobKind::train, 260).state, JobState::succeeded);
  EXPECT_EQ(model("d").last_evaluation, bucket(221));
  run("d", JobKind::evaluate, kAll);
  // The reference: the same training in one piece, which scores its own rows with the finished model.
  detectors::Frame frame({"eu", "us"});
  std::vector<double> row(2, std::nan(""));
  std::int64_t at = 0;
  const std::string lines = observations(0, 260);
  for (const std::string_view line : core::split(lines, '\n')) {
    if (line.empty()) continue;
    const auto json = core::parse_json(line);
    const core::ObjectReader object(json.root());
    const auto time = core::parse_rfc3339(object.text("ts"));
    for (; time >= bucket(at + 1); ++at) {
      frame.append(row);
      row.assign(2, std::nan(""));
    }
    row[object.text("region") == "us" ? 1 : 0] = object.real("latency");
  }
  frame.append(row);
  ASSERT_EQ(frame.rows(), 260U);
  const auto expected = detectors::make_detector("ar_ridge")->fit(frame);
  std::size_t compared = 0;
  for (const auto& score : scores("d")) {
    const auto i = static_cast<std::size_t>((score.timestamp - kStart) / kStep);
    if (score.algorithm != "ar_ridge" || i < 222 || i >= 260) continue;
    EXPECT_EQ(score.expected, expected.yhat[2 * i + (score.entity == "us" ? 1 : 0)]) << i << score.entity;
    ++compared;
  }
  EXPECT_EQ(compared, 2U * 38);
}

class Fills : public RunnerTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(Fills, GiveTheSameInStepsAsAtOnce) {
  apply("batch", GetParam());
  apply("steps", GetParam());
  push(0, kTrained + 1);
  train("batch");
  train("steps");
  core::Random random(7);
  for (std::int64_t done = kTrained + 1; done < kAll;) {
    const std::int64_t next = std::min<std::int64_t>(kAll, done + 1 + static_cast<std::int64_t>(random.below(9)));
    push(done, next);
    done = next;
    ASSERT_EQ(run("steps", JobKind::evaluate, done).state, JobState::succeeded);
  }
  ASSERT_EQ(run("batch", JobKind::evaluate, kAll).state, JobState::succeeded);
  EXPECT_EQ(model("batch").last_evaluation, model("steps").last_evaluation);
  EXPECT_GT(scores("batch").size(), 300U);
  expect_same(scores("batch"), scores("steps"));
}

INSTANTIATE_TEST_SUITE_P(EveryFill, Fills, ::testing::Values("gap", "zero", "hold(2)", "linear(6)"));

TEST_F(RunnerTest, GoesOnFromAPartWhenManyBucketsAreDue) {
  push(0, kAll);
  apply("d");
  train("d");
  // 2,500 empty buckets, then one with a value: the gap is part of the series.
  client::ingest(
      server_, "checkout",
      fmt::format("{{\"ts\":\"{}\",\"region\":\"eu\",\"latency\":100}}\n", core::format_rfc3339(bucket(2'800))));
  stage_.clock().set(bucket(3'000));
  ASSERT_EQ(run("d", JobKind::evaluate, 2'900).state, JobState::succeeded);
  EXPECT_EQ(model("d").last_evaluation, bucket(2'800));
}

TEST_F(RunnerTest, TakesFewerBucketsAtOnceWhereTheSourceHasManyRows) {
  push(0, kAll);
  apply("d");
  apply("reference");
  train("d");
  train("reference");
  run("reference", JobKind::evaluate, kAll);
  const Job job = ask("d", JobKind::evaluate, kAll);
  Runner runner(stage_.transport(), stage_.telemetry(), {.sources = {.max_rows = 30}});  // 15 buckets
  while (runner.run_one()) {
  }
  EXPECT_EQ(client::get_job(server_, job.id).state, JobState::succeeded) << client::get_job(server_, job.id).error;
  expect_same(scores("d"), scores("reference"));
}

/// A gap that no fill bridges, longer than what is looked at at once.
class Gaps : public RunnerTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(Gaps, ArePassedOverAsIfTheyHadComeBucketByBucket) {
  constexpr std::int64_t kAgain = 3'300;
  push(0, kAll);
  const std::string held(GetParam());
  apply("d", held);
  train("d");
  for (std::int64_t i = kAgain; i < kAgain + 20; ++i) {
    client::ingest(server_, "checkout",
                   fmt::format("{{\"ts\":\"{}\",\"region\":\"eu\",\"latency\":{}}}\n", core::format_rfc3339(bucket(i)),
                               100 + i % 7));
  }
  stage_.clock().set(bucket(4'000));
  const Job job = run("d", JobKind::evaluate, 3'900);
  ASSERT_EQ(job.state, JobState::succeeded) << job.error;
  EXPECT_EQ(model("d").last_evaluation, bucket(kAgain + 19));
  std::vector<monitor::Score> found = scores("d");
  std::erase_if(found, [](const auto& s) { return s.algorithm != "ar_ridge" || s.entity != "eu"; });
  // The reference: the row after row of it, from the model that was trained.
  ObservationCollector rows(100'000);
  const std::string lines = observations(0, kAll);
  for (const std::string_view line : core::split(lines, '\n')) {
    if (line.empty()) continue;
    const auto json = core::parse_json(line);
    const core::ObjectReader object(json.root());
    const std::string region = object.text("region");
    const std::vector<std::optional<std::string_view>> dims{region};
    rows.add(core::parse_rfc3339(object.text("ts")), dims, object.real("latency"));
  }
  const std::vector<std::optional<std::string_view>> eu{"eu"};
  for (std::int64_t i = kAgain; i < kAgain + 20; ++i) rows.add(bucket(i), eu, static_cast<double>(100 + i % 7));
  const bool is_hold = held.starts_with("hold");
  const monitor::Fill fill{.kind = is_hold ? monitor::Fill::Kind::hold : monitor::Fill::Kind::gap,
                           .most = is_hold ? 5 : 0};
  const Grid grid = make_grid(rows.take(ObservationCollector::Ties::as_added), {.fill = fill},
                              {.first = bucket(0), .last = bucket(kAgain + 19), .granularity = kStep});
  const detectors::Frame frame = frame_of(grid, {.name = "latency", .dimension_groupings = {"region"}});
  auto detector = detectors::make_detector("ar_ridge");
  detector->fit(frame.view().slice(0, kTrained));
  const auto expected = detector->update(frame.view().slice(kTrained, frame.rows()));
  std::size_t compared = 0;
  for (const auto& score : found) {
    const auto i = static_cast<std::size_t>((score.timestamp - kStart) / kStep) - kTrained;
    EXPECT_EQ(score.score.value_or(-1), std::isnan(expected.channel_score[2 * i]) ? -1 : expected.channel_score[2 * i])
        << core::format_rfc3339(score.timestamp);
    ++compared;
  }
  const std::size_t filled = is_hold ? 5 + 5 : 0;  // the silence of 215, and after 287
  EXPECT_EQ(compared, static_cast<std::size_t>(kAll - kTrained - 5 + 20) + filled);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutAHold, Gaps, ::testing::Values("gap", "hold(5)"));

TEST_F(RunnerTest, FailsForGoodWhenTheFileIsWrong) {
  push(0, kAll);
  std::string file = detector_file("d");
  const std::string from = R"({"observations":"checkout"})";
  file.replace(file.find(from), from.size(), R"({"csv":{"path":"/nowhere/at.csv"}})");
  client::apply_detector(server_, "d", file);
  const Job job = run("d", JobKind::train, kTrained);
  EXPECT_EQ(job.state, JobState::failed);
  EXPECT_EQ(job.attempt, 1);
  EXPECT_NE(job.error.find("/nowhere/at.csv"), std::string::npos) << job.error;
}

TEST_F(RunnerTest, IsToldToComeLaterWhenTooManyWait) {
  apply("d");
  const client::Server full([inner = stage_.transport()](http::Request request) {
    request.step_aside = [] { return nullptr; };
    return inner(std::move(request));
  });
  EXPECT_FALSE(client::claim(full, {.runner = "r", .kinds = {}}));
  const Job job = client::run_detector(full, "d", {.kind = JobKind::train, .wait = 50s});
  EXPECT_EQ(job.state, JobState::pending) << "answered at once";
  try {
    client::claim(full, {.runner = "r", .kinds = {}, .wait = 20s});
    ADD_FAILURE() << "it waited";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::exhausted);
  }
}

TEST_F(RunnerTest, WorksInItsOwnThreadsUntilItIsStopped) {
  push(0, kAll);
  apply("d");
  Runner runner(stage_.transport(), stage_.telemetry(), {});
  runner.start();
  const auto trained =
      client::run_detector(server_, "d", {.kind = JobKind::train, .until = bucket(kTrained), .wait = 30s});
  EXPECT_EQ(trained.state, JobState::succeeded) << trained.error;
  const auto evaluated =
      client::run_detector(server_, "d", {.kind = JobKind::evaluate, .until = bucket(kAll), .wait = 30s});
  EXPECT_EQ(evaluated.state, JobState::succeeded) << evaluated.error;
  runner.stop();
  runner.stop();
  const Job waiting = ask("d", JobKind::train, 250);
  EXPECT_EQ(client::get_job(server_, waiting.id).state, JobState::pending) << "nobody works any more";
}

TEST_F(RunnerTest, WorksOverTheNetworkAsItDoesInside) {
  push(0, kAll);
  apply("near");
  apply("far");
  train("near");
  ASSERT_EQ(run("near", JobKind::evaluate, kAll).state, JobState::succeeded);
  http::ServerOptions options;
  options.port = 0;
  http::Server sockets(stage_.transport(), stage_.telemetry(), options);
  sockets.start();
  const http::Transport network = http::connect(fmt::format("http://127.0.0.1:{}", sockets.port()));
  {
    Runner runner(network, stage_.telemetry(), {.name = "far"});
    ask("far", JobKind::train, kTrained);
    EXPECT_TRUE(runner.run_one());
    ask("far", JobKind::evaluate, kAll);
    EXPECT_TRUE(runner.run_one());
  }
  sockets.stop();
  expect_same(scores("far"), scores("near"));
  EXPECT_EQ(model("far").artifact_sha256, model("near").artifact_sha256) << "the same state, bit for bit";
}

}  // namespace
}  // namespace wakeful::runner
