#include "platform/core/clock.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::core {
namespace {

using namespace std::chrono_literals;

TEST(Rfc3339, ReadsEveryAcceptedFormAsTheSameInstant) {
  const Timestamp noon = parse_rfc3339("2026-03-01T12:00:00Z");
  EXPECT_EQ(to_us(noon), 1'772'366'400'000'000);
  for (const char* text : {"2026-03-01 12:00:00", "2026-03-01T13:00:00+01:00", "2026-03-01T06:30:00-0530",
                           "2026-03-01t12:00z", "2026-03-01T12:00:00.000000", "2026-03-01T12:00:00.0000009Z"})
    EXPECT_EQ(parse_rfc3339(text), noon) << text;
  EXPECT_EQ(parse_rfc3339("2026-03-01"), noon - 12h);
  EXPECT_EQ(parse_rfc3339("2026-03-01T12:00:00.25Z"), noon + 250ms);
  EXPECT_EQ(to_us(parse_rfc3339("1969-12-31T23:59:59.5Z")), -500'000);
}

TEST(Rfc3339, RefusesWhatIsNoTimeAndSaysTheText) {
  for (const char* text : {"", "now", "2026-02-29", "2026-3-1", "2026-03-01T24:00:00Z", "2026-03-01T12:00:00+25:00",
                           "2026-03-01T12:00:00Zx", "2026-03-01T12:00:00.Z", "1772366400", "2026-03-01T12"}) {
    try {
      parse_rfc3339(text);
      FAIL() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::invalid);
      EXPECT_NE(std::string(e.what()).find(text), std::string::npos);
    }
  }
}

TEST(Rfc3339, WritesMicrosecondsOnlyWhereThereAreAny) {
  EXPECT_EQ(format_rfc3339(from_us(1'772'366'400'000'000)), "2026-03-01T12:00:00Z");
  EXPECT_EQ(format_rfc3339(from_us(1'772'366'400'000'001)), "2026-03-01T12:00:00.000001Z");
  EXPECT_EQ(format_rfc3339(from_us(-1)), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(to_ms(from_us(-1)), -1);
}

TEST(Durations, ReadAndWriteTheirUnits) {
  EXPECT_EQ(parse_duration("30d"), 30 * 24h);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(format_duration(5min), "5m");
  EXPECT_EQ(format_duration(36h), "36h");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(0s), "0s");
  for (const char* text : {"", "5", "m", "-5m", "5x", "5m5", "1.5h", "999999999999d"})
    EXPECT_THROW(parse_duration(text), Error) << text;
}

}  // namespace
}  // namespace wakeful::core
