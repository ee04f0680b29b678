// The tracking API, request by request: every scenario of this folder, on a fresh store of every kind.
#include <array>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/database.hpp"
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

/// PostgreSQL's stores are made once and emptied before each scenario: a fresh schema takes a tenth of a second.
db::Database& emptied_postgres(const std::string& kind) {
  struct Opened {
    explicit Opened(const std::string& of) : store(of), database(store.open()) { db::upgrade(*database); }
    wakeful::testing::Store store;
    std::unique_ptr<db::Database> database;
  };
  static std::map<std::string, std::unique_ptr<Opened>> opened;
  auto& one = opened[kind];
  if (!one) one = std::make_unique<Opened>(kind);
  std::string names;
  for (const Table& table : kTables) names += fmt::format("{}{}", names.empty() ? "" : ", ", table.name);
  const std::string text = fmt::format("TRUNCATE {} RESTART IDENTITY CASCADE", names);
  one->database->write([&](db::Tx& tx) { tx.execute(db::Sql("test.empty", text)); });
  return *one->database;
}

struct Case {
  Scenario scenario;
  std::string kind;
};
void PrintTo(const Case& c, std::ostream* out) { wakeful::testing::PrintTo(c.scenario, out); }

/// Those of PostgreSQL where there is a server.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* kind : {"sqlite_memory", "postgres", "postgres_locale"}) {
    if (!wakeful::testing::Store::is_available(kind)) continue;
    for (const Scenario& scenario : scenarios()) all.push_back({scenario, kind});
  }
  return all;
}

class Stage {
 public:
  explicit Stage(const std::string& kind) {
    if (kind == "sqlite_memory") own_ = wakeful::testing::open_test_database();
    store_ = own_ ? own_.get() : &emptied_postgres(kind);
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
  Stage stage(GetParam().kind);
  wakeful::testing::play(GetParam().scenario,
                         {.router = &stage.router(), .fingerprint = [&] { return stage.fingerprint(); }});
}

INSTANTIATE_TEST_SUITE_P(Scenarios, TrackerApi, ::testing::ValuesIn(cases()), [](const auto& instance) {
  return wakeful::testing::name_of(instance.param.scenario) + "_on_" + instance.param.kind;
});

TEST(TrackerRoutes, HaveAScenarioEach) {
  Stage stage("sqlite_memory");
  EXPECT_EQ(wakeful::testing::routes_without_scenario(stage.router().routes(), scenarios()),
            std::vector<std::string>());
}

}  // namespace
}  // namespace wakeful::tracker
