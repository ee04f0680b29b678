#include "runner/sources/sql_template.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::runner {
namespace {

using db::Dialect;

std::string bound(std::string_view query, Dialect dialect = Dialect::postgres) {
  search::Query out;
  append_query(out, query, dialect, {.from = "F", .until = "U"});
  std::string text = out.sql();
  for (const auto& value : out.values()) text += "|" + std::get<std::string>(value);
  return text;
}

std::string refusal(std::string_view query, Dialect dialect = Dialect::postgres) {
  try {
    return "accepted: " + bound(query, dialect);
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    EXPECT_EQ(e.field(), "query");
    return e.what();
  }
}

TEST(SqlTemplate, BindsEachPlaceholder) {
  EXPECT_EQ(bound("SELECT a FROM t WHERE ts > :from AND ts <= :until"),
            "SELECT a FROM t WHERE ts > $1 AND ts <= $2|F|U");
  EXPECT_EQ(bound("select :until, :from, :until"), "select $1, $2, $3|U|F|U");
  EXPECT_EQ(bound("SELECT :from::timestamptz, x::int"), "SELECT $1::timestamptz, x::int|F");
}

TEST(SqlTemplate, LeavesTextsIdentifiersAndCommentsAlone) {
  EXPECT_EQ(bound("SELECT ':from', \":until\", 'it''s :from' , :from"),
            "SELECT ':from', \":until\", 'it''s :from' , $1|F");
  EXPECT_EQ(bound("SELECT 1 -- :from\n, :until"), "SELECT 1  \n, $1|U");
  EXPECT_EQ(bound("SELECT 1 /* :from /* :from */ :from */ + :until"), "SELECT 1   + $1|U");
  EXPECT_EQ(bound("SELECT 1 /* a /* :from */ + :until", Dialect::sqlite), "SELECT 1   + $1|U");
  EXPECT_EQ(bound("SELECT $$ :from ' $$, $x$ $$ :until $x$, :from"), "SELECT $$ :from ' $$, $x$ $$ :until $x$, $1|F");
  EXPECT_EQ(bound("SELECT E'a\\' :from', :until"), "SELECT E'a\\' :from', $1|U");
  EXPECT_EQ(bound("SELECT e.x, 'a\\', :until FROM e"), "SELECT e.x, 'a\\', $1 FROM e|U");
  EXPECT_EQ(bound("SELECT [a:from], `:until`, :from", Dialect::sqlite), "SELECT [a:from], `:until`, $1|F");
}

TEST(SqlTemplate, KeepsNumbersSlicesAndPostgresOperators) {
  EXPECT_EQ(bound("SELECT a[1:2], 1e5, j ? 'k', j @> k, p$1x FROM t"),
            "SELECT a[1:2], 1e5, j ? 'k', j @> k, p$1x FROM t");
  EXPECT_EQ(bound("SELECT 1;"), "SELECT 1");
  EXPECT_EQ(bound("SELECT 1 ;\n -- done\n"), "SELECT 1 \n  \n");
  EXPECT_EQ(bound("WITH a AS (SELECT 1) SELECT * FROM a"), "WITH a AS (SELECT 1) SELECT * FROM a");
  EXPECT_EQ(bound("(SELECT 1)"), "(SELECT 1)");
}

TEST(SqlTemplate, RefusesWhatIsNoSingleSelect) {
  for (const char* query : {"", "  -- nothing\n", "DELETE FROM t", "DROP TABLE t", "SELECT 1; DROP TABLE t",
                            "SELECT 1; SELECT 2", "1", "; SELECT 1", "EXPLAIN SELECT 1", "'SELECT'",
                            "SELECT 1) AS q; DROP TABLE t; --", "SELECT 1) AS q --", "SELECT (1"}) {
    EXPECT_NE(refusal(query).find("the query cannot be used"), std::string::npos) << query;
  }
}

TEST(SqlTemplate, RefusesOtherPlaceholders) {
  EXPECT_NE(refusal("SELECT :form").find("did you mean :from?"), std::string::npos);
  EXPECT_NE(refusal("SELECT :filters").find(":filters is no placeholder"), std::string::npos);
  EXPECT_NE(refusal("SELECT $1").find("the placeholders are"), std::string::npos);
  EXPECT_NE(refusal("SELECT ?", Dialect::sqlite).find("the placeholders are"), std::string::npos);
  EXPECT_NE(refusal("SELECT @a", Dialect::sqlite).find("the placeholders are"), std::string::npos);
  EXPECT_NE(refusal("SELECT $a", Dialect::sqlite).find("the placeholders are"), std::string::npos);
  EXPECT_NE(refusal("SELECT {from}").find("braces"), std::string::npos);
}

TEST(SqlTemplate, RefusesWhatDoesNotClose) {
  for (const char* query : {"SELECT 'a", "SELECT \"a", "SELECT /* a", "SELECT $$ a", "SELECT 'a''", "SELECT E'a\\'"})
    EXPECT_NE(refusal(query).find("not closed"), std::string::npos) << query;
  EXPECT_NE(refusal("SELECT [a", Dialect::sqlite).find("not closed"), std::string::npos);
  EXPECT_NE(refusal(std::string_view("SELECT '\0'", 10)).find("NUL"), std::string::npos);
}

TEST(SqlTemplate, SaysWhere) { EXPECT_NE(refusal("SELECT 1, :nope").find("at byte 10"), std::string::npos); }

}  // namespace
}  // namespace wakeful::runner
