#include "platform/events/events.hpp"

#include <thread>

#include "platform/core/error.hpp"
#include "support/database.hpp"

namespace wakeful::events {
namespace {

const core::Timestamp kNow = core::from_us(1'700'000'000'000'000);

class Events : public wakeful::testing::EveryDatabase {
 protected:
  std::int64_t add(std::string_view kind, std::string_view subject, core::Timestamp at = kNow) {
    return db().write([&](db::Tx& tx) { return append(tx, {.kind = kind, .subject = subject, .payload = "{}"}, at); });
  }
  std::vector<std::string> subjects(std::int64_t after, std::int64_t limit, std::vector<std::string_view> kinds = {}) {
    std::vector<std::string> found;
    for (const Event& event : db().read([&](db::Tx& tx) { return list_after(tx, after, limit, kinds); }))
      found.push_back(event.subject);
    return found;
  }
  using Subjects = std::vector<std::string>;
};

TEST_P(Events, KeepWhatHappened) {
  const std::int64_t id = db().write([](db::Tx& tx) {
    return append(tx, {.kind = "run.ended", .subject = "r1", .payload = R"({"status":"é"})"}, kNow);
  });
  const auto found = db().read([](db::Tx& tx) { return list_after(tx, 0, 10); });
  ASSERT_EQ(1U, found.size());
  EXPECT_EQ(id, found[0].id);
  EXPECT_EQ(kNow, found[0].time);
  EXPECT_EQ("run.ended", found[0].kind);
  EXPECT_EQ("r1", found[0].subject);
  EXPECT_EQ(R"({"status":"é"})", found[0].payload);
}

TEST_P(Events, AreReadOnFromTheLastOneSeen) {
  EXPECT_EQ(0, db().read(newest_id));
  const std::int64_t first = add("a", "1");
  add("b", "2");
  const std::int64_t third = add("a", "3");
  EXPECT_EQ((Subjects{"1", "2", "3"}), subjects(0, 10));
  EXPECT_EQ((Subjects{"2", "3"}), subjects(first, 10));
  EXPECT_EQ((Subjects{"1", "2"}), subjects(0, 2));
  EXPECT_EQ((Subjects{"1", "3"}), subjects(0, 10, {"a"}));
  EXPECT_EQ((Subjects{"1", "2", "3"}), subjects(0, 10, {"a", "b", "c"}));
  EXPECT_TRUE(subjects(third, 10).empty());
  EXPECT_EQ(third, db().read(newest_id));
}

TEST_P(Events, OfOneChangeComeTogetherAndInOrder) {
  const std::vector<NewEvent> two{{"a", "1", "{}"}, {"a", "2", "{}"}};
  const std::int64_t last = db().write([&](db::Tx& tx) { return append(tx, two, kNow); });
  EXPECT_EQ((Subjects{"1", "2"}), subjects(0, 10));
  EXPECT_EQ((Subjects{"2"}), subjects(last - 1, 10));
  EXPECT_EQ(last, db().write([&](db::Tx& tx) { return append(tx, std::span<const NewEvent>(), kNow); }));
}

TEST_P(Events, OfAChangeThatFailedDidNotHappen) {
  EXPECT_THROW(db().write([](db::Tx& tx) {
    append(tx, {.kind = "a", .subject = "1", .payload = "{}"}, kNow);
    throw core::conflict("lost");
  }),
               core::Error);
  EXPECT_TRUE(subjects(0, 10).empty());
}

TEST_P(Events, ArePrunedOldestFirstAndIdsGoOn) {
  for (int i = 0; i < 5; ++i) add("a", std::to_string(i), kNow + std::chrono::seconds(i));
  const auto remove = [&](int seconds, std::int64_t limit) {
    return db().write([&](db::Tx& tx) { return prune(tx, kNow + std::chrono::seconds(seconds), limit); });
  };
  EXPECT_EQ(2, remove(3, 2));
  EXPECT_EQ((Subjects{"2", "3", "4"}), subjects(0, 10));
  EXPECT_EQ(3, remove(100, 100));
  EXPECT_EQ(6, add("a", "later"));
}

TEST_P(Events, RefuseTooManyKinds) {
  EXPECT_THROW(subjects(0, 1, std::vector<std::string_view>(kMaxKinds + 1, "a")), core::Error);
  EXPECT_TRUE(subjects(0, 1, std::vector<std::string_view>(kMaxKinds, "a")).empty());
}

TEST_P(Events, AreNeverMissedByWhoReadsOnWhileOthersAppend) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) add("a", "x");
    });
  std::int64_t seen = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (seen < kThreads * kEach && std::chrono::steady_clock::now() < end)
    for (const Event& event : db().read([&](db::Tx& tx) { return list_after(tx, seen, 7); })) {
      EXPECT_EQ(seen + 1, event.id);
      seen = event.id;
    }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(kThreads * kEach, seen);
}

WAKEFUL_ON_EVERY_DATABASE(Events);

}  // namespace
}  // namespace wakeful::events
