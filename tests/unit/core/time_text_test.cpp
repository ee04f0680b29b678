#include "platform/core/time_text.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::core {
namespace {

std::string read(std::string_view text) { return format_rfc3339(read_time_text(text).value()); }

TEST(TimeText, TakesTheUsualFormsOfOneTime) {
  for (const char* text :
       {"2026-03-01T12:00:00Z", "2026-03-01 12:00:00", "2026-03-01T13:00:00+01:00", "2026-03-01 12:00:00+00",
        "2026-03-01 07:00:00-0500", "  2026-03-01T12:00:00.000Z ", "1772366400", "1772366400000", "1772366400000000",
        "1772366400000000000", "1772366400.0", "1.7723664e9"}) {
    EXPECT_EQ(read(text), "2026-03-01T12:00:00Z") << text;
  }
}

TEST(TimeText, KeepsMicroseconds) {
  EXPECT_EQ(read("2026-03-01 12:00:00.000001+00"), "2026-03-01T12:00:00.000001Z");
  EXPECT_EQ(read("1772366400000001"), "2026-03-01T12:00:00.000001Z");
  EXPECT_EQ(read("1772366400000001999"), "2026-03-01T12:00:00.000001Z");
  EXPECT_EQ(read("1772366400.25"), "2026-03-01T12:00:00.250000Z");
}

TEST(TimeText, TakesADateForItsMidnightAndZeroFor1970) {
  EXPECT_EQ(read("2026-03-01"), "2026-03-01T00:00:00Z");
  EXPECT_EQ(read("0"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(read("-1"), "1969-12-31T23:59:59Z");
}

TEST(TimeText, TakesBlankTextForNothingAndRefusesTheRest) {
  EXPECT_EQ(read_time_text(""), std::nullopt);
  EXPECT_EQ(read_time_text("  "), std::nullopt);
  for (const char* text : {"yesterday", "12:00", "2026-13-01", "1e300", "nan", "2026-03-01T12:00:00X", "-"})
    EXPECT_THROW(read_time_text(text), Error) << text;
}

}  // namespace
}  // namespace wakeful::core
