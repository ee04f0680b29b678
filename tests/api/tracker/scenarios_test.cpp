// The tracking API, request by request: every scenario of this folder, on a fresh store, on SQLite in memory and, where
// WAKEFUL_TEST_POSTGRES names one, on PostgreSQL.
#include <array>
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/db/open.hpp"
#include "support/scenario.hpp"
#include "tracker/api.hpp"

namespace wakeful::tracker {
namespace {

using wakeful::testing::Scenario;

const std::vector<Scenario>& scenarios() {
  static const auto all = wakeful::testing::load_scenarios("tests/api/tracker");
  return all;
}

struct Table {
  std::string_view name;
  int columns;
};
constexpr std::array<Table, 17> kTables{{
    {"experiments", 6},
    {"experiment_tags", 3},
    {"runs", 12},
    {"params", 5},
    {"run_tags", 5},
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

/// Every row of every table, in an order that does not depend on the store.
std::string fingerprint(db::Database& database) {
  return database.read([&](db::Tx& tx) {
    std::string all;
    for (const Table& table : kTables) {
      std::string order = "1";
      for (int i = 2; i <= table.columns; ++i) order += fmt::format(", {}", i);
      const std::string text = fmt::format("SELECT * FROM {} ORDER BY {}", table.name, order);
      tx.query(db::Sql("test.fingerprint", text), {}, [&](const db::Row& row) {
        all += fmt::format("\n{}", table.name);
        for (int i = 0; i < row.columns(); ++i) all += fmt::format(" {}", row.is_null(i) ? "null" : row.text(i));
      });
    }
    return all;
  });
}

/// PostgreSQL's store is made once and emptied before each scenario: a fresh database takes it most of a second.
db::Database& emptied_postgres(const char* uri) {
  static const auto store = [&] {
    auto opened = db::open(uri);
    db::upgrade(*opened);
    return opened;
  }();
  std::string names;
  for (const Table& table : kTables) names += fmt::format("{}{}", names.empty() ? "" : ", ", table.name);
  const std::string text = fmt::format("TRUNCATE {} RESTART IDENTITY CASCADE", names);
  store->write([&](db::Tx& tx) { tx.execute(db::Sql("test.empty", text)); });
  return *store;
}

struct Case {
  Scenario scenario;
  bool on_postgres = false;
};
void PrintTo(const Case& c, std::ostream* out) { wakeful::testing::PrintTo(c.scenario, out); }

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Scenario& scenario : scenarios()) all.push_back({scenario});
  if (std::getenv("WAKEFUL_TEST_POSTGRES") == nullptr) return all;
  for (const Scenario& scenario : scenarios()) all.push_back({scenario, true});
  return all;
}

class Stage {
 public:
  explicit Stage(bool on_postgres) {
    if (!on_postgres) own_ = db::open("sqlite://");
    if (own_) db::upgrade(*own_);
    store_ = on_postgres ? &emptied_postgres(std::getenv("WAKEFUL_TEST_POSTGRES")) : own_.get();
    router_.add(routes(*store_, {}, clock_));
  }
  http::Router& router() { return router_; }
  std::string fingerprint() { return tracker::fingerprint(*store_); }

 private:
  std::unique_ptr<db::Database> own_;
  db::Database* store_ = nullptr;
  core::ManualClock clock_{core::from_ms(1'700'000'000'000)};
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

class TrackerApi : public ::testing::TestWithParam<Case> {};

TEST_P(TrackerApi, Plays) {
  Stage stage(GetParam().on_postgres);
  wakeful::testing::play(GetParam().scenario,
                         {.router = &stage.router(), .fingerprint = [&] { return stage.fingerprint(); }});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, TrackerApi, ::testing::ValuesIn(cases()), [](const auto& instance) {
  return wakeful::testing::name_of(instance.param.scenario) + (instance.param.on_postgres ? "OnPostgres" : "");
});

TEST(TrackerRoutes, HaveAScenarioEach) {
  Stage stage(false);
  EXPECT_EQ(wakeful::testing::routes_without_scenario(stage.router().routes(), scenarios()),
            std::vector<std::string>());
}

}  // namespace
}  // namespace wakeful::tracker
