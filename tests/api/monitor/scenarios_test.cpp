// The watch's API, request by request: every scenario of this folder, on a fresh store of every kind. Those of
// history.scenario find a detector "watched" that was trained and evaluated, because no request of this slice does it.
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "monitor/api.hpp"
#include "monitor/detectors.hpp"
#include "monitor/evaluations.hpp"
#include "monitor/jobs.hpp"
#include "monitor/observations.hpp"
#include "monitor/wire/names.hpp"
#include "monitor/wire/yaml.hpp"
#include "support/scenario_suite.hpp"

namespace wakeful::monitor {
namespace {

using std::chrono::minutes;
using wakeful::testing::Case;
using wakeful::testing::Scenario;

// 2023-11-14T22:13:20Z; minute(0) is 22:00.
constexpr core::Timestamp kNow = core::from_ms(1'700'000'000'000);
core::Timestamp minute(int n) { return core::from_ms(1'699'999'200'000) + minutes(n); }

const std::vector<Scenario>& scenarios() {
  static const auto all = wakeful::testing::load_scenarios("tests/api/monitor");
  return all;
}

Definition watched() {
  const auto documents = parse_yaml(R"(
name: watched
schedule: {every: 5m}
time_spec: {granularity: 1m}
metrics:
  - {name: v, source: {observations: src}, dimension_groupings: [region]}
algorithms: {univariate_baseline: {}}
)");
  return read_definition(core::ObjectReader(documents.front().root()));
}

Score score(int at, const std::string& entity, double value, bool anomalous = false) {
  return {.timestamp = minute(at),
          .entity = entity,
          .algorithm = "univariate_baseline",
          .value = value,
          .expected = 1.0,
          .lower = 0.5,
          .upper = 1.5,
          .score = anomalous ? 2.5 : 0.1,
          .is_anomaly = anomalous};
}

void evaluate(db::Tx& tx, const Job& job, int from, int to, const std::vector<Score>& scores,
              const std::vector<Score>& late) {
  const KeptModel kept = get_online_model(tx, "watched__v__region_online");
  const Evaluation evaluation{.id = evaluation_id(kept.model.name, kept.model.version, minute(from), minute(to)),
                              .from_version = kept.model.version,
                              .model_version = kept.model.version + 1,
                              .from = minute(from),
                              .to = minute(to),
                              .rows = static_cast<std::int64_t>(scores.size()),
                              .run_id = job.run_id,
                              .job_id = job.id,
                              .created = kNow};
  add_evaluation(tx, kept, evaluation, scores, late, 1);
  step_model(tx, {.name = kept.model.name,
                  .row_version = kept.model.row_version,
                  .from = minute(from),
                  .to = minute(to),
                  .version = kept.model.version + 1,
                  .artifact = {.uri = "mlflow-artifacts:/x"},
                  .fence = 1});
}

void seed(db::Tx& tx) {
  const Definition definition = watched();
  apply_detector(tx, definition, kNow);
  put_on_watch(tx,
               {.name = online_model_name(definition, definition.metrics[0]),
                .detector = "watched",
                .deployment_mode = "prod",
                .metric = definition.metrics[0],
                .granularity = minutes(1),
                .digest = model_digest(definition, definition.metrics[0]),
                .version = 1,
                .last_evaluation = minute(0),
                .artifact_uri = "mlflow-artifacts:/x",
                .trained = kNow},
               1);
  add_job(tx, {.id = "job1", .run_id = "run1", .detector = "watched", .tick = minute(5)}, kNow);
  std::vector<Job> exhausted;
  const auto claimed = claim_job(tx, {.owner = "runner", .lease = minutes(1)}, kNow, exhausted);
  set_interval(tx, "job1", {.from = minute(1), .until = minute(6)});
  evaluate(tx, claimed->job, 0, 3, {score(1, "eu", 1), score(1, "us", 7, true), score(2, "eu", 1), score(3, "us", 1)},
           {});
  Score anomaly = score(4, "eu", 9.25, true);
  anomaly.metadata = R"({"channels":{"cpu":{"contribution":2.0,"lower":null}},"channel_count":3})";
  evaluate(tx, claimed->job, 3, 5, {anomaly}, {score(2, "eu", 8, true), score(1, "us", 1)});
  end_job(tx, hold_job(tx, {"job1", claimed->fence}), JobState::succeeded, "", R"({"rows":5})", kNow);
  add_job(tx, {.id = "job2", .run_id = "run2", .detector = "watched", .kind = JobKind::train}, kNow + minutes(1));
}

class Stage {
 public:
  explicit Stage(const std::string& kind) : database_(wakeful::testing::empty_store(kind)) {
    router_.add(routes(*database_, clock_));
  }
  db::Database& database() { return *database_; }
  http::Router& router() { return router_; }

 private:
  std::unique_ptr<db::Database> database_;
  core::ManualClock clock_{kNow};
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

class MonitorApi : public ::testing::TestWithParam<Case> {};

TEST_P(MonitorApi, Plays) {
  Stage stage(GetParam().kind);
  if (GetParam().scenario.file == "history.scenario") stage.database().write([](db::Tx& tx) { seed(tx); });
  wakeful::testing::play(GetParam().scenario,
                         {.router = &stage.router(),
                          .fingerprint = [&] { return wakeful::testing::fingerprint(stage.database()); },
                          .variables = {{"NL", "\n"}, {"NUL", std::string(1, '\0')}}});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, MonitorApi, ::testing::ValuesIn(wakeful::testing::cases(scenarios())),
                         [](const auto& instance) { return wakeful::testing::name_of(instance); });

TEST(MonitorIngest, APushBeyondOneTransactionIsStoredWhole) {
  Stage stage("sqlite_memory");
  const std::string before = wakeful::testing::fingerprint(stage.database());
  constexpr int kRows = 120'000;
  std::string body = "ts,v,host\n";
  for (int i = 0; i < kRows; ++i) body += fmt::format("{},{},h{}\n", 1'000 + i / 3, i, i % 3);
  const auto push = [&](const std::string& text) {
    http::Request request;
    request.method = "POST";
    request.target = "/api/v1/ingest/s?ts_unit=s";
    request.headers.add("Content-Type", "text/csv");
    request.body = std::make_unique<http::TextBody>(text);
    return stage.router().handle(std::move(request)).read_all();
  };
  // The last row is bad, in what would be the third transaction.
  EXPECT_NE(push(body + "soon,1,h0\n").find(R"("field":"[120000].ts")"), std::string::npos);
  EXPECT_EQ(wakeful::testing::fingerprint(stage.database()), before);
  EXPECT_EQ(push(body), R"({"accepted":120000,"duplicates":0,"replaced":0,"late":0,"rejected_rows":0,"rejected":[]})");
  EXPECT_EQ(push(body), R"({"accepted":0,"duplicates":120000,"replaced":0,"late":0,"rejected_rows":0,"rejected":[]})");
  EXPECT_EQ(stage.database().read([](db::Tx& tx) { return get_source(tx, "s", kNow).rows; }), kRows);
}

TEST(MonitorRoutes, HaveAScenarioEach) {
  Stage stage("sqlite_memory");
  EXPECT_EQ(wakeful::testing::routes_without_scenario(stage.router().routes(), scenarios()),
            std::vector<std::string>());
}

}  // namespace
}  // namespace wakeful::monitor
