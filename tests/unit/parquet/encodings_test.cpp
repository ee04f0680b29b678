#include "platform/parquet/encodings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "platform/core/error.hpp"

namespace wakeful::parquet {
namespace {

using namespace std::string_literals;
using Integers = std::vector<std::int64_t>;
using Places = std::vector<std::uint32_t>;

// The example of the format's Encodings.md: 0 … 7 in three bits each, one group.
TEST(Hybrid, ReadsPackedGroupsAndRuns) {
  EXPECT_EQ(read_hybrid("\x03\x88\xC6\xFA"s, 3, 8), (Places{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(read_hybrid("\x03\x88\xC6\xFA"s, 3, 5), (Places{0, 1, 2, 3, 4}));
  EXPECT_EQ(read_hybrid("\x08\x05"s, 3, 4), (Places{5, 5, 5, 5}));
  EXPECT_EQ(read_hybrid("\x04\x05\x03\x88\xC6\xFA\x02\x07"s, 3, 11), (Places{5, 5, 0, 1, 2, 3, 4, 5, 6, 7, 7}));
  EXPECT_EQ(read_hybrid("\x04\x01\x02\x03\x04"s, 32, 2), (Places{0x04030201, 0x04030201}));
  EXPECT_EQ(read_hybrid("\x04"s, 0, 2), (Places{0, 0}));
  EXPECT_EQ(read_hybrid("\x03\x88\xC6"s, 3, 5), (Places{0, 1, 2, 3, 4}));  // the group is cut where no value is
}

TEST(Hybrid, RefusesWhatIsCutOrTooWide) {
  EXPECT_THROW(read_hybrid("", 1, 1), core::Error);
  EXPECT_THROW(read_hybrid("\x03\x88"s, 3, 8), core::Error);
  EXPECT_THROW(read_hybrid("\x08"s, 3, 4), core::Error);
  EXPECT_THROW(read_hybrid("\x08\x05"s, 3, 5), core::Error);
  EXPECT_THROW(read_hybrid("\x08\x05"s, 2, 4), core::Error);  // a run of 5 in two bits
  EXPECT_THROW(read_hybrid("\x02\x01"s, 33, 1), core::Error);
  EXPECT_THROW(read_hybrid(std::string(100, '\0'), 0, 1), core::Error);  // runs of nothing
}

// Blocks of 128 in four miniblocks; 7 5 3 1 2 3 4 5 as in Encodings.md: the least delta is -2, the others take two
// bits.
std::string deltas() { return "\x80\x01\x04\x08\x0E"s + "\x03\x02\x00\x00\x00"s + "\xC0\x3F"s + std::string(6, '\0'); }

TEST(Deltas, ReadTheExampleOfTheFormat) {
  EXPECT_EQ(read_delta_binary(deltas(), Physical::int64, 8), (Integers{7, 5, 3, 1, 2, 3, 4, 5}));
  EXPECT_EQ(read_delta_binary("\x80\x01\x04\x01\x0E"s, Physical::int32, 1), Integers{7});
}

TEST(Deltas, WrapAround) {
  // 2^31 - 1, and one more.
  const std::string bytes = "\x80\x01\x04\x02\xFE\xFF\xFF\xFF\x0F\x02"s + std::string(4, '\0');
  EXPECT_EQ(read_delta_binary(bytes, Physical::int32, 2), (Integers{2'147'483'647, -2'147'483'648}));
  EXPECT_EQ(read_delta_binary(bytes, Physical::int64, 2), (Integers{2'147'483'647, 2'147'483'648}));
}

TEST(Deltas, RefuseImpossibleBlocks) {
  const auto refuses = [](const std::string& bytes, std::size_t count) {
    EXPECT_THROW(read_delta_binary(bytes, Physical::int64, count), core::Error) << bytes;
  };
  for (std::size_t size = 0; size < deltas().size(); ++size) refuses(deltas().substr(0, size), 8);
  refuses(deltas(), 9);
  refuses("\x00\x04\x08\x0E"s, 8);                                         // no values in a block
  refuses("\x80\x01\x00\x08\x0E"s, 8);                                     // no miniblocks
  refuses("\x80\x01\x03\x08\x0E"s, 8);                                     // three of them
  refuses("\x80\x01\x80\x01\x08\x0E"s, 8);                                 // of one value each
  refuses("\x80\x01\x04\x02\x0E\x03\x41"s + std::string(2'000, '\0'), 2);  // 65 bits
  EXPECT_THROW(read_delta_binary(deltas(), Physical::real64, 8), core::Error);
}

TEST(Plain, ReadsHalves) {
  const std::string bytes = "\x00\x3C\x55\xB5\xFF\x7B\x01\x00\x00\x80\x00\x7C\x01\x7E"s;
  const auto values = read_plain<double>(bytes, Physical::fixed_bytes, 2, 7);
  EXPECT_EQ(values[0], 1);
  EXPECT_EQ(values[1], -0.333251953125);
  EXPECT_EQ(values[2], 65'504);
  EXPECT_EQ(values[3], std::ldexp(1, -24));
  EXPECT_TRUE(values[4] == 0 && std::signbit(values[4]));
  EXPECT_EQ(values[5], HUGE_VAL);
  EXPECT_TRUE(std::isnan(values[6]));
}

TEST(Plain, RefusesCountsThatAreNotThere) {
  for (const auto physical : {Physical::boolean, Physical::int32, Physical::int64, Physical::int96})
    EXPECT_THROW(read_plain<std::int64_t>("xyz", physical, 0, 25), core::Error);
  constexpr std::size_t kEndless = SIZE_MAX / 2;
  EXPECT_THROW(read_plain<double>("xyz", Physical::real64, 0, kEndless), core::Error);
  EXPECT_THROW(read_plain<std::string_view>("\x04\x00\x00\x00xyz"s, Physical::bytes, 0, 1), core::Error);
  EXPECT_THROW(read_plain<std::string_view>("\xFF\xFF\xFF\xFFxyz"s, Physical::bytes, 0, 1), core::Error);
  EXPECT_THROW(read_plain<double>("12345678", Physical::int64, 0, 1), core::Error);
  EXPECT_THROW(read_plain<double>("12345678", Physical::fixed_bytes, 4, 1), core::Error);
  EXPECT_THROW(read_plain<std::int64_t>("12345678", Physical::bytes, 0, 1), core::Error);
}

TEST(SplitBytes, AreJoined) {
  EXPECT_EQ(join_split_bytes("abcdefgh", 4, 2), "acegbdfh");
  EXPECT_THROW(join_split_bytes("abcdefgh", 4, 3), core::Error);
  EXPECT_THROW(join_split_bytes("abcdefgh", 0, 3), core::Error);
}

}  // namespace
}  // namespace wakeful::parquet
