#pragma once
// What the API tests of all slices share: each scenario on each kind of store, an emptied store, its rows as text,
// time.
#include <algorithm>
#include <atomic>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/clock.hpp"
#include "support/database.hpp"
#include "support/scenario.hpp"

namespace wakeful::testing {

struct Case {
  Scenario scenario;
  std::string kind;
};
inline void PrintTo(const Case& c, std::ostream* out) { PrintTo(c.scenario, out); }

/// Every scenario on every kind of store: those of PostgreSQL where there is a server.
inline std::vector<Case> cases(const std::vector<Scenario>& scenarios) {
  std::vector<Case> all;
  for (const char* kind : {"sqlite_memory", "postgres", "postgres_locale"}) {
    if (!Store::is_available(kind)) continue;
    for (const Scenario& scenario : scenarios) all.push_back({scenario, kind});
  }
  return all;
}

/// For INSTANTIATE_TEST_SUITE_P.
inline std::string name_of(const ::testing::TestParamInfo<Case>& instance) {
  return name_of(instance.param.scenario) + "_on_" + instance.param.kind;
}

/// A store as the migrations leave it. PostgreSQL's is one schema, cleared, because a fresh one takes a tenth of a
/// second.
inline std::unique_ptr<db::Database> empty_store(const std::string& kind) {
  if (kind == "sqlite_memory") return open_test_database();
  shared_schema(kind).clear();
  return shared_schema(kind).store().open();
}

/// Every row of every table, in an order that does not depend on the store.
inline std::string fingerprint(db::Database& database) {
  constexpr db::Sql kTables{"test.tables",
                            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema() "
                            "AND tablename NOT LIKE 'seed\\_%'"};
  std::vector<std::string> rows;
  database.read([&](db::Tx& tx) {
    rows.clear();
    std::vector<std::string> tables;
    tx.query(kTables, {}, [&](const db::Row& row) { tables.emplace_back(row.text(0)); });
    for (const std::string& table : tables) {
      const std::string text = fmt::format("SELECT * FROM {}", table);
      tx.query(db::Sql("test.fingerprint", text), {}, [&](const db::Row& row) {
        std::string& line = rows.emplace_back(table);
        for (int i = 0; i < row.columns(); ++i) line += fmt::format(" {}", row.is_null(i) ? "null" : row.text(i));
      });
    }
  });
  std::sort(rows.begin(), rows.end());
  return fmt::format("{}", fmt::join(rows, "\n"));
}

/// Begins at 2023-11-14T22:13:20Z; each look at it is a millisecond later.
class TickingClock final : public core::Clock {
 public:
  core::Timestamp now() const override { return core::from_ms(1'700'000'000'000 + ticks_++); }

 private:
  mutable std::atomic<int> ticks_ = 0;
};

}  // namespace wakeful::testing
