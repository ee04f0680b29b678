#include "platform/parquet/compact.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/core/error.hpp"

namespace wakeful::parquet {
namespace {

using namespace std::string_literals;

std::vector<std::int64_t> integers_in(const std::string& bytes) {
  std::vector<std::int64_t> out;
  Compact in(bytes);
  in.read_struct([&](Field field) {
    out.push_back(field.id);
    out.push_back(in.read_integer(field));
  });
  return out;
}

std::string refusal(const std::string& bytes) {
  try {
    Compact in(bytes);
    in.read_struct([&](Field field) { in.skip(field); });
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    EXPECT_EQ(e.field(), "file");
    return e.what();
  }
  return "";
}

// By hand, from the protocol's text: a field's head is (step << 4 | type), integers are zigzag varints.
TEST(Compact, ReadsFieldsByStepAndByNumber) {
  EXPECT_EQ(integers_in("\x15\x02\x25\x03\x00"s), (std::vector<std::int64_t>{1, 1, 3, -2}));
  EXPECT_EQ(integers_in("\x05\xC8\x01\x7F\x00"s), (std::vector<std::int64_t>{100, -64}));
  EXPECT_EQ(integers_in("\x13\xFE\x00"s), (std::vector<std::int64_t>{1, -2}));  // a byte is as it stands
  EXPECT_EQ(integers_in("\x16\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x00"s),
            (std::vector<std::int64_t>{1, std::numeric_limits<std::int64_t>::min()}));
}

TEST(Compact, PassesOverEverythingThatNobodyAsksFor) {
  EXPECT_EQ(refusal("\x11\x12\x17"s + std::string(8, 'x') + "\x18\x03xyz\x19\x25\x02\x04\x1B\x01\x58\x02\x01k" +
                    "\x1C\x15\x02\x00\x1D"s + std::string(16, 'x') + "\x19\x31\x01\x02\x01\x1B\x00\x00"s),
            "");
}

TEST(Compact, RefusesWhatEndsEarly) {
  const std::string whole = "\x18\x03xyz\x1C\x15\x02\x00\x19\x25\x02\x04\x1B\x01\x58\x02\x01k\x00"s;
  ASSERT_EQ(refusal(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(refusal(whole.substr(0, size)), "") << size;
}

TEST(Compact, RefusesLengthsThatAreNotThere) {
  EXPECT_NE(refusal("\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x00"s), "");
  EXPECT_NE(refusal("\x19\xF5\xFF\xFF\xFF\xFF\x0F\x00"s), "");
  EXPECT_NE(refusal("\x1B\xFF\xFF\xFF\xFF\x0F\x55\x00"s), "");
  EXPECT_NE(refusal("\x15\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x00"s), "");
  EXPECT_NE(refusal("\x1E\x00"s), "");
}

TEST(Compact, RefusesWhatNestsWithoutEnd) {
  EXPECT_NE(refusal(std::string(1'000'000, '\x1C')), "");
  std::string lists = "\x19";
  for (int i = 0; i < 100'000; ++i) lists += '\x19';
  EXPECT_NE(refusal(lists), "");
}

TEST(Compact, RefusesAnotherTypeThanIsAskedFor) {
  EXPECT_THROW(integers_in("\x18\x01x\x00"s), core::Error);
  const std::string number = "\x15\x02\x00"s;
  Compact in(number);
  EXPECT_THROW(in.read_struct([&](Field field) { in.read_text(field); }), core::Error);
  const std::string large = "\x16\x80\x80\x80\x80\x20\x00"s;
  Compact wide(large);
  EXPECT_THROW(wide.read_struct([&](Field field) { wide.read_int(field); }), core::Error);
}

}  // namespace
}  // namespace wakeful::parquet
