#include "streams/last_batch.hpp"

#include <gtest/gtest.h>

#include <array>

namespace wakeful::streams {
namespace {

/// Remembers what it is told; a batch that is taken back leaves the lane where it was.
class OneLane final : public Keeper {
 public:
  std::vector<LaneState> take(std::span<const std::int64_t>) override { return {lane}; }
  void move(std::span<const LaneMove>, bool) override {}
  void settle(const LaneState& of, bool counts) override {
    lane = of;
    lane.is_open = false;
    if (!counts) lane.next = of.prior;
    ++settled;
  }
  bool keeps_alerts() const override { return false; }
  bool is_shared() const override { return false; }

  LaneState lane{};
  int settled = 0;
};

constexpr LaneState lane_at(std::int64_t next, std::int64_t prior, bool is_open) {
  return {.lane = 3, .epoch = 1, .next = next, .prior = prior, .is_open = is_open};
}

TEST(LastBatch, CountsIfTheBrokersHaveItsEnd) {
  OneLane keeper;
  const auto settled = settle_last_batch(keeper, lane_at(20, 10, true), 20);
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->next, 20);
  EXPECT_FALSE(settled->is_open);
  EXPECT_EQ(keeper.settled, 1);
}

TEST(LastBatch, NeverWasIfTheyHaveItsBeginning) {
  OneLane keeper;
  EXPECT_EQ(settle_last_batch(keeper, lane_at(20, 10, true), 10)->next, 10);
  EXPECT_EQ(settle_last_batch(keeper, lane_at(0, -1, true), std::nullopt)->next, -1);  // of a lane that was begun
}

TEST(LastBatch, IsNobodysIfTheyKnowNothingOrSomethingElseOfIt) {
  OneLane keeper;
  EXPECT_FALSE(settle_last_batch(keeper, lane_at(20, 10, true), std::nullopt));
  EXPECT_FALSE(settle_last_batch(keeper, lane_at(20, 0, true), std::nullopt));
  EXPECT_FALSE(settle_last_batch(keeper, lane_at(20, 10, true), 15));
  EXPECT_FALSE(settle_last_batch(keeper, lane_at(20, 10, true), 25));
  EXPECT_EQ(keeper.settled, 0);
}

TEST(LastBatch, OfALaneWhoseBatchesCountBrokersMayHaveForgottenButNotKnowMore) {
  OneLane keeper;
  EXPECT_EQ(settle_last_batch(keeper, lane_at(20, 10, false), std::nullopt)->next, 20);
  EXPECT_EQ(settle_last_batch(keeper, lane_at(20, 10, false), 12)->next, 20);
  EXPECT_EQ(settle_last_batch(keeper, lane_at(20, 10, false), 20)->next, 20);
  EXPECT_FALSE(settle_last_batch(keeper, lane_at(20, 10, false), 21));
  EXPECT_EQ(keeper.settled, 0);
}

}  // namespace
}  // namespace wakeful::streams
