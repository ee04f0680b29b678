#include "runner/time_text.hpp"

#include <gtest/gtest.h>

namespace wakeful::runner {
namespace {

TEST(TextBounds, EncloseEveryFormOfTheTimesInTheSpan) {
  const core::Timestamp after = core::parse_rfc3339("2026-03-01T10:05:59.999999Z");
  const core::Timestamp until = core::parse_rfc3339("2026-03-01T10:07:59.999999Z");
  const TextBounds bounds = text_bounds(after, until);
  for (const char* time : {"10:06:00", "10:06:00Z", "10:06:00.000000", "10:07:59", "10:07:59Z", "10:07:59.999999",
                           "10:07:59.999999Z", "10:07:59+00:00"}) {
    for (const char separator : {' ', 'T'}) {
      const std::string text = std::string("2026-03-01") + separator + time;
      EXPECT_GT(text, bounds.lower);
      EXPECT_LE(text, bounds.upper);
    }
  }
  EXPECT_LE(std::string("2026-02-28T23:59:59Z"), bounds.lower) << "no more than a day too much";
  EXPECT_GT(std::string("2026-03-02 00:00:00"), bounds.upper);
}

TEST(TextBounds, EncloseMidnightsWithoutATime) {
  const TextBounds bounds = text_bounds(core::parse_rfc3339("2026-02-28T23:59:59.999999Z"),
                                        core::parse_rfc3339("2026-03-01T23:59:59.999999Z"));
  EXPECT_GT(std::string("2026-03-01"), bounds.lower);
  EXPECT_LE(std::string("2026-03-01"), bounds.upper);
}

}  // namespace
}  // namespace wakeful::runner
