#include "platform/core/text.hpp"

#include <array>
#include <chrono>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "platform/core/digest.hpp"
#include "platform/core/id.hpp"

namespace wakeful::core {
namespace {

TEST(Utf8, AcceptsWholeSequencesOnly) {
  for (const char* good : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  // Cut, overlong, surrogate, beyond the last code point, stray continuation.
  for (const char* bad : {"\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xff"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Utf8, IsCutBetweenCharacters) {
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("abcd", 3), "abc");
  EXPECT_EQ(cut("aé€", 3), "aé");
  EXPECT_EQ(cut("aé€", 5), "aé");  // the euro sign has three bytes
  EXPECT_EQ(cut("aé€", 6), "aé€");
  EXPECT_EQ(cut("€", 2), "");
  EXPECT_EQ(cut("€", 0), "");
}

TEST(Numbers, AreReadWholeOrNotAtAll) {
  EXPECT_EQ(to_integer("-42"), -42);
  for (const char* bad : {"", "1 ", " 1", "1x", "9223372036854775808", "+1", "1.0"})
    EXPECT_FALSE(to_integer(bad)) << bad;
  EXPECT_EQ(to_real("1e3"), 1000.0);
  EXPECT_EQ(to_real("+2.5"), 2.5);
  EXPECT_EQ(to_real("-Infinity"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(to_real("1e999"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(to_real("1e-999"), 0.0);
  EXPECT_EQ(to_real("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(to_real("-" + std::string(400, '9') + ".5e-10"), -std::numeric_limits<double>::infinity());
  for (const char* bad : {"", "+", "+-5", "1,5", "one", "1e", "0x10", "1 "}) EXPECT_FALSE(to_real(bad)) << bad;
  for (const double d : {0.1, 1e300, 5e-324, 1.0 / 3}) EXPECT_EQ(to_real(format_real(d)), d);
}

TEST(DidYouMean, SuggestsOnlyWhatIsNear) {
  constexpr std::array<std::string_view, 3> known = {"isolation_forest", "ar_ridge", "ewma_residual"};
  EXPECT_EQ(did_you_mean("isolation_forrest", known), "isolation_forest");
  EXPECT_EQ(did_you_mean("arridge", known), "ar_ridge");
  EXPECT_EQ(did_you_mean("prophet", known), std::nullopt);
  // A key may be as long as a body: letter by letter, against each known one, this took seconds.
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(did_you_mean(std::string(50'000'000, 'x'), known), std::nullopt);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
}

TEST(Base64Url, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    const std::string text = to_base64url(bytes);
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
    EXPECT_EQ(from_base64url(text), bytes);
    bytes += static_cast<char>(i * 37);
  }
  EXPECT_EQ(to_base64url("hello?"), "aGVsbG8_");
  for (const char* bad : {"a", "a+b=", "é"}) EXPECT_FALSE(from_base64url(bad)) << bad;
}

TEST(PercentEncoding, DecodesOnceAndRefusesBadEscapes) {
  EXPECT_EQ(percent_decode("a%2Fb%252F+c"), "a/b%2F+c");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_encode("a/b c~"), "a%2Fb%20c~");
  for (const char* bad : {"%", "%2", "%zz", "a%u002f"}) EXPECT_FALSE(percent_decode(bad)) << bad;
}

// NIST FIPS 180-2, appendix B.1 and the empty message.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Ids, AreFreshAndOfTheirForm) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_hex_id();
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(id).second);
    const std::string number = new_decimal_id(18);
    EXPECT_EQ(number.size(), 18U);
    EXPECT_NE(number.front(), '0');
  }
}

TEST(Trim, TakesWhiteSpaceOffBothEnds) {
  EXPECT_EQ(trim(" \t a b\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
}

}  // namespace
}  // namespace wakeful::core
