// The runner's protocol and what else composes slices, request by request: every scenario of this folder, on an empty
// store of every kind, with the routes of the slices beside. Each look at the clock is a millisecond later; it begins
// at 2023-11-14T22:13:20Z.
//
// $D1 is a detector file of d1: one metric v of source s by the minute. $SHA is the digest of a file that holds
// "model".
#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "control/api.hpp"
#include "monitor/api.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/id.hpp"
#include "registry/api.hpp"
#include "support/scenario_suite.hpp"
#include "tracker/api.hpp"
#include "tracker/artifact_api.hpp"

namespace wakeful::control {
namespace {

using wakeful::testing::Case;
using wakeful::testing::Scenario;

constexpr std::string_view kDetector = R"({"name":"d1","time_spec":{"granularity":"1m"},)"
                                       R"("metrics":[{"name":"v","source":{"observations":"s"}}],)"
                                       R"("algorithms":{"ewma_residual":null}})";

const std::vector<Scenario>& scenarios() {
  static const auto all = wakeful::testing::load_scenarios("tests/api/control");
  return all;
}

class Stage {
 public:
  explicit Stage(const std::string& kind)
      : database_(wakeful::testing::empty_store(kind)),
        folder_(std::filesystem::temp_directory_path() / core::new_hex_id()),
        files_(artifacts::open_store(folder_.string())) {
    router_.add(tracker::routes(*database_, {}, clock_));
    router_.add(tracker::artifact_routes(*files_, {}, {}));
    router_.add(registry::routes(*database_, {}, clock_));
    router_.add(monitor::routes(*database_, clock_));
    router_.add(own_routes());
  }
  ~Stage() { std::filesystem::remove_all(folder_); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  std::vector<http::Route> own_routes() {
    return routes({.db = *database_, .files = {*files_, {}, {}}, .clock = clock_, .bell = bell_});
  }
  http::Router& router() { return router_; }
  std::string fingerprint() { return wakeful::testing::fingerprint(*database_); }

 private:
  std::unique_ptr<db::Database> database_;
  std::filesystem::path folder_;
  std::unique_ptr<artifacts::Store> files_;
  wakeful::testing::TickingClock clock_;
  Bell bell_;
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

class ControlApi : public ::testing::TestWithParam<Case> {};

TEST_P(ControlApi, Plays) {
  Stage stage(GetParam().kind);
  wakeful::testing::play(GetParam().scenario,
                         {.router = &stage.router(),
                          .fingerprint = [&] { return stage.fingerprint(); },
                          .variables = {{"D1", std::string(kDetector)}, {"SHA", core::sha256_hex("model")}}});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ControlApi, ::testing::ValuesIn(wakeful::testing::cases(scenarios())),
                         [](const auto& instance) { return wakeful::testing::name_of(instance); });

TEST(ControlRoutes, HaveAScenarioEach) {
  Stage stage("sqlite_memory");
  EXPECT_EQ(wakeful::testing::routes_without_scenario(stage.own_routes(), scenarios()), std::vector<std::string>());
}

}  // namespace
}  // namespace wakeful::control
