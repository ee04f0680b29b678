#include "platform/parquet/file.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "platform/core/error.hpp"
#include "unit/parquet/seed.hpp"

namespace wakeful::parquet {
namespace {

constexpr double kNone = -12345.5;

std::vector<double> numbers_of(File& file, const std::string& name) {
  std::vector<double> out;
  for (std::size_t c = 0; c < file.columns().size(); ++c) {
    if (file.columns()[c].name != name) continue;
    for (std::size_t g = 0; g < file.groups(); ++g)
      for (const double value : file.read_numbers(g, c)) out.push_back(std::isnan(value) ? kNone : value);
  }
  return out;
}

std::size_t place_of(const File& file, const std::string& name) {
  for (std::size_t c = 0; c < file.columns().size(); ++c)
    if (file.columns()[c].name == name) return c;
  throw std::runtime_error("there is no column " + name);
}

class FormsOfPages : public testing::TestWithParam<const char*> {};

// The table of tests/data/fuzz/make_parquet.py: 40 rows in groups of 25.
TEST_P(FormsOfPages, GiveOneTable) {
  const std::string bytes = read_seed(GetParam());
  File file(bytes);
  ASSERT_EQ(file.rows(), 40U);
  ASSERT_EQ(file.groups(), 2U);
  ASSERT_EQ(file.rows_of(0), 25U);
  std::vector<double> real, integer, flag;
  for (int i = 0; i < 40; ++i) {
    real.push_back(i % 5 == 2 ? kNone : i / 4.0);
    integer.push_back(i * i - 50);
    flag.push_back(i % 7 == 6 ? kNone : i % 3 == 0);
  }
  EXPECT_EQ(numbers_of(file, "real"), real);
  EXPECT_EQ(numbers_of(file, "integer"), integer);
  EXPECT_EQ(numbers_of(file, "flag"), flag);
}
INSTANTIATE_TEST_SUITE_P(Parquet, FormsOfPages,
                         testing::Values("plain_v1", "plain_v2", "dictionary_v1", "dictionary_v2_checksum",
                                         "small_pages", "snappy", "snappy_v2", "gzip", "zstd", "brotli", "lz4",
                                         "deltas"));

TEST(ParquetFile, ReadsEveryWidthToItsEnds) {
  const std::string bytes = read_seed("types");
  File file(bytes);
  const auto are = [&](const std::string& name, double first, double second) {
    EXPECT_EQ(numbers_of(file, name), (std::vector<double>{first, second, kNone})) << name;
  };
  are("int8", -128, 127);
  are("int16", -32'768, 32'767);
  are("int32", -2'147'483'648.0, 2'147'483'647);
  are("int64", -9'223'372'036'854'775'808.0, 9'223'372'036'854'775'807.0);
  are("uint8", 0, 255);
  are("uint16", 0, 65'535);
  are("uint32", 0, 4'294'967'295);
  are("uint64", 0, 18'446'744'073'709'551'615.0);
  are("float16", -0.333251953125, 65'504);
  are("float32", double{0.1F}, HUGE_VAL);
  are("nothing", kNone, kNone);
}

TEST(ParquetFile, ReadsTimesAsTheyAreWritten) {
  const std::string bytes = read_seed("times");
  File file(bytes);
  using Values = std::vector<std::optional<std::int64_t>>;
  const auto read = [&](const char* name) { return file.read_integers(0, place_of(file, name)); };
  const auto column = [&](const char* name) { return file.columns()[place_of(file, name)]; };
  EXPECT_EQ(read("ms"), (Values{-62'135'596'800'000, 253'402'300'799'999, std::nullopt}));
  EXPECT_EQ(column("ms").unit, Unit::milliseconds);
  EXPECT_EQ(read("us"), (Values{-1, 1'709'164'800'000'000, std::nullopt}));
  EXPECT_EQ(column("us").unit, Unit::microseconds);
  EXPECT_EQ(read("ns"), (Values{-1, 1'709'210'096'123'000'000, std::nullopt}));
  EXPECT_EQ(column("ns").kind, Kind::local_time);
  EXPECT_EQ(column("utc").kind, Kind::instant);
  EXPECT_EQ(read("date"), (Values{-1, 19'782, std::nullopt}));
  EXPECT_EQ(column("date").kind, Kind::date);
  EXPECT_EQ(file.read_texts(0, place_of(file, "text")),
            (std::vector<std::optional<std::string>>{"noon", "", std::nullopt}));
  EXPECT_THROW(file.read_numbers(0, place_of(file, "ns")), core::Error);
  EXPECT_THROW(file.read_integers(0, place_of(file, "text")), core::Error);
  EXPECT_THROW(file.read_integers(0, place_of(file, "value")), core::Error);
  EXPECT_THROW(file.read_texts(0, place_of(file, "number")), core::Error);
}

TEST(ParquetFile, ReadsTheTimesOfOldSparkAndImpala) {
  const std::string bytes = read_seed("int96");
  File file(bytes);
  EXPECT_EQ(file.read_integers(0, 0),
            (std::vector<std::optional<std::int64_t>>{-1, 1'709'210'096'123'000'000, std::nullopt}));
}

TEST(ParquetFile, ListsWhatItCannotReadAndReadsWhatStandsBehindIt) {
  const std::string bytes = read_seed("others");
  File file(bytes);
  std::vector<std::string> held;
  for (const Column& column : file.columns()) held.push_back(column.name + ": " + column.holds);
  EXPECT_EQ(held, (std::vector<std::string>{"text: text", "bytes: bytes", "list: nested values", "group: nested values",
                                            "of_day: times of day", "decimal: decimals", "value: numbers",
                                            "time: nested values"}));
  EXPECT_EQ(file.read_numbers(0, place_of(file, "value")), std::vector<double>{2.5});
  EXPECT_THROW(file.read_numbers(0, place_of(file, "decimal")), core::Error);
  EXPECT_THROW(file.read_texts(0, place_of(file, "bytes")), core::Error);
}

TEST(ParquetFile, KeepsTheNotesOfItsWriter) {
  const std::string bytes = read_seed("frame");
  const File file(bytes);
  EXPECT_NE(file.find_note("pandas").value_or("").find("index_columns"), std::string_view::npos);
  EXPECT_FALSE(file.find_note("absent"));
}

}  // namespace
}  // namespace wakeful::parquet
