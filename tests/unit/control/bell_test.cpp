#include "control/bell.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace wakeful::control {
namespace {

TEST(Bell, WakesWhoWaits) {
  Bell bell;
  const std::uint64_t heard = bell.rung();
  std::thread ringer([&] { bell.ring(); });
  bell.wait(heard, core::Deadline::after(std::chrono::seconds(60)));
  EXPECT_EQ(bell.rung(), heard + 1);
  ringer.join();
}

TEST(Bell, IsNotMissedByWhoLookedJustBefore) {
  Bell bell;
  const std::uint64_t heard = bell.rung();
  bell.ring();
  bell.wait(heard, core::Deadline::after(std::chrono::seconds(60)));
  EXPECT_EQ(bell.rung(), 1U);
}

TEST(Bell, IsWaitedForNoLongerThanAsked) {
  Bell bell;
  bell.wait(bell.rung(), core::Deadline::after(std::chrono::milliseconds(0)));
  EXPECT_EQ(bell.rung(), 0U);
}

}  // namespace
}  // namespace wakeful::control
