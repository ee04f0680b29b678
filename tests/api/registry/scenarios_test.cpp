// The registry API, request by request: every scenario of this folder, on an empty store of every kind. Each write is a
// millisecond later than the one before.
//
// What the registry asks the tracker is answered as if there were run $RUN below mlflow-artifacts:/0, run $LOCAL below
// /srv/runs, run $S3 below s3://bucket, and the logged model m-1 of $RUN.
#include <memory>

#include <gtest/gtest.h>

#include "registry/api.hpp"
#include "registry/models.hpp"
#include "registry/versions.hpp"
#include "support/scenario_suite.hpp"

namespace wakeful::registry {
namespace {

using wakeful::testing::Case;
using wakeful::testing::Scenario;

const std::string kRun(32, 'a');
const std::string kLocalRun(32, 'b');
const std::string kS3Run(32, 'c');
constexpr core::Timestamp kStart = core::from_ms(1'700'000'000'000);

const std::vector<Scenario>& scenarios() {
  static const auto all = wakeful::testing::load_scenarios("tests/api/registry");
  return all;
}

std::optional<std::string> location_of_run(const std::string& run) {
  if (run == kRun) return "mlflow-artifacts:/0/" + run + "/artifacts";
  if (run == kLocalRun) return "/srv/runs/0/" + run + "/artifacts";
  if (run == kS3Run) return "s3://bucket/0/" + run + "/artifacts";
  return std::nullopt;
}

Settings settings() {
  Settings settings;
  settings.find_run_location = [](db::Tx&, const std::string& run) { return location_of_run(run); };
  settings.find_logged_model = [](db::Tx&, const std::string& id) -> std::optional<LoggedModelFacts> {
    if (id != "m-1") return std::nullopt;
    return LoggedModelFacts{.artifact_uri = "mlflow-artifacts:/0/models/m-1/artifacts", .source_run_id = kRun};
  };
  // Where the tracker would write its tag, a tag of the version tells that it was asked.
  settings.on_version_of_logged_model = [](db::Tx& tx, const std::string& id, const std::string& name,
                                           std::int64_t version) { update_version(tx, name, version, id, kStart); };
  return settings;
}

class Stage {
 public:
  explicit Stage(const std::string& kind) : store_(wakeful::testing::empty_store(kind)) {
    router_.add(routes(*store_, settings(), clock_));
    // What only a detector's training can make.
    store_->write([](db::Tx& tx) {
      create_model(tx, {.name = "watched"}, kStart, kDetector);
      create_version(tx, {.name = "watched", .source = "runs:/x/m", .tags = {{"last_evaluation_ts", "t1"}}}, kStart);
    });
  }
  http::Router& router() { return router_; }
  std::string fingerprint() { return wakeful::testing::fingerprint(*store_); }

 private:
  std::unique_ptr<db::Database> store_;
  wakeful::testing::TickingClock clock_;
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

class RegistryApi : public ::testing::TestWithParam<Case> {};

TEST_P(RegistryApi, Plays) {
  Stage stage(GetParam().kind);
  wakeful::testing::play(GetParam().scenario, {.router = &stage.router(),
                                               .fingerprint = [&] { return stage.fingerprint(); },
                                               .variables = {{"RUN", kRun}, {"LOCAL", kLocalRun}, {"S3", kS3Run}}});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, RegistryApi, ::testing::ValuesIn(wakeful::testing::cases(scenarios())),
                         [](const auto& instance) { return wakeful::testing::name_of(instance); });

TEST(RegistryRoutes, HaveAScenarioEach) {
  Stage stage("sqlite_memory");
  EXPECT_EQ(wakeful::testing::routes_without_scenario(stage.router().routes(), scenarios()),
            std::vector<std::string>());
}

}  // namespace
}  // namespace wakeful::registry
