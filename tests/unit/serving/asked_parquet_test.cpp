#include <gtest/gtest.h>

#include <cmath>

#include "platform/core/error.hpp"
#include "serving/asked_rows.hpp"
#include "unit/parquet/seed.hpp"

namespace wakeful::serving {
namespace {

using parquet::read_seed;
using Names = std::vector<std::string>;
using Texts = std::vector<std::string>;

std::string refusal(std::string_view body, const Names& channels) {
  try {
    read_asked_parquet(body, {.channels = channels});
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    return e.what();
  }
  return "";
}

TEST(AskedParquet, GivesTheAskedColumnsInTheAskedOrder) {
  const AskedRows asked = read_asked_parquet(read_seed("frame"), {.channels = {"sd", "mean"}});
  EXPECT_EQ(asked.names, (Names{"sd", "mean"}));
  EXPECT_EQ(asked.values, (std::vector<double>{0.25, 0.5, 25, 30, 7, 7}));
  EXPECT_EQ(asked.times, Texts{});
  EXPECT_EQ(asked.rows(), 3U);
}

// Days in 64 bits would be more seconds than there are.
TEST(AskedParquet, RefusesADateThatIsNone) {
  EXPECT_NE(refusal(read_seed("date_int64"), {"value"}).find("years 1 to 9999"), std::string::npos);
}

TEST(AskedParquet, JoinsRowGroups) {
  const AskedRows asked = read_asked_parquet(read_seed("snappy"), {.channels = {"integer", "real"}});
  ASSERT_EQ(asked.rows(), 40U);
  EXPECT_EQ(asked.values[2 * 30], 30 * 30 - 50);
  EXPECT_EQ(asked.values[2 * 30 + 1], 7.5);
  EXPECT_TRUE(std::isnan(asked.values[2 * 27 + 1]));
}

TEST(AskedParquet, TakesTheIndexForTheTimeAndNeverForAChannel) {
  EXPECT_EQ(read_asked_parquet(read_seed("frame_reversed"), {.channels = {"mean"}}).times, (Texts{"2", "1", "0"}));
  EXPECT_EQ(read_asked_parquet(read_seed("frame_indexed"), {.channels = {"mean"}}).times,
            (Texts{"\"x\"", "\"y\"", "\"z\""}));
  EXPECT_EQ(read_asked_parquet(read_seed("frame_by_time"), {.channels = {"mean"}}).times,
            (Texts{"\"2024-01-01T00:00:00\"", "\"2024-01-02T00:00:00\"", "\"2024-01-03T00:00:00\""}));
  EXPECT_NE(refusal(read_seed("frame_indexed"), {"__index_level_0__"}).find("index"), std::string::npos);
  EXPECT_NE(refusal(read_seed("frame_by_time"), {"ts"}).find("index"), std::string::npos);
}

/// The file with its column `name` called "ts", which has two letters as it does.
AskedRows read_with_time(const std::string& seed, std::string_view name) {
  std::string body = read_seed(seed);
  for (std::size_t at = body.find("\x18\x02" + std::string(name)); at != std::string::npos;
       at = body.find("\x18\x02" + std::string(name), at + 1))
    body.replace(at + 2, 2, "ts");
  return read_asked_parquet(body, {.channels = {"value"}});
}

TEST(AskedParquet, WritesTimesAsPandasDoes) {
  EXPECT_EQ(read_with_time("times", "ms").times,
            (Texts{"\"0001-01-01T00:00:00\"", "\"9999-12-31T23:59:59.999000\"", "null"}));
  EXPECT_EQ(read_with_time("times", "us").times,
            (Texts{"\"1969-12-31T23:59:59.999999\"", "\"2024-02-29T00:00:00\"", "null"}));
  EXPECT_EQ(read_with_time("times", "ns").times,
            (Texts{"\"1969-12-31T23:59:59.999999999\"", "\"2024-02-29T12:34:56.123000\"", "null"}));
  EXPECT_EQ(read_with_time("int96", "ns").times, read_with_time("times", "ns").times);
}

TEST(AskedParquet, RefusesColumnsThatHoldNoNumbers) {
  const std::string others = read_seed("others");
  for (const char* name : {"text", "bytes", "list", "group", "of_day", "decimal"})
    EXPECT_NE(refusal(others, {"value", name}).find("the column '" + std::string(name) + "' holds "),
              std::string::npos);
  EXPECT_NE(refusal(read_seed("times"), {"date"}).find("dates"), std::string::npos);
  EXPECT_NE(refusal(read_seed("frame"), {"mean", "median"}).find("median"), std::string::npos);
  EXPECT_NE(refusal(others, {"value"}).find("'time' holds nested values"), std::string::npos);
}

TEST(AskedParquet, GivesTheTextsAndTheTimeThatAModelOfRawColumnsTakes) {
  using Kind = detectors::RawColumn::Kind;
  const std::string times = read_seed("times");
  const Wanted wanted{
      .raw = {{"us", Kind::time}, {"text", Kind::text}, {"number", Kind::text}, {"value", Kind::number}}};
  const AskedRows asked = read_asked_parquet(times, wanted);
  ASSERT_EQ(asked.rows(), 3U);
  EXPECT_EQ(asked.texts, (Texts{"noon", "7", "", "8", "", ""}));
  EXPECT_EQ(asked.values, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(asked.times, (Texts{"\"1969-12-31T23:59:59.999999\"", "\"2024-02-29T00:00:00\"", "null"}));
  EXPECT_FALSE(asked.times_are_index);
  EXPECT_TRUE(read_asked_parquet(read_seed("frame_reversed"), {.raw = {{"sd", Kind::number}}}).times_are_index);
  for (const char* name : {"value", "date", "absent"})
    EXPECT_THROW(read_asked_parquet(times, {.raw = {{name, Kind::text}}}), core::Error) << name;
  EXPECT_THROW(read_asked_parquet(times, {.raw = {{"text", Kind::number}}}), core::Error);
}

TEST(AskedParquet, RefusesWhatIsNoFile) {
  EXPECT_NE(refusal("mean,sd\n1,2\n", {"mean"}).find("PAR1"), std::string::npos);
  const std::string cut = read_seed("frame");
  for (std::size_t size = 0; size < cut.size(); ++size) EXPECT_NE(refusal(cut.substr(0, size), {"mean"}), "");
}

}  // namespace
}  // namespace wakeful::serving
