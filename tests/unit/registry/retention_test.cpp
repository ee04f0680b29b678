#include "registry/retention.hpp"

#include <gtest/gtest.h>

namespace wakeful::registry {
namespace {

using Numbers = std::vector<std::int64_t>;

std::vector<VersionFacts> plain(const Numbers& numbers) {
  std::vector<VersionFacts> facts;
  for (const std::int64_t number : numbers) facts.push_back({.version = number});
  return facts;
}

TEST(Retention, KeepsTheHighestNumbersWhateverTheirOrder) {
  EXPECT_EQ(plan_retention(plain({7, 1, 3, 9, 4}), 2), (Numbers{1, 3, 4}));
  EXPECT_EQ(plan_retention(plain({1, 2, 3}), 3), Numbers{});
  EXPECT_EQ(plan_retention(plain({1, 2, 3}), 5), Numbers{});
  EXPECT_EQ(plan_retention(plain({}), 0), Numbers{});
  EXPECT_EQ(plan_retention(plain({2, 1}), 0), (Numbers{1, 2}));
}

TEST(Retention, KeepsWhatSomebodyPointsAtBesides) {
  std::vector<VersionFacts> facts = plain({1, 2, 3, 4, 5, 6});
  facts[0].has_alias = true;
  facts[1].stage = Stage::production;
  facts[2].stage = Stage::staging;
  facts[3].stage = Stage::archived;
  EXPECT_EQ(plan_retention(facts, 1), (Numbers{4, 5}));
  EXPECT_EQ(plan_retention(facts, 0), (Numbers{4, 5, 6}));
}

TEST(Retention, CountsThePinnedAmongTheNewestWhereTheyAre) {
  std::vector<VersionFacts> facts = plain({1, 2, 3});
  facts[2].has_alias = true;
  EXPECT_EQ(plan_retention(facts, 2), (Numbers{1}));
}

}  // namespace
}  // namespace wakeful::registry
