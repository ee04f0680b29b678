// The runner's protocol and what else composes slices, request by request: every scenario of this folder, on an empty
// store of every kind, with the routes of the slices beside. Each look at the clock is a millisecond later; it begins
// at 2023-11-14T22:13:20Z.
//
// $D1 is a detector file of d1: one metric v of source s by the minute. $SHA is the digest of a file that holds
// "model".
#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <ostream>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "control/api.hpp"
#include "monitor/api.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/id.hpp"
#include "registry/api.hpp"
#include "support/scenario.hpp"
#include "support/tables.hpp"
#include "tracker/api.hpp"
#include "tracker/artifact_api.hpp"

namespace wakeful::control {
namespace {

using wakeful::testing::Scenario;
using wakeful::testing::Table;

constexpr std::array<Table, 32> kTables{{{"experiments"},
                                         {"experiment_tags"},
                                         {"runs"},
                                         {"params"},
                                         {"run_tags"},
                                         {"metric_names"},
                                         {"metric_points"},
                                         {"metric_series"},
                                         {"metric_marks"},
                                         {"registered_models"},
                                         {"registered_model_tags"},
                                         {"model_versions"},
                                         {"model_version_tags"},
                                         {"registered_model_aliases"},
                                         {"detectors"},
                                         {"detector_revisions"},
                                         {"jobs"},
                                         {"leases"},
                                         {"watched_queries"},
                                         {"online_models"},
                                         {"evaluations"},
                                         {"score_tracks"},
                                         {"scores"},
                                         {"anomalies"},
                                         {"sources"},
                                         {"source_columns"},
                                         {"channels"},
                                         {"series"},
                                         {"observations"},
                                         {"logged_models"},
                                         {"datasets"},
                                         {"events"}}};

constexpr std::string_view kDetector = R"({"name":"d1","time_spec":{"granularity":"1m"},)"
                                       R"("metrics":[{"name":"v","source":{"observations":"s"}}],)"
                                       R"("algorithms":{"ewma_residual":null}})";

const std::vector<Scenario>& scenarios() {
  static const auto all = wakeful::testing::load_scenarios("tests/api/control");
  return all;
}

class TickingClock final : public core::Clock {
 public:
  core::Timestamp now() const override { return core::from_ms(1'700'000'000'000 + ticks_++); }

 private:
  mutable std::atomic<int> ticks_ = 0;
};

struct Case {
  Scenario scenario;
  std::string kind;
};
void PrintTo(const Case& c, std::ostream* out) { wakeful::testing::PrintTo(c.scenario, out); }

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::string& kind : wakeful::testing::available_kinds()) {
    for (const Scenario& scenario : scenarios()) all.push_back({scenario, kind});
  }
  return all;
}

class Stage {
 public:
  explicit Stage(const std::string& kind)
      : database_(wakeful::testing::empty_store(kind, kTables)),
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
  /// Every row of every table, in an order that does not depend on the store.
  std::string fingerprint() {
    std::vector<std::string> rows;
    database_->read([&](db::Tx& tx) {
      for (const Table& table : kTables) {
        const std::string text = fmt::format("SELECT * FROM {}", table.name);
        tx.query(db::Sql("test.fingerprint", text), {}, [&](const db::Row& row) {
          std::string& line = rows.emplace_back(table.name);
          for (int i = 0; i < row.columns(); ++i) line += fmt::format(" {}", row.is_null(i) ? "null" : row.text(i));
        });
      }
    });
    std::sort(rows.begin(), rows.end());
    return fmt::format("{}", fmt::join(rows, "\n"));
  }

 private:
  std::shared_ptr<db::Database> database_;
  std::filesystem::path folder_;
  std::unique_ptr<artifacts::Store> files_;
  TickingClock clock_;
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

INSTANTIATE_TEST_SUITE_P(Scenarios, ControlApi, ::testing::ValuesIn(cases()), [](const auto& instance) {
  return wakeful::testing::name_of(instance.param.scenario) + "_on_" + instance.param.kind;
});

TEST(ControlRoutes, HaveAScenarioEach) {
  Stage stage("sqlite_memory");
  EXPECT_EQ(wakeful::testing::routes_without_scenario(stage.own_routes(), scenarios()), std::vector<std::string>());
}

}  // namespace
}  // namespace wakeful::control
