#include "streams/state.hpp"

#include <gtest/gtest.h>

#include <array>

#include "platform/core/error.hpp"
#include "support/database.hpp"

namespace wakeful::streams {
namespace {

constexpr core::Timestamp kNow = core::from_us(1'700'000'000'000'000);
constexpr std::int64_t kEpoch = core::to_us(kNow);  // the first one
constexpr std::array<std::int64_t, 2> kBoth = {0, 3};

class StateTest : public testing::EveryDatabase {
 protected:
  std::vector<LaneState> take(std::string_view owner = "a", std::string_view fingerprint = "f") {
    return db().write([&](db::Tx& tx) {
      return take_lanes(tx, {.detector = "hot", .fingerprint = fingerprint, .owner = owner}, kBoth, kNow);
    });
  }
  void move(const std::vector<LaneMove>& moves, bool is_open = false) {
    db().write([&](db::Tx& tx) { move_lanes(tx, "hot", moves, is_open, kNow); });
  }
  void settle(const LaneState& lane, bool counts) {
    db().write([&](db::Tx& tx) { settle_lane(tx, "hot", lane, counts, kNow); });
  }
  std::vector<LaneStatus> lanes() {
    return db().read([](db::Tx& tx) { return list_lanes(tx, "hot"); });
  }
  static LaneMove move_of(std::int64_t epoch, std::int64_t from, std::int64_t next, std::vector<KeyState> keys,
                          std::int64_t alerts = 0) {
    LaneMove out{.lane = 3, .epoch = epoch, .from = from, .next = next, .end = next + 5, .changed = std::move(keys)};
    out.counts.events = next;
    out.counts.alerts = alerts;
    return out;
  }
  static std::vector<double> state_of_key(const LaneState& lane, std::string_view key) {
    for (const KeyState& k : lane.keys)
      if (k.key == key) return k.state;
    return {};
  }
};

TEST_P(StateTest, KeepsWhatALaneWasMovedTo) {
  const auto fresh = take();
  ASSERT_EQ(fresh.size(), 2U);
  EXPECT_EQ(fresh[1].next, LaneState::kUnread);
  EXPECT_EQ(fresh[1].epoch, kEpoch);
  LaneMove first = move_of(kEpoch, -1, 10, {{"k", {1, 2.5, -1e300}}, {"", {}}}, 1);
  first.alerts = {{.key = "k", .start_ms = 1, .end_ms = 2, .event_ms = 1, .count = 3, .value = 4.5}};
  move({first});
  const auto again = take("b");
  EXPECT_EQ(again[0].next, LaneState::kUnread);
  EXPECT_EQ(again[1].epoch, kEpoch + 1);
  EXPECT_EQ(again[1].next, 10);
  EXPECT_EQ(again[1].counts, first.counts);
  EXPECT_EQ(state_of_key(again[1], "k"), (std::vector<double>{1, 2.5, -1e300}));
  const auto shown = lanes();
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[1].lane, 3);
  EXPECT_EQ(shown[1].owner, "b");
  EXPECT_EQ(shown[1].keys, 2);
  EXPECT_EQ(shown[1].end, 15);
}

TEST_P(StateTest, RefusesTheMovesOfWhoeverLostTheLane) {
  take();
  take("b");
  EXPECT_THROW(move({move_of(kEpoch, -1, 10, {})}), core::Error);
  move({move_of(kEpoch + 1, -1, 10, {})});
  EXPECT_THROW(move({move_of(kEpoch + 1, -1, 12, {})}), core::Error);  // from where it no longer stands
  LaneMove fine = move_of(kEpoch + 1, -1, 4, {});
  fine.lane = 0;
  EXPECT_THROW(move({fine, move_of(kEpoch, 10, 12, {})}), core::Error);
  EXPECT_EQ(lanes()[0].next, LaneState::kUnread);  // all or none
}

TEST_P(StateTest, TakesAnOpenBatchBack) {
  take();
  LaneMove first = move_of(kEpoch, -1, 10, {{"old", {1}}, {"both", {1}}}, 1);
  first.alerts.resize(1);
  move({first}, true);
  LaneMove second = move_of(kEpoch, 10, 20, {{"both", {2}}, {"new", {2}}}, 3);
  second.alerts.resize(2);
  move({second}, true);
  LaneState lane = take()[1];
  EXPECT_TRUE(lane.is_open);
  EXPECT_EQ(lane.next, 20);
  EXPECT_EQ(lane.prior, 10);
  settle(lane, false);
  lane = take()[1];
  EXPECT_FALSE(lane.is_open);
  EXPECT_EQ(lane.next, 10);
  EXPECT_EQ(lane.counts, first.counts);
  EXPECT_EQ(lane.keys.size(), 2U);
  EXPECT_EQ(state_of_key(lane, "old"), std::vector<double>{1});
  EXPECT_EQ(state_of_key(lane, "both"), std::vector<double>{1});
  second.epoch = lane.epoch;  // and it can be given again, alerts and all
  move({second}, true);
  lane = take()[1];
  EXPECT_EQ(state_of_key(lane, "both"), std::vector<double>{2});
  settle(lane, true);
  EXPECT_FALSE(take()[1].is_open);
  EXPECT_THROW(settle(lane, true), core::Error);  // another's by now
}

TEST_P(StateTest, TakesTheVeryFirstBatchBack) {
  take();
  move({move_of(kEpoch, -1, 10, {{"k", {1}}})}, true);
  settle(take()[1], false);
  const LaneState lane = take()[1];
  EXPECT_EQ(lane.next, LaneState::kUnread);
  EXPECT_TRUE(lane.keys.empty());
  EXPECT_EQ(lane.counts, Counts{});
}

TEST_P(StateTest, BelongsToItsDefinition) {
  take();
  try {
    take("a", "another");
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::conflict);
    EXPECT_EQ(e.field(), "state");
  }
  db().write([](db::Tx& tx) { remove_stream(tx, "hot"); });
  EXPECT_EQ(take("a", "another")[0].epoch, kEpoch);
}

TEST_P(StateTest, MovesNothingByAnEpochOfAStateThatIsGone) {
  take();
  db().write([](db::Tx& tx) { remove_stream(tx, "hot"); });
  const auto again = db().write([](db::Tx& tx) {
    return take_lanes(tx, {.detector = "hot", .fingerprint = "f", .owner = "b"}, kBoth, kNow + std::chrono::seconds(1));
  });
  EXPECT_THROW(move({move_of(kEpoch, -1, 10, {})}), core::Error);  // whoever slept through all that
  move({move_of(again[1].epoch, -1, 10, {})});
}

TEST_P(StateTest, RespectsALeaseWhereNobodyElseSaysWhoseLaneItIs) {
  const auto ask = [&](std::string_view owner, core::Timestamp now) {
    return db().write([&](db::Tx& tx) {
      return take_lanes(tx,
                        {.detector = "hot",
                         .fingerprint = "f",
                         .owner = owner,
                         .is_assigned = false,
                         .lease = std::chrono::seconds(10)},
                        std::array<std::int64_t, 1>{0}, now);
    });
  };
  ask("a", kNow);
  EXPECT_THROW(ask("b", kNow + std::chrono::seconds(9)), core::Error);
  EXPECT_EQ(ask("a", kNow + std::chrono::seconds(9)).front().epoch, kEpoch + 1);
  EXPECT_EQ(ask("b", kNow + std::chrono::seconds(20)).front().epoch, kEpoch + 2);
}

TEST_P(StateTest, KeepsTheNameOfItsReaderFromTheFirstOnOn) {
  const auto keep = [&](std::string_view detector, std::string_view proposed) {
    return db().write([&](db::Tx& tx) { return keep_instance(tx, detector, proposed); });
  };
  EXPECT_EQ(keep("cold", "a"), "a");  // before any lane was taken
  EXPECT_EQ(keep("cold", "b"), "a");
  take("of lanes");  // of a state that was made before names were kept
  EXPECT_EQ(keep("hot", "c"), "of lanes");
  EXPECT_EQ(keep("hot", "d"), "of lanes");
}

TEST_P(StateTest, KnowsWhichFilesItsLengthsAreOf) {
  const auto find = [&] { return db().read([](db::Tx& tx) { return find_files(tx, "hot"); }); };
  db().write([](db::Tx& tx) { keep_instance(tx, "hot", "a"); });
  EXPECT_EQ(find(), OutputFiles{});
  LaneMove first = move_of(take()[1].epoch, -1, 10, {});
  first.counts.written = 100;
  first.counts.dead = 50;
  move({first}, true);
  const OutputFiles one{.alerts = "one", .dead = "dead"}, other{.alerts = "other", .dead = "dead"};
  db().write([&](db::Tx& tx) { keep_files(tx, "hot", one, std::nullopt); });  // as ever, but known now
  EXPECT_EQ(find(), one);
  EXPECT_EQ(lanes()[1].counts.written, 100);
  db().write([&](db::Tx& tx) { keep_files(tx, "hot", other, one); });
  EXPECT_EQ(find(), other);
  EXPECT_EQ(lanes()[1].counts.written, 0);
  EXPECT_EQ(lanes()[1].counts.dead, 50);
}

TEST_P(StateTest, OfAStateFromBeforeFilesWereKeptNothingIsKnown) {
  take();
  db().write([](db::Tx& tx) { keep_instance(tx, "hot", "a"); });
  EXPECT_EQ(db().read([](db::Tx& tx) { return find_files(tx, "hot"); }), std::nullopt);
}

WAKEFUL_ON_EVERY_DATABASE(StateTest);

}  // namespace
}  // namespace wakeful::streams
