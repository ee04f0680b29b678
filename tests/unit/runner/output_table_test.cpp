#include "runner/output_table.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "support/database.hpp"

namespace wakeful::runner {
namespace {

core::Timestamp hour(int n) { return core::parse_rfc3339("2026-01-05T00:00:00Z") + std::chrono::hours(n); }

class OutputTableTest : public testing::EveryDatabase {
 protected:
  bool migrated() const override { return false; }

  static monitor::Definition definition(const std::string& table, core::Duration step = std::chrono::hours(1)) {
    monitor::Definition d{.name = "d"};
    d.time_spec.granularity = step;
    d.metrics.push_back({.name = "users", .dimension_groupings = {"country"}});
    d.features = monitor::Features{};
    d.predict = monitor::Prediction{.connection = "w", .table = table, .interval = step};
    return d;
  }
  static PredictionRow row(int at, const std::string& country, double score) {
    return {.time = hour(at),
            .group = {country},
            .value = 1.5,
            .is_outlier = score > 1,
            .score = score,
            .model = "m",
            .model_version = 3,
            .algorithm = "svm"};
  }
  void replace(const monitor::Definition& d, int from, int until, const std::vector<PredictionRow>& rows,
               const std::string& run = "r") {
    const OutputTable table(d);
    db().write([&](db::Tx& tx) { table.replace(tx, {hour(from), hour(until)}, rows, run); });
  }
  std::vector<std::string> rows(const std::string& table) {
    const std::string text = "SELECT CAST(ts AS TEXT), country, users, prediction, score, model_version, run_id FROM " +
                             table + " ORDER BY ts, country";
    return db().read([&](db::Tx& tx) {
      return tx.list(db::Sql("test.rows", text), {}, [](const db::Row& row) {
        std::string line(row.text(0).substr(0, 10));
        for (int i = 1; i < row.columns(); ++i) line += "|" + std::string(row.text(i));
        return line;
      });
    });
  }
};
WAKEFUL_ON_EVERY_DATABASE(OutputTableTest);

TEST_P(OutputTableTest, PutsRowsInThePlaceOfThoseOfTheInterval) {
  const monitor::Definition d = definition("out");
  replace(d, 0, 48, {row(0, "de", 0.5), row(23, "de", 2.5), row(24, "fr", 0.25)});
  EXPECT_EQ(rows("out"),
            (std::vector<std::string>{"2026-01-05|de|1.5|correct|0.5|3|r", "2026-01-05|de|1.5|outlier|2.5|3|r",
                                      "2026-01-06|fr|1.5|correct|0.25|3|r"}));
  replace(d, 0, 24, {row(5, "it", 0.5)}, "s");
  EXPECT_EQ(rows("out"),
            (std::vector<std::string>{"2026-01-05|it|1.5|correct|0.5|3|s", "2026-01-06|fr|1.5|correct|0.25|3|r"}));
  replace(d, 0, 24, {});
  EXPECT_EQ(rows("out").size(), 1U);
}

TEST_P(OutputTableTest, LeavesRowsOfOtherDetectorsAlone) {
  monitor::Definition other = definition("out");
  other.name = "e";
  replace(definition("out"), 0, 24, {row(1, "de", 0.5)});
  replace(other, 0, 24, {row(1, "de", 0.5)}, "of e");
  replace(definition("out"), 0, 24, {});
  EXPECT_EQ(rows("out"), std::vector<std::string>{"2026-01-05|de|1.5|correct|0.5|3|of e"});
}

TEST_P(OutputTableTest, HoldsNoRowTwice) {
  EXPECT_ANY_THROW(replace(definition("out"), 0, 24, {row(1, "de", 0.5), row(1, "de", 0.75)}));
  replace(definition("out"), 0, 24, {row(1, "de", 0.5)});
  EXPECT_EQ(rows("out").size(), 1U);
}

TEST_P(OutputTableTest, SaysDaysAsDates) {
  replace(definition("out", std::chrono::hours(24)), 0, 24, {row(0, "de", 0.5)});
  const auto text = db().read([](db::Tx& tx) {
    return tx.list(db::Sql("test.ts", "SELECT CAST(ts AS TEXT) FROM out"), {},
                   [](const db::Row& row) { return std::string(row.text(0)); });
  });
  EXPECT_EQ(text, std::vector<std::string>{"2026-01-05"});
}

TEST_P(OutputTableTest, NamesTheColumnsThatATableOfSomebodysLacksAndLeavesItAlone) {
  db().write([](db::Tx& tx) {
    tx.execute(db::Sql("test.create", "CREATE TABLE out (ts TEXT, country TEXT, users TEXT, prediction TEXT)"));
    tx.execute(db::Sql("test.insert", "INSERT INTO out VALUES ('2026-01-05', 'de', '1', 'mine')"));
  });
  try {
    replace(definition("out"), 0, 24, {row(1, "de", 0.5)});
    FAIL() << "rows were written";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    EXPECT_EQ(e.field(), "predict.output.table");
    EXPECT_STREQ(
        e.what(),
        "the table is there, but without 'score', 'model', 'model_version', 'run_id', 'detector', 'algorithm': "
        "name another one, or add them");
  }
  const auto left = db().read([](db::Tx& tx) {
    return tx.list(db::Sql("test.left", "SELECT prediction FROM out"), {},
                   [](const db::Row& row) { return std::string(row.text(0)); });
  });
  EXPECT_EQ(left, std::vector<std::string>{"mine"});
}

TEST_P(OutputTableTest, TakesATableThatHasMoreColumns) {
  replace(definition("out"), 0, 24, {});
  db().write([](db::Tx& tx) { tx.execute(db::Sql("test.alter", "ALTER TABLE out ADD COLUMN remark TEXT")); });
  replace(definition("out"), 0, 24, {row(0, "de", 0.5)});
  EXPECT_EQ(rows("out").size(), 1U);
}

TEST_P(OutputTableTest, FindsATableThatIsNamedWithItsSchema) {
  std::string schema = "main";
  if (store().is_postgres()) {
    schema = db().read([](db::Tx& tx) {
                   return tx.find(db::Sql("test.schema", "SELECT CAST(current_schema() AS TEXT)"), {},
                                  [](const db::Row& row) { return std::string(row.text(0)); });
                 })
                 .value();
  }
  for (int i = 0; i < 2; ++i) replace(definition(schema + ".out"), 0, 24, {row(0, "de", 0.5)});
  EXPECT_EQ(rows("out").size(), 1U);
}

}  // namespace
}  // namespace wakeful::runner
