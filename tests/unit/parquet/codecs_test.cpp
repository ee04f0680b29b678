#include "platform/parquet/codecs.hpp"

#include <gtest/gtest.h>

#include <string>

#include "platform/core/error.hpp"

namespace wakeful::parquet {
namespace {

using namespace std::string_literals;

std::string unpacked(Codec codec, const std::string& packed, std::size_t size) {
  return std::string(unpack(codec, packed, size).bytes());
}

bool is_refused(Codec codec, const std::string& packed, std::size_t size) {
  try {
    unpack(codec, packed, size);
    return false;
  } catch (const core::Error& e) {
    return e.code() == core::ErrorCode::invalid && e.field() == "file";
  }
}

// By hand, from the formats' descriptions.
TEST(Snappy, ReadsLiteralsAndEachKindOfCopy) {
  EXPECT_EQ(unpacked(Codec::snappy, "\x00"s, 0), "");
  EXPECT_EQ(unpacked(Codec::snappy, "\x03\x08xyz"s, 3), "xyz");
  EXPECT_EQ(unpacked(Codec::snappy, "\x0B\x08xyz\x11\x03"s, 11), "xyzxyzxyzxy");        // 8 from 3 before
  EXPECT_EQ(unpacked(Codec::snappy, "\x06\x08xyz\x0A\x03\x00"s, 6), "xyzxyz");          // two bytes of distance
  EXPECT_EQ(unpacked(Codec::snappy, "\x06\x08xyz\x0B\x03\x00\x00\x00"s, 6), "xyzxyz");  // four
  EXPECT_EQ(unpacked(Codec::snappy, "\x46\xF0\x45"s + std::string(70, 'a'), 70), std::string(70, 'a'));
  EXPECT_EQ(unpacked(Codec::snappy, "\x46\xF4\x45\x00"s + std::string(70, 'a'), 70), std::string(70, 'a'));
}

TEST(Snappy, RefusesWhatLeadsOutside) {
  EXPECT_TRUE(is_refused(Codec::snappy, "", 0));
  EXPECT_TRUE(is_refused(Codec::snappy, "\x03\x08xy"s, 3));                        // a literal that is cut
  EXPECT_TRUE(is_refused(Codec::snappy, "\x02\x08xyz"s, 2));                       // one that is longer than the page
  EXPECT_TRUE(is_refused(Codec::snappy, "\x0B\x08xyz\x11\x04"s, 11));              // from before the beginning
  EXPECT_TRUE(is_refused(Codec::snappy, "\x0B\x08xyz\x11\x00"s, 11));              // from here
  EXPECT_TRUE(is_refused(Codec::snappy, "\x05\x08xyz\x11\x03"s, 5));               // more than fits
  EXPECT_TRUE(is_refused(Codec::snappy, "\x04\x08xyz"s, 4));                       // less than it says
  EXPECT_TRUE(is_refused(Codec::snappy, "\x04\x08xyz"s, 3));                       // another size than the page's
  EXPECT_TRUE(is_refused(Codec::snappy, "\x03\xFC\xFF\xFF\xFF\xFFxyz"s, 3));       // a literal of 4 GiB
  EXPECT_TRUE(is_refused(Codec::snappy, "\xFF\xFF\xFF\xFF\xFF\xFF\x01"s, 3));      // a size without end
  EXPECT_TRUE(is_refused(Codec::snappy, "\x80\x80\x80\x80\x02\x00"s, 1U << 29U));  // far too much from far too little
}

TEST(Lz4, ReadsLiteralsAndCopies) {
  EXPECT_EQ(unpacked(Codec::lz4, "\x30xyz"s, 3), "xyz");
  EXPECT_EQ(unpacked(Codec::lz4, "\x34xyz\x03\x00\x10w"s, 12), "xyzxyzxyzxyw");  // 8 from 3 before, then a literal
  EXPECT_EQ(unpacked(Codec::lz4, "\xF0\x37"s + std::string(70, 'a'), 70), std::string(70, 'a'));
  EXPECT_EQ(unpacked(Codec::lz4, "\x1F\x61\x01\x00\xFF\x00\x00"s, 1 + 19 + 255), std::string(275, 'a'));
}

TEST(Lz4, RefusesWhatLeadsOutside) {
  EXPECT_TRUE(is_refused(Codec::lz4, "\x30xy"s, 3));
  EXPECT_TRUE(is_refused(Codec::lz4, "\x30xyz"s, 2));
  EXPECT_TRUE(is_refused(Codec::lz4, "\x30xyz"s, 4));
  EXPECT_TRUE(is_refused(Codec::lz4, "\x34xyz\x04\x00"s, 11));
  EXPECT_TRUE(is_refused(Codec::lz4, "\x34xyz\x00\x00"s, 11));
  EXPECT_TRUE(is_refused(Codec::lz4, "\x34xyz\x03"s, 11));
  EXPECT_TRUE(is_refused(Codec::lz4, "\x34xyz\x03\x00"s, 10));
  EXPECT_TRUE(is_refused(Codec::lz4, "\xF0\xFF\xFF"s, 600));
}

TEST(Unpack, RefusesEveryCodecsNonsenseAndOtherSizes) {
  for (const Codec codec : {Codec::none, Codec::snappy, Codec::gzip, Codec::brotli, Codec::lz4, Codec::zstd}) {
    EXPECT_TRUE(is_refused(codec, "\xDE\xAD\xBE\xEF\xFF\xFF\xFF"s, 100)) << static_cast<int>(codec);
    EXPECT_TRUE(is_refused(codec, "", 100)) << static_cast<int>(codec);
  }
  EXPECT_TRUE(is_refused(Codec::lzo, "x", 1));
  EXPECT_TRUE(is_refused(Codec::lz4_hadoop, "x", 1));
  EXPECT_EQ(unpacked(Codec::none, "xyz", 3), "xyz");
}

TEST(Checksum, IsTheOneOfZip) { EXPECT_EQ(checksum_of("123456789"), 0xCBF43926U); }  // CRC-32's published check value

}  // namespace
}  // namespace wakeful::parquet
