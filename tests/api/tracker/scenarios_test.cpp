// The tracking API, request by request: every scenario of this folder, on a fresh store of every kind.
#include <memory>

#include <gtest/gtest.h>

#include "support/scenario_suite.hpp"
#include "tracker/api.hpp"

namespace wakeful::tracker {
namespace {

using wakeful::testing::Case;
using wakeful::testing::Scenario;

const std::vector<Scenario>& scenarios() {
  static const auto all = wakeful::testing::load_scenarios("tests/api/tracker");
  return all;
}

class Stage {
 public:
  explicit Stage(const std::string& kind) : store_(wakeful::testing::empty_store(kind)) {
    router_.add(routes(*store_, {}, clock_));
  }
  http::Router& router() { return router_; }
  std::string fingerprint() { return wakeful::testing::fingerprint(*store_); }

 private:
  std::unique_ptr<db::Database> store_;
  core::ManualClock clock_{core::from_ms(1'700'000'000'000)};
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

class TrackerApi : public ::testing::TestWithParam<Case> {};

TEST_P(TrackerApi, Plays) {
  Stage stage(GetParam().kind);
  wakeful::testing::play(GetParam().scenario,
                         {.router = &stage.router(), .fingerprint = [&] { return stage.fingerprint(); }});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, TrackerApi, ::testing::ValuesIn(wakeful::testing::cases(scenarios())),
                         [](const auto& instance) { return wakeful::testing::name_of(instance); });

TEST(TrackerRoutes, HaveAScenarioEach) {
  Stage stage("sqlite_memory");
  EXPECT_EQ(wakeful::testing::routes_without_scenario(stage.router().routes(), scenarios()),
            std::vector<std::string>());
}

}  // namespace
}  // namespace wakeful::tracker
