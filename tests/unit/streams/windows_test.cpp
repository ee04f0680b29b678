#include "streams/windows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "platform/core/error.hpp"
#include "platform/core/random.hpp"
#include "streams/engine.hpp"
#include "streams/key_detector.hpp"

namespace wakeful::streams {
namespace {

using nlohmann::json;

std::filesystem::path data() {
  const char* set = std::getenv("WAKEFUL_TEST_DATA");
  return set ? std::filesystem::path(set) : std::filesystem::path(WAKEFUL_SOURCE_DIR) / "../shared/data";
}

WindowSpec hopping(std::int64_t size, std::int64_t step, std::int64_t grace = 0) {
  return {.kind = WindowKind::hopping, .size_ms = size, .step_ms = step, .grace_ms = grace};
}
WindowSpec sliding(std::int64_t size, std::int64_t grace = 0) {
  return {.kind = WindowKind::sliding, .size_ms = size, .step_ms = size, .grace_ms = grace};
}

void expect_windows(const std::vector<Window>& got, const json& expected, const std::string& where) {
  ASSERT_EQ(got.size(), expected.size()) << where;
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].start, expected[i]["start"].get<std::int64_t>()) << where;
    EXPECT_EQ(got[i].end, expected[i]["end"].get<std::int64_t>()) << where;
    EXPECT_EQ(got[i].count, expected[i]["count"].get<std::int64_t>()) << where;
    for (const auto& [name, aggregate] : {std::pair{"mean", Aggregate::mean}, std::pair{"sum", Aggregate::sum},
                                          std::pair{"min", Aggregate::min}, std::pair{"max", Aggregate::max}})
      EXPECT_NEAR(got[i].value(aggregate), expected[i][name].get<double>(), 1e-9) << where << " " << name;
  }
}

// 1,050 events under 7 definitions, and what Quix Streams 3.25 did with them.
TEST(Windows, DoWhatQuixStreamsDoes) {
  std::ifstream file(data() / "vectors/quix_windows.json");
  if (!file) GTEST_SKIP() << "no vectors in " << data();
  const json vectors = json::parse(file);
  std::size_t events = 0;
  for (const json& one : vectors["cases"]) {
    const WindowSpec spec = hopping(one["duration_ms"], one["step_ms"], one["grace_ms"]);
    std::map<std::string, KeyWindows> keys;
    Outcome out;
    for (const json& event : one["events"]) {
      keys[event["key"]].add(spec, event["ts"], event["value"], out);
      const std::string where =
          one["duration_ms"].dump() + "/" + one["step_ms"].dump() + " " + event.dump().substr(0, 60);
      expect_windows(out.updated, event["current"], where);
      expect_windows(out.closed, event["final"], where);
      ASSERT_EQ(out.late.size(), event["late"].size()) << where;
      for (std::size_t i = 0; i < out.late.size(); ++i) {
        EXPECT_EQ(out.late[i].start, event["late"][i]["start"].get<std::int64_t>()) << where;
        EXPECT_EQ(out.late[i].end, event["late"][i]["end"].get<std::int64_t>()) << where;
        EXPECT_EQ(out.late[i].late_by, event["late"][i]["late_by"].get<std::int64_t>()) << where;
      }
      ++events;
    }
  }
  EXPECT_EQ(events, 1'050U);
}

TEST(Windows, BelongToEventsOnlyFromTheFirstOn) {
  KeyWindows key;
  Outcome out;
  key.add(hopping(5'000, 2'000), 4'999, 1, out);
  ASSERT_EQ(out.updated.size(), 3U);  // 0, 2000, 4000
  EXPECT_EQ(out.updated[2].start, 4'000);
  key.add(hopping(5'000, 2'000), 5'000, 1, out);
  ASSERT_EQ(out.updated.size(), 2U);
  EXPECT_EQ(out.updated[0].start, 2'000);
  ASSERT_EQ(out.closed.size(), 1U);
  EXPECT_EQ(out.closed[0].end, 5'000);
}

TEST(Windows, SlideToEveryEventWithBothEndsIncluded) {
  KeyWindows key;
  Outcome out;
  const WindowSpec spec = sliding(1'000, 500);
  const auto counts = [&](std::int64_t ts, double value) {
    key.add(spec, ts, value, out);
    std::vector<std::pair<std::int64_t, std::int64_t>> ends;
    for (const Window& window : out.updated) ends.emplace_back(window.end, window.count);
    return ends;
  };
  using Ends = std::vector<std::pair<std::int64_t, std::int64_t>>;
  EXPECT_EQ(counts(1'000, 1), (Ends{{1'000, 1}}));
  EXPECT_EQ(counts(2'000, 3), (Ends{{2'000, 2}}));              // reaches back to 1000, included
  EXPECT_EQ(counts(1'600, 5), (Ends{{1'600, 2}, {2'000, 3}}));  // within the grace: those after it change too
  EXPECT_DOUBLE_EQ(out.updated[1].value(Aggregate::mean), 3);
  EXPECT_EQ(counts(1'499, 9), Ends{});  // behind it
  ASSERT_EQ(out.late.size(), 1U);
  EXPECT_EQ(out.late[0].late_by, 1);
  EXPECT_EQ(counts(2'000, 1), (Ends{{2'000, 4}}));  // a second one at the same time: one window
  EXPECT_EQ(counts(2'600, 1), (Ends{{2'600, 4}}));  // 1600, both at 2000, itself
  ASSERT_EQ(out.closed.size(), 2U);                 // what ends before 2100; the one at 1000 was given before
  EXPECT_EQ(out.closed[0].end, 1'600);
  EXPECT_EQ(out.closed[1].end, 2'000);
  EXPECT_EQ(out.closed[1].count, 4);
}

TEST(Windows, GiveEachWindowAsFinalOnceWhateverTheOrderWithinTheGrace) {
  for (const WindowSpec& spec : {hopping(400, 100, 300), sliding(400, 300)}) {
    core::Random chance(7);
    KeyWindows shuffled, ordered;
    Outcome out;
    std::map<std::int64_t, std::pair<std::int64_t, double>> a, b;  // by end: count and sum
    const auto note = [&out](auto& into) {
      for (const Window& window : out.closed) {
        EXPECT_EQ(into.count(window.end), 0U);
        into[window.end] = {window.count, window.sum};
      }
    };
    for (std::int64_t t = 0; t < 3'000; t += 100) {
      std::vector<std::int64_t> batch = {t + 5, t + 35, t + 70};
      for (const std::int64_t ts : batch) {
        ordered.add(spec, ts, static_cast<double>(ts), out);
        note(a);
      }
      std::swap(batch[0], batch[chance.below(3)]);
      std::swap(batch[1], batch[2]);
      for (const std::int64_t ts : batch) {
        shuffled.add(spec, ts, static_cast<double>(ts), out);
        EXPECT_TRUE(out.late.empty());
        note(b);
      }
    }
    for (auto* key : {&ordered, &shuffled}) {
      key->add(spec, 100'000, 0, out);
      note(key == &ordered ? a : b);
    }
    EXPECT_GT(a.size(), 25U);
    EXPECT_EQ(a, b);
  }
}

TEST(Windows, GoOnAfterSaveAndReadAsIfNothingHadHappened) {
  for (const WindowSpec& spec : {hopping(500, 200, 100), sliding(300, 100)}) {
    core::Random chance(3);
    KeyWindows whole;
    std::vector<double> saved;
    Outcome one, other;
    std::int64_t ts = 0;
    for (int i = 0; i < 300; ++i) {
      ts = std::max<std::int64_t>(0, ts + static_cast<std::int64_t>(chance.below(120)) - 30);
      const double value = chance.normal();
      KeyWindows again;
      std::size_t at = 0;
      saved = whole.save();
      again.read(saved, at);
      EXPECT_EQ(at, saved.size());
      whole.add(spec, ts, value, one);
      again.add(spec, ts, value, other);
      EXPECT_EQ(one.updated, other.updated);
      EXPECT_EQ(one.closed, other.closed);
      EXPECT_EQ(whole.save(), again.save());
    }
  }
}

TEST(Windows, RefuseAStateThatDoesNotFitTogether) {
  KeyWindows key;
  Outcome out;
  key.add(hopping(500, 200), 700, 1, out);
  const std::vector<double> good = key.save();
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    std::size_t at = 0;
    EXPECT_THROW(KeyWindows().read({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(cut)}, at), core::Error);
  }
  std::vector<double> bad = good;
  bad[1] = 1e300;
  std::size_t at = 0;
  EXPECT_THROW(KeyWindows().read(bad, at), core::Error);
  bad = good;
  bad[7] = std::nan("");  // the sum of its window
  at = 0;
  EXPECT_THROW(KeyWindows().read(bad, at), core::Error);
}

TEST(Windows, ReadOnlyWholeNumbersForTimes) {
  for (const double bad : {1e300, -1e300, 9.1e15, 0.5, HUGE_VAL, std::nan("")}) {
    std::size_t at = 0;
    EXPECT_THROW(read_whole({bad}, at), core::Error) << bad;
    at = 1;  // behind: the quiet end of a key, the last window of a detector
    EXPECT_THROW(Engine(StreamDefinition{}).read("k", {-1, 0, 0, bad, 0}), core::Error) << bad;
    EXPECT_THROW(KeyDetector().read({1, bad, 0, 0}, at), core::Error) << bad;
  }
}

}  // namespace
}  // namespace wakeful::streams
