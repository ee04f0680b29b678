// The tracking API, request by request: every scenario of this folder, on a fresh store.
#include <array>
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/db/open.hpp"
#include "support/scenario.hpp"
#include "tracker/api.hpp"

namespace wakeful::tracker {
namespace {

constexpr std::string_view kFolder = "tests/api/tracker";

const std::vector<wakeful::testing::Scenario>& scenarios() {
  static const auto all = wakeful::testing::load_scenarios(std::string(kFolder));
  return all;
}

/// Every row of every table, in an order that does not depend on the store.
std::string fingerprint(db::Database& database) {
  constexpr std::array<std::pair<std::string_view, int>, 17> kTables{{
      {"experiments", 6},
      {"experiment_tags", 3},
      {"runs", 11},
      {"params", 3},
      {"run_tags", 3},
      {"metric_names", 2},
      {"metric_points", 6},
      {"metric_series", 8},
      {"metric_marks", 7},
      {"datasets", 8},
      {"run_datasets", 3},
      {"run_dataset_tags", 4},
      {"run_models", 4},
      {"logged_models", 10},
      {"logged_model_params", 3},
      {"logged_model_tags", 3},
      {"logged_model_metrics", 9},
  }};
  std::string all;
  database.read([&](db::Tx& tx) {
    all.clear();
    for (const auto& [table, columns] : kTables) {
      std::string order = "1";
      for (int i = 2; i <= columns; ++i) order += fmt::format(", {}", i);
      const std::string text = fmt::format("SELECT * FROM {} ORDER BY {}", table, order);
      tx.query(db::Sql("test.fingerprint", text), {}, [&](const db::Row& row) {
        all += fmt::format("\n{}", table);
        for (int i = 0; i < row.columns(); ++i) all += fmt::format(" {}", row.is_null(i) ? "null" : row.text(i));
      });
    }
  });
  return all;
}

class TrackerApi : public ::testing::TestWithParam<wakeful::testing::Scenario> {
 protected:
  TrackerApi() {
    db::upgrade(*database_);
    router_.add(routes(*database_, {}, clock_));
  }

  std::unique_ptr<db::Database> database_ = db::open("sqlite://");
  core::ManualClock clock_{core::from_ms(1'700'000'000'000)};
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

TEST_P(TrackerApi, Plays) {
  wakeful::testing::play(GetParam(), {.router = &router_, .fingerprint = [&] { return fingerprint(*database_); }});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, TrackerApi, ::testing::ValuesIn(scenarios()),
                         [](const auto& instance) { return wakeful::testing::name_of(instance.param); });

using TrackerRoutes = TrackerApi;
TEST_F(TrackerRoutes, EachHasAScenario) {
  EXPECT_EQ(wakeful::testing::routes_without_scenario(router_.routes(), scenarios()), std::vector<std::string>());
}

}  // namespace
}  // namespace wakeful::tracker
