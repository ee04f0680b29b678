#include "tracker/random_name.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "platform/core/text.hpp"

namespace wakeful::tracker {
namespace {

TEST(RandomNames, AreShortLowerCaseAndMadeOfThreeParts) {
  std::set<std::string> names;
  for (int i = 0; i < 5'000; ++i) {
    const std::string name = random_name(std::to_string(i));
    EXPECT_LE(name.size(), 20U) << name;
    EXPECT_EQ(name, core::to_lower(name));
    const auto parts = core::split(name, '-');
    ASSERT_EQ(parts.size(), 3U) << name;
    const auto number = core::to_integer(parts[2]);
    EXPECT_TRUE(number && *number >= 0 && *number <= 1000) << name;
    names.insert(name);
  }
  EXPECT_GT(names.size(), 4'900U);
}

TEST(RandomNames, DependOnTheIdOnly) { EXPECT_EQ(random_name("abc"), random_name("abc")); }

}  // namespace
}  // namespace wakeful::tracker
