// What only SQL sources can be asked: names that are no names, databases that must stay as they are.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "platform/core/error.hpp"
#include "runner/source.hpp"
#include "support/database.hpp"

namespace wakeful::runner {
namespace {

const Span kAll{core::parse_rfc3339("1900-01-01T00:00:00Z"), core::parse_rfc3339("2100-01-01T00:00:00Z")};

class SqlSourceTest : public ::testing::Test {
 protected:
  SqlSourceTest() {
    store_.open()->write([](db::Tx& tx) {
      tx.execute(db::Sql("test.create", "CREATE TABLE m (ts TEXT, v DOUBLE PRECISION, n TEXT)"));
      tx.execute(db::Sql("test.insert", "INSERT INTO m VALUES ('2026-03-01', 1, 'a'), ('2026-03-02', 2, 'b')"));
    });
    metric_.name = "v";
  }
  Observations pull(monitor::SqlSource sql) {
    metric_.source = std::move(sql);
    return make_source(metric_, {server_, connections_, settings_})->pull(kAll, core::Deadline::never());
  }
  core::Error refusal(monitor::SqlSource sql) {
    try {
      pull(std::move(sql));
    } catch (const core::Error& e) {
      return e;
    }
    return core::internal("accepted");
  }
  std::string bytes() const {
    std::ifstream file(store_.path(), std::ios::binary);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
  }

  testing::Store store_{"sqlite_file"};
  client::Server server_{[](http::Request) -> http::Response { throw core::internal("no server is asked"); }};
  Connections connections_{{{"w", store_.uri()}}, &testing::ran_statements()};
  SourceSettings settings_;
  monitor::Metric metric_;
};

TEST_F(SqlSourceTest, RefusesNamesThatCouldBeMore) {
  for (const char* name : {"a\"b", "time; --", "\"", "", "a b", "1a", "ts\"--", "m\" UNION SELECT"}) {
    const core::Error e = refusal({.connection = "w", .table = name, .time_column = "ts"});
    EXPECT_EQ(e.code(), core::ErrorCode::invalid) << name << ": " << e.what();
    if (*name == '\0') continue;
    EXPECT_EQ(refusal({.connection = "w", .table = "m", .time_column = name}).code(), core::ErrorCode::invalid) << name;
    EXPECT_EQ(refusal({.connection = "w", .table = "m", .time_column = "ts", .value_column = name}).code(),
              core::ErrorCode::invalid);
  }
  EXPECT_EQ(refusal({.connection = "w", .table = "nowhere", .time_column = "ts"}).code(), core::ErrorCode::not_found);
  EXPECT_EQ(refusal({.connection = "w", .table = "nowhere.m", .time_column = "ts"}).code(), core::ErrorCode::invalid);
  EXPECT_EQ(pull({.connection = "w", .table = "main.m", .time_column = "ts"}).rows.size(), 2U);
}

TEST_F(SqlSourceTest, WritesNothingWhateverTheQuerySays) {
  const std::string before = bytes();
  for (const char* query :
       {"WITH x AS (SELECT :from, :until) DELETE FROM m", "SELECT :from; DELETE FROM m WHERE ts < :until",
        "SELECT ts, v FROM m WHERE ts > :from AND ts <= :until) AS q; DROP TABLE m; --",
        "WITH x AS (INSERT INTO m VALUES (:from, 1, :until) RETURNING *) SELECT * FROM x"}) {
    EXPECT_EQ(refusal({.connection = "w", .query = query}).code(), core::ErrorCode::invalid) << query;
  }
  EXPECT_EQ(pull({.connection = "w", .query = "SELECT ts, v FROM m WHERE ts > :from AND ts <= :until"}).rows.size(),
            2U);
  EXPECT_EQ(bytes(), before);
}

TEST_F(SqlSourceTest, FindsTheTimeOfAQueryByItsName) {
  const std::string rest = " FROM m WHERE ts > :from AND ts <= :until";
  EXPECT_EQ(pull({.connection = "w", .query = "SELECT ts AS timestamp, v" + rest}).rows.size(), 2U);
  EXPECT_EQ(pull({.connection = "w", .query = "SELECT ts AS day, v" + rest, .time_column = "day"}).rows.size(), 2U);
  const core::Error none = refusal({.connection = "w", .query = "SELECT ts AS day, v" + rest});
  EXPECT_EQ(none.code(), core::ErrorCode::invalid);
  EXPECT_NE(std::string(none.what()).find("time_column"), std::string::npos) << none.what();
}

TEST_F(SqlSourceTest, TakesTextForNoNumberAndNothingForNoValue) {
  EXPECT_TRUE(pull({.connection = "w", .table = "m", .time_column = "ts", .value_column = "n"}).rows.empty());
}

TEST_F(SqlSourceTest, CountsRowsOfATableWithoutThatColumn) {
  metric_.name = "events";
  EXPECT_EQ(refusal({.connection = "w", .table = "m", .time_column = "ts"}).code(), core::ErrorCode::invalid);
  metric_.aggregate = monitor::Aggregate::count;
  const Observations found = pull({.connection = "w", .table = "m", .time_column = "ts"});
  ASSERT_EQ(found.rows.size(), 2U);
  EXPECT_EQ(found.rows[0].value, 1);
}

TEST_F(SqlSourceTest, StopsAQueryThatTakesTooLong) {
  settings_.statement_timeout = std::chrono::milliseconds(50);
  const core::Error e =
      refusal({.connection = "w",
               .query = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x > :from "
                        "OR x < :until) SELECT x AS ts, x AS v FROM c"});
  EXPECT_EQ(e.code(), core::ErrorCode::unavailable) << e.what();
}

TEST_F(SqlSourceTest, NamesTheVariableOfAConnectionThatIsNotSet) {
  Connections none;
  try {
    none.get("ware-house.2");
    FAIL() << "a connection out of nothing";
  } catch (const core::Error& e) {
    EXPECT_NE(std::string(e.what()).find("WAKEFUL_CONNECTION_WARE_HOUSE_2"), std::string::npos) << e.what();
  }
}

TEST_F(SqlSourceTest, OpensNoFileThatIsNotThere) {
  Connections connections{{{"gone", "sqlite:///" + store_.path() + "-gone"}}};
  EXPECT_THROW(connections.get("gone"), core::Error);
  EXPECT_FALSE(std::filesystem::exists(store_.path() + "-gone"));
}

}  // namespace
}  // namespace wakeful::runner
