#include "runner/csv_reader.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "platform/core/error.hpp"

namespace wakeful::runner {
namespace {

using Records = std::vector<std::vector<std::string>>;

Records read(const std::string& text) {
  std::istringstream in(text);
  CsvReader csv(in);
  Records records;
  std::vector<std::string> fields;
  while (csv.next(fields)) records.push_back(fields);
  return records;
}

TEST(CsvReader, ReadsFieldsOfEveryForm) {
  EXPECT_EQ(read("a,b\r\n1,2\r\n"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read("a,b\n1,2"), (Records{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read("\"a,\n\"\"b\"\"\",c\n"), (Records{{"a,\n\"b\"", "c"}}));
  EXPECT_EQ(read(",\n"), (Records{{"", ""}}));
  EXPECT_EQ(read("\"\",x\n"), (Records{{"", "x"}}));
  EXPECT_EQ(read("\n\na\n\n\nb\n\n"), (Records{{"a"}, {"b"}}));
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "ts,v\n"),
            (Records{{"ts", "v"}}));
  EXPECT_EQ(read("a\"b,c\n"), (Records{{"a\"b", "c"}})) << "a quote inside an unquoted field is a character";
  EXPECT_EQ(read(""), Records{});
}

TEST(CsvReader, SaysTheLineOfWhatIsBroken) {
  const auto refusal = [](const std::string& text) {
    try {
      read(text);
      return std::string("accepted");
    } catch (const core::Error& e) {
      return std::string(e.what());
    }
  };
  EXPECT_EQ(refusal("a\nb,\"c\nd"), "line 2: a quote is not closed");
  EXPECT_EQ(refusal("a\n\"b\"c"), "line 2: text behind a quoted field");
  EXPECT_EQ(refusal(std::string(2U << 20U, 'x')), "line 1: a field beyond 1 MiB");
}

TEST(CsvReader, CountsLinesInsideQuotes) {
  std::istringstream in("\"a\nb\"\nc\n");
  CsvReader csv(in);
  std::vector<std::string> fields;
  ASSERT_TRUE(csv.next(fields));
  EXPECT_EQ(csv.line(), 1);
  ASSERT_TRUE(csv.next(fields));
  EXPECT_EQ(csv.line(), 3);
}

}  // namespace
}  // namespace wakeful::runner
