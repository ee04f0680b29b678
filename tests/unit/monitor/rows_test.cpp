#include "monitor/rows.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

/// Every value as "time metric dims value", one a line.
std::string shown(const RowBatch& batch) {
  std::string all;
  for (const auto& v : batch.values) {
    all += fmt::format("{} {} {} {}\n", core::format_rfc3339(v.time), batch.metrics[v.metric], batch.dims[v.dims],
                       v.value);
  }
  return all;
}

RowBatch read(std::string_view body, RowTerms terms = {}, const ColumnRoles& known = {}) {
  return read_rows(body, terms, known);
}

std::string refusal(std::string_view body, RowTerms terms = {}, const ColumnRoles& known = {}) {
  try {
    return "accepted: " + shown(read(body, terms, known));
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    return e.field() + ": " + e.what();
  }
}

constexpr RowTerms kNdjson{.format = RowFormat::ndjson};
constexpr RowTerms kCsv{.format = RowFormat::csv};

TEST(Rows, NumbersAreMetricsAndTextsAreDimensions) {
  const std::string wanted =
      "2026-01-01T00:00:00Z ms {\"region\":\"eu\",\"stage\":\"prod\"} 12.5\n"
      "2026-01-01T00:00:00Z n {\"region\":\"eu\",\"stage\":\"prod\"} -3\n"
      "2026-01-01T00:05:00Z ms {} 1000\n";
  EXPECT_EQ(shown(read(R"([{"ts":"2026-01-01T00:00:00Z","ms":12.5,"stage":"prod","region":"eu","n":-3},
                           {"ms":1e3,"ts":"2026-01-01T01:05:00+01:00"}])")),
            wanted);
  EXPECT_EQ(shown(read("{\"ts\":\"2026-01-01T00:00:00Z\",\"ms\":12.5,\"stage\":\"prod\",\"region\":\"eu\",\"n\":-3}\r\n"
                       "\n{\"ms\":1e3,\"ts\":\"2026-01-01T00:05:00Z\",\"region\":null,\"stage\":\"\"}",
                       kNdjson)),
            wanted);
  EXPECT_EQ(
      shown(read("ts,ms,stage,region,n\n2026-01-01T00:00:00Z,12.5,prod,eu,-3\n\n2026-01-01 00:05:00,1e3,,,\n", kCsv)),
      wanted);
}

TEST(Rows, IntegersNeedTheirUnit) {
  const std::string wanted = "2023-11-14T22:13:20Z v {} 1\n";
  EXPECT_EQ(shown(read(R"([{"ts":1700000000,"v":1}])", {.unit = TimeUnit::seconds})), wanted);
  EXPECT_EQ(shown(read(R"([{"ts":1700000000000,"v":1}])", {.unit = TimeUnit::milliseconds})), wanted);
  EXPECT_EQ(shown(read(R"([{"ts":1700000000000000,"v":1}])", {.unit = TimeUnit::microseconds})), wanted);
  EXPECT_EQ(shown(read(R"([{"ts":1700000000000000999,"v":1}])", {.unit = TimeUnit::nanoseconds})), wanted);
  EXPECT_EQ(shown(read("ts,v\n1700000000,1\n", {.format = RowFormat::csv, .unit = TimeUnit::seconds})), wanted);
  EXPECT_EQ(shown(read(R"([{"ts":-1,"v":1}])", {.unit = TimeUnit::nanoseconds})),
            "1969-12-31T23:59:59.999999Z v {} 1\n");
  EXPECT_NE(refusal(R"([{"ts":1700000000,"v":1}])").find("say its unit"), std::string::npos);
}

TEST(Rows, FindsTheTimeUnderItsOtherNames) {
  EXPECT_EQ(shown(read("timestamp,value\n2014-07-01 00:00:00,10844\n", kCsv)), "2014-07-01T00:00:00Z value {} 10844\n");
  EXPECT_EQ(shown(read(R"([{"time":"2026-01-01T00:00:00Z","v":1}])")), "2026-01-01T00:00:00Z v {} 1\n");
  // With ts there, another time-like name is what its value says.
  EXPECT_EQ(shown(read(R"([{"time":5,"ts":"2026-01-01T00:00:00Z"}])")), "2026-01-01T00:00:00Z time {} 5\n");
}

TEST(Rows, ABadRowIsNamedByIndexAndField) {
  struct Case {
    std::string row;
    std::string_view field;
    std::string_view message;
  };
  const std::string t = R"("ts":"2026-01-01T00:00:00Z")";
  const Case cases[] = {
      {R"({"v":1})", "[1].ts", "every row has a time"},
      {R"({"ts":null,"v":1})", "[1].ts", "every row has a time"},
      {R"({"ts":"yesterday","v":1})", "[1].ts", "RFC 3339"},
      {R"({"ts":1.5,"v":1})", "[1].ts", "whole number"},
      {R"({"ts":true,"v":1})", "[1].ts", "neither"},
      {R"({"ts":99999999999999999999,"v":1})", "[1].ts", "whole number"},
      {"{" + t + "}", "[1]", "no number"},
      {"{" + t + R"(,"host":"a"})", "[1]", "no number"},
      {"{" + t + R"(,"v":true})", "[1].v", "neither a number nor a text"},
      {"{" + t + R"(,"v":[1]})", "[1].v", "neither"},
      {"{" + t + R"(,"v":{"a":1}})", "[1].v", "neither"},
      {"{" + t + R"(,"v":1e999})", "[1].v", "out of range"},
      {"{" + t + R"(,"v":1,"v":2})", "[1].v", "twice"},
      {"{" + t + R"(,"v":"abc"})", "[1].v", "it is a metric"},
      {"{" + t + R"(,"":1})", "[1]", "without a name"},
      {"{" + t + R"(,"v":1,"h":"a\u0000b"})", "[1].h", "NUL"},
      {"{" + t + R"(,"v":1,"h":")" + std::string(3'000, 'x') + "\"}", "[1].h", "2000 bytes"},
      {"{" + t + ",\"" + std::string(201, 'x') + "\":1}", "", "longer than 200"},
      {"7", "[1]", "not an object"},
  };
  for (const Case& c : cases) {
    const std::string good = R"({"ts":"2026-01-01T00:00:00Z","v":1})";
    const std::string said = refusal("[" + good + "," + c.row + "]");
    if (!c.field.empty()) {
      EXPECT_TRUE(said.starts_with(std::string(c.field) + ": ")) << said << " for " << c.row;
    }
    EXPECT_NE(said.find(c.message), std::string::npos) << said << " for " << c.row;
    EXPECT_NE(said.find("Row 1"), std::string::npos) << said;
    if (c.row == "7") continue;
    const std::string line = refusal(good + "\n" + c.row + "\n", kNdjson);
    EXPECT_NE(line.find(c.message), std::string::npos) << line << " for " << c.row;
  }
}

TEST(Rows, BadRowsAreListedWhereTheyAreSkipped) {
  const auto batch =
      read(R"([{"v":1},{"ts":"2026-01-01T00:00:00Z","v":1},{"ts":"x","v":1},3])", {.skip_bad_rows = true});
  EXPECT_EQ(batch.rows, 1);
  EXPECT_EQ(batch.rejected_rows, 3);
  ASSERT_EQ(batch.rejected.size(), 3U);
  EXPECT_EQ(batch.rejected[0].index, 0);
  EXPECT_EQ(batch.rejected[0].field, "ts");
  EXPECT_EQ(batch.rejected[1].index, 2);
  EXPECT_EQ(batch.rejected[2].index, 3);
  const auto lines = read("{\"v\":1\n{\"ts\":\"2026-01-01T00:00:00Z\",\"v\":1}\nnonsense\n",
                          {.format = RowFormat::ndjson, .skip_bad_rows = true});
  EXPECT_EQ(lines.rows, 1);
  EXPECT_EQ(lines.rejected_rows, 2);
}

TEST(Rows, WhatIsNoListOfRowsIsRefusedWhole) {
  for (const std::string_view body :
       {"", "{}", "[", "[{}", "[{\"a\":1]", "[] x", "[1,]", "[{\"a\" 1}]", "null",
        "[{\"ts\":\"2026-01-01T00:00:00Z\",\"v\":01}]", "[{\"v\":\"\\x\"}]", "[{\"v\":\"\\ud800\"}]", "[\"\x01\"]"}) {
    EXPECT_NE(refusal(body, {.skip_bad_rows = true}).find("Malformed JSON"), std::string::npos) << body;
  }
  EXPECT_NE(refusal("[\"\xff\"]").find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal(std::string(100'000, '[')).find("Malformed"), std::string::npos);
  EXPECT_EQ(read("[]").rows, 0);
  EXPECT_EQ(read(" [ ] \n").rows, 0);
}

TEST(Rows, ResolvesEscapesInNamesAndTexts) {
  EXPECT_EQ(shown(read(R"([{"\u0074s":"2026-01-01T00:00:00Z","a\"b":1,"h":"\u00e9\ud83d\ude00\n"}])")),
            "2026-01-01T00:00:00Z a\"b {\"h\":\"\u00e9\U0001F600\\n\"} 1\n");
}

TEST(Rows, CsvQuotesFollowRfc4180) {
  EXPECT_EQ(shown(read("ts,v,host\r\n\"2026-01-01T00:00:00Z\",\"1\",\"a,\"\"b\"\"\nc\"\r\n", kCsv)),
            "2026-01-01T00:00:00Z v {\"host\":\"a,\\\"b\\\"\\nc\"} 1\n");
}

TEST(Rows, CsvColumnsAreWhatTheirFirstCellSays) {
  EXPECT_EQ(shown(read("ts,v,zone\n2026-01-01T00:00:00Z,,1a\n2026-01-01T00:01:00Z,2,7\n", kCsv)),
            "2026-01-01T00:01:00Z v {\"zone\":\"7\"} 2\n");
  EXPECT_NE(refusal("ts,v\n2026-01-01T00:00:00Z,1\n2026-01-01T00:01:00Z,n/a\n", kCsv).find("[1].v: "),
            std::string::npos);
  EXPECT_EQ(shown(read("ts,v\n2026-01-01T00:00:00Z,1\n2026-01-01T00:01:00Z,NaN\n2026-01-01T00:02:00Z,inf\n", kCsv)),
            "2026-01-01T00:00:00Z v {} 1\n");
}

TEST(Rows, KnownColumnsStayWhatTheyAre) {
  const ColumnRoles known{{"zone", ColumnRole::dimension}, {"v", ColumnRole::metric}};
  EXPECT_EQ(shown(read("ts,v,zone\n2026-01-01T00:00:00Z,1,7\n", kCsv, known)),
            "2026-01-01T00:00:00Z v {\"zone\":\"7\"} 1\n");
  EXPECT_NE(refusal(R"([{"ts":"2026-01-01T00:00:00Z","v":1,"zone":7}])", {}, known).find("[0].zone: "),
            std::string::npos);
  EXPECT_TRUE(read("ts,v,zone\n2026-01-01T00:00:00Z,1,7\n", kCsv, known).new_columns.empty());
}

TEST(Rows, CsvRefusesWhatIsNoTable) {
  EXPECT_NE(refusal("", kCsv).find("without a header"), std::string::npos);
  EXPECT_NE(refusal("a,b\n1,2\n", kCsv).find("ts: "), std::string::npos);
  EXPECT_NE(refusal("ts,v,v\n", kCsv).find("twice"), std::string::npos);
  EXPECT_NE(refusal("ts,,v\n", kCsv).find("no name"), std::string::npos);
  EXPECT_NE(refusal("ts,v\n2026-01-01T00:00:00Z\n", kCsv).find("1 cells for 2 columns"), std::string::npos);
  EXPECT_NE(refusal("ts,v\n\"2026-01-01T00:00:00Z,1\n", kCsv).find("quote without"), std::string::npos);
  EXPECT_NE(refusal("ts,v\n\"2026\"x,1\n", kCsv).find("behind a closing quote"), std::string::npos);
}

TEST(Rows, ContentTypesSayTheFormat) {
  EXPECT_EQ(row_format_of("application/json; charset=utf-8"), RowFormat::json);
  EXPECT_EQ(row_format_of("Application/X-NDJSON"), RowFormat::ndjson);
  EXPECT_EQ(row_format_of("text/csv"), RowFormat::csv);
  try {
    row_format_of("text/plain");
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.wire_status(), 415);
    EXPECT_EQ(e.field(), "Content-Type");
  }
}

}  // namespace
}  // namespace wakeful::monitor
