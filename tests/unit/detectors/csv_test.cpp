#include "detectors/csv.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <sstream>
#include <string>
#include <string_view>

#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

TEST(Csv, FindsTheTimeByItsNameAndTakesTheRestForChannels) {
  const CsvTable table = parse_csv("cpu,Timestamp,mem\n1,2026-01-01 00:00:00,2\n3,\"a, \"\"b\"\"\",4\n");
  EXPECT_EQ(table.time_name, "Timestamp");
  EXPECT_EQ(table.times, (std::vector<std::string>{"2026-01-01 00:00:00", "\"a, \"\"b\"\"\""}));
  EXPECT_EQ(csv_text(table.times[1]), "a, \"b\"");
  EXPECT_EQ(table.frame.names(), (std::vector<std::string>{"cpu", "mem"}));
  EXPECT_EQ(table.frame.at(1, 1), 4);
}

TEST(Csv, ReadsEmptyNanAndInfiniteCellsAsMissing) {
  const CsvTable table = parse_csv("a,b\r\n,nan\r\nNaN,inf\r\n-Infinity,1e999\r\n 7 ,+2.5e3\r\n\"8\",\"\"\r\n");
  ASSERT_EQ(table.frame.rows(), 5U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(std::isnan(table.frame.at(i, 0))) << i;
    EXPECT_TRUE(std::isnan(table.frame.at(i, 1))) << i;
  }
  EXPECT_EQ(table.frame.at(3, 0), 7);
  EXPECT_EQ(table.frame.at(3, 1), 2500);
  EXPECT_EQ(table.frame.at(4, 0), 8);
  EXPECT_TRUE(std::isnan(table.frame.at(4, 1)));
}

TEST(Csv, ReadsHoweverTheLastLineEnds) {
  for (const std::string text : {"a,b\n1,2\n3,4", "a,b\n1,2\n3,4\n",
                                 "\xEF\xBB\xBF"
                                 "a,b\r\n1,2\r\n3,4\r\n",
                                 "a,b\n1,2\n3,4\n\n"}) {
    EXPECT_EQ(parse_csv(text).frame.rows(), 2U) << text;
    EXPECT_EQ(parse_csv(text).frame.names()[0], "a");
  }
  EXPECT_EQ(parse_csv("a\n1\n\n3\n").frame.rows(), 3U);  // one column: an empty line is a missing value
  EXPECT_EQ(parse_csv("a,b\n").frame.rows(), 0U);
}

struct Refused {
  std::string text;
  CsvOptions options;
  std::string field, says;
};

TEST(Csv, RefusesWithLineAndColumn) {
  const std::vector<Refused> cases = {
      {"", {}, "file", "empty"},
      {"a,b\n1,2\n3\n", {}, "file", "line 3 has fewer"},
      {"a,b\n1,2,3\n", {}, "file", "line 2 has more"},
      {"a,b\n1,2\n\n3,4\n", {}, "file", "line 3 has fewer"},
      {"a,region\n1,eu\n", {}, "file", "line 2, column 'region': 'eu'"},
      {"a\n1\n0x10\n", {}, "file", "line 3, column 'a'"},
      {"a\n1 2\n", {}, "file", "line 2"},
      {"a,b\n\"1,2\n", {}, "file", "line 2: a quote is opened"},
      {"a,a\n1,2\n", {}, "channels", "comes twice"},
      {"ts\n1\n", {}, "file", "no column of numbers"},
      {"a,b\n1,2\n", {.time = "when", .ignore = {}, .only = {}}, "time", "no column 'when'"},
      {"value,b\n1,2\n", {.time = {}, .ignore = {"vale"}, .only = {}}, "ignore", "did you mean 'value'"},
      {"\xff,b\n1,2\n", {}, "file", "UTF-8"},
  };
  for (const Refused& c : cases) {
    try {
      parse_csv(c.text, c.options);
      ADD_FAILURE() << c.text << " was read";
    } catch (const core::Error& e) {
      EXPECT_EQ(e.field(), c.field) << e.what();
      EXPECT_NE(std::string(e.what()).find(c.says), std::string::npos) << e.what();
    }
  }
}

TEST(Csv, LeavesOutWhatIsIgnored) {
  const CsvTable table = parse_csv("time,label,x\nt1,a,5\n", {.time = {}, .ignore = {"label", "time"}, .only = {}});
  EXPECT_EQ(table.time_name, "");
  EXPECT_EQ(table.frame.names(), std::vector<std::string>{"x"});
  EXPECT_EQ(parse_csv("when,x,y\n1,2,3\n", {.time = "when", .ignore = {}, .only = {"y"}}).frame.at(0, 0), 3);
}

TEST(Csv, ReadsStandardInputAndSaysWhenAFileIsNotThere) {
  std::istringstream in("a\n1\n2\n");
  EXPECT_EQ(read_csv("-", in).frame.rows(), 2U);
  try {
    read_csv("/no/such/file.csv", in);
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::not_found);
  }
  try {
    read_csv("/", in);
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_STREQ(e.what(), "'/' is a folder");
    EXPECT_EQ(e.field(), "file");
  }
}

TEST(Csv, ReadsAPipeOfTheShell) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string_view text = "a\n1\n2\n";
  ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  std::istringstream nothing;
  EXPECT_EQ(read_csv("/dev/fd/" + std::to_string(ends[0]), nothing).frame.rows(), 2U);
  ::close(ends[0]);
  try {
    read_csv("/dev/null", nothing);
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_STREQ(e.what(), "the file is empty: it needs a header line");
  }
}

TEST(Csv, IsWalkedRowByRowAsItsCellsStand) {
  std::vector<std::vector<std::string>> rows;
  walk_csv("\xEF\xBB\xBF a ,\"b\"\r\n1,\"x, \"\"y\"\"\"\r\n,\n\n", [&](std::span<const std::string_view> cells) {
    if (rows.empty()) {
      EXPECT_EQ(csv_names(cells), (std::vector<std::string>{"a", "b"}));
    }
    rows.emplace_back(cells.begin(), cells.end());
  });
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1], (std::vector<std::string>{"1", "\"x, \"\"y\"\"\""}));
  EXPECT_EQ(rows[2], (std::vector<std::string>{"", ""}));
  const auto refusal = [](std::string_view text) -> std::string {
    try {
      walk_csv(text, [](auto) {});
    } catch (const core::Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("a,b\n1,2\n3\n"), "line 3 has fewer cells than the header's 2");
  EXPECT_EQ(refusal("a,b\n1,2,3\n"), "line 2 has more cells than the header's 2");
  EXPECT_EQ(refusal("a,b\n\n1,2\n"), "line 2 has fewer cells than the header's 2");
  EXPECT_EQ(refusal(""), "the file is empty: it needs a header line");
}

TEST(Csv, QuotesWhatNeedsIt) {
  EXPECT_EQ(csv_cell("plain"), "plain");
  EXPECT_EQ(csv_cell("a,\"b\""), "\"a,\"\"b\"\"\"");
  EXPECT_EQ(csv_text(csv_cell("a,\"b\"")), "a,\"b\"");
}

}  // namespace
}  // namespace wakeful::detectors
