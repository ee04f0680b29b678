#include "serving/activity.hpp"

#include <gtest/gtest.h>

namespace wakeful::serving {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const core::Timestamp kNow = core::parse_rfc3339("2026-01-05T12:00:00Z");

TEST(Activity, IsNothingBeforeTheFirstAnswer) {
  const Activity none;
  EXPECT_EQ(none.latency().average_ms, 0);
  EXPECT_EQ(none.latency().p95_ms, 0);
  EXPECT_EQ(none.last_minute(kNow), 0U);
}

TEST(Activity, HasAPercentileThatIsNeverAboveTheSlowestAnswer) {
  Activity few;
  for (const int took : {1, 2, 3, 4, 5}) few.count(kNow, milliseconds(took));
  EXPECT_DOUBLE_EQ(few.latency().average_ms, 3);
  EXPECT_NEAR(few.latency().p95_ms, 4.8, 1e-9);  // between the fourth and the fifth; no extrapolation to 5.7
  Activity one;
  one.count(kNow, milliseconds(7));
  EXPECT_DOUBLE_EQ(one.latency().p95_ms, 7);
}

TEST(Activity, CountsTheAnswersOfAMinuteAndNotTheMeanOfItsBusySeconds) {
  Activity busy;
  for (int i = 0; i < 30; ++i) busy.count(kNow, milliseconds(1));
  for (int i = 0; i < 10; ++i) busy.count(kNow + seconds(40), milliseconds(1));
  EXPECT_EQ(busy.last_minute(kNow + seconds(40)), 40U);
  EXPECT_EQ(busy.last_minute(kNow + seconds(59)), 40U);
  EXPECT_EQ(busy.last_minute(kNow + seconds(60)), 10U);
  EXPECT_EQ(busy.last_minute(kNow + seconds(100)), 0U);
}

TEST(Activity, RemembersTheNewestAnswersOnly) {
  Activity long_lived;
  for (std::size_t i = 0; i < Activity::kSamples; ++i) long_lived.count(kNow, milliseconds(1000));
  for (std::size_t i = 0; i < Activity::kSamples; ++i) long_lived.count(kNow + seconds(1), milliseconds(2));
  EXPECT_DOUBLE_EQ(long_lived.latency().average_ms, 2);
  // A day later the slots of the seconds hold what is new, and nothing of the day before.
  long_lived.count(kNow + std::chrono::hours(24), milliseconds(2));
  EXPECT_EQ(long_lived.last_minute(kNow + std::chrono::hours(24)), 1U);
}

}  // namespace
}  // namespace wakeful::serving
