#include "monitor/schedule.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

namespace wakeful::monitor {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

core::Timestamp at(std::string_view text) { return core::parse_rfc3339(text); }

Timetable cron(std::string line, std::string zone = "UTC") {
  return Timetable::parse(Cron{std::move(line), std::move(zone)});
}

std::vector<std::string> ticks(const Timetable& table, std::string_view after, std::size_t count) {
  std::vector<std::string> found;
  core::Timestamp time = at(after);
  while (found.size() < count) {
    const auto next = table.next_after(time);
    if (!next) break;
    time = *next;
    found.push_back(core::format_rfc3339(time));
  }
  return found;
}

std::filesystem::path data_folder() {
  const char* set = std::getenv("WAKEFUL_TEST_DATA");
  return set ? std::filesystem::path(set) : std::filesystem::path(WAKEFUL_SOURCE_DIR) / "../shared/data";
}

/// Source: croner 11.0.1, agreeing with Debian's cron(8).
TEST(CronVectors, AllHold) {
  const auto path = data_folder() / "vectors/cron.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  const auto document = core::parse_json(text.str());
  const auto cases = core::ObjectReader(document.root()).objects("cases");
  ASSERT_GT(cases.size(), 10U);
  for (const auto& c : cases) {
    std::vector<std::string> wanted;
    for (const std::string& tick : c.texts("next")) {
      ASSERT_EQ(tick.size(), 17U) << tick;  // without seconds
      wanted.push_back(tick.substr(0, 16) + ":00Z");
    }
    EXPECT_EQ(ticks(cron(c.text("expr"), c.text("tz")), c.text("after"), wanted.size()), wanted)
        << c.text("expr") << " in " << c.text("tz");
  }
}

TEST(CronLine, UnderstandsItsForms) {
  struct Case {
    std::string line;
    std::vector<std::string> next;
  };
  const Case cases[] = {
      {"15 10 * * *", {"2026-01-01T10:15:00Z", "2026-01-02T10:15:00Z"}},
      {"0,30 8-9 * * *", {"2026-01-01T08:00:00Z", "2026-01-01T08:30:00Z", "2026-01-01T09:00:00Z"}},
      {"5/20 0 * * *", {"2026-01-01T00:05:00Z", "2026-01-01T00:25:00Z", "2026-01-01T00:45:00Z"}},
      {"10-30/10 0 * * *", {"2026-01-01T00:10:00Z", "2026-01-01T00:20:00Z", "2026-01-01T00:30:00Z"}},
      {"0 0 * * MON-fri", {"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-05T00:00:00Z"}},
      {"0 0 1 feb,Dec *", {"2026-02-01T00:00:00Z", "2026-12-01T00:00:00Z"}},
      {"0 0 * * 5-7", {"2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-09T00:00:00Z"}},
      // Source: monitoring.md §4.4, cron-parser 5.10, croner 11, croniter and robfig v3 agree.
      {"0 0 */2 * 1", {"2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-07T00:00:00Z"}},
      {"@hourly", {"2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"}},
      {"@weekly", {"2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"}},
      {"@yearly", {"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"}},
      {"@every 90s", {"2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z"}},
      {"CRON_TZ=Asia/Tokyo 0 9 * * *", {"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"}},
      {"  0   12 *\t* *  ", {"2026-01-01T12:00:00Z"}},
  };
  for (const Case& c : cases) EXPECT_EQ(ticks(cron(c.line), "2025-12-31T23:59:59Z", c.next.size()), c.next) << c.line;
}

TEST(CronLine, NamesTheMistake) {
  struct Case {
    std::string line;
    std::string_view message;
  };
  const Case cases[] = {
      {"* * * *", "4 fields instead of 5"},
      {"* * * * * *", "6 fields instead of 5"},
      {"60 * * * *", "'60' is no minute"},
      {"* 24 * * *", "'24' is no hour"},
      {"* * 0 * *", "'0' is no day of month"},
      {"* * * 13 *", "'13' is no month"},
      {"* * * * 8", "'8' is no day of week"},
      {"*/0 * * * *", "no step"},
      {"5-1 * * * *", "ends before it begins"},
      {"a * * * *", "'a' is no minute"},
      {"1, * * * *", "'' is no minute"},
      {"+1 * * * *", "'+1' is no minute"},
      {"0 0 31 4 *", "never comes"},
      {"0 0 30 2 *", "never comes"},
      {"@often", "known are"},
      {"@every 0s", "less than a second"},
      {"@every soon", "not a duration"},
  };
  for (const Case& c : cases) {
    try {
      cron(c.line);
      ADD_FAILURE() << "accepted " << c.line;
    } catch (const core::Error& e) {
      EXPECT_EQ(e.code(), core::ErrorCode::invalid);
      EXPECT_EQ(e.field(), "schedule.cron");
      EXPECT_NE(std::string(e.what()).find(c.message), std::string::npos) << e.what();
    }
  }
}

TEST(CronLine, NamesTheNearestZone) {
  try {
    cron("* * * * *", "Europe/Berln");
    FAIL() << "accepted";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.field(), "schedule.timezone");
    EXPECT_NE(std::string(e.what()).find("did you mean 'Europe/Berlin'?"), std::string::npos) << e.what();
  }
}

TEST(CronLine, RunsADayThatTheClockLeftOutOnce) {
  // Samoa skipped 2011-12-30 altogether.
  EXPECT_EQ(ticks(cron("0 12 * * *", "Pacific/Apia"), "2011-12-29T00:00:00Z", 3),
            (std::vector<std::string>{"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"}));
}

TEST(Every, TicksAtMultiplesOfItsPeriod) {
  const Timetable table = Timetable::parse(Every{minutes(5)});
  EXPECT_EQ(ticks(table, "2026-01-01T00:02:00.5Z", 2),
            (std::vector<std::string>{"2026-01-01T00:05:00Z", "2026-01-01T00:10:00Z"}));
  EXPECT_EQ(*table.next_after(at("2026-01-01T00:05:00Z")), at("2026-01-01T00:10:00Z"));
  EXPECT_EQ(*table.next_after(at("1969-12-31T23:58:00Z")), at("1970-01-01T00:00:00Z"));
}

TEST(Manual, NeverTicks) { EXPECT_FALSE(Timetable::parse(Manual{}).next_after(at("2026-01-01T00:00:00Z"))); }

TEST(Due, CountsWhatNobodyWasUpFor) {
  const auto noon = at("2026-01-01T12:00:00Z");
  for (const Timetable& table : {Timetable::parse(Every{minutes(5)}), cron("*/5 * * * *")}) {
    const auto punctual = table.due(noon, noon + seconds(1));
    EXPECT_EQ(punctual.latest, noon);
    EXPECT_EQ(punctual.missed, 0);
    EXPECT_EQ(punctual.next, noon + minutes(5));
    const auto late = table.due(noon, noon + hours(3) + seconds(1));
    EXPECT_EQ(late.latest, noon + hours(3));
    EXPECT_EQ(late.missed, 36);
    EXPECT_EQ(late.next, noon + hours(3) + minutes(5));
  }
}

TEST(Due, BoundsTheCountAfterALongAbsence) {
  const auto noon = at("2000-01-01T12:00:00Z");
  const auto due = cron("* * * * *").due(noon, at("2026-01-01T00:00:30Z"));
  EXPECT_EQ(due.latest, at("2026-01-01T00:00:00Z"));
  EXPECT_EQ(due.next, at("2026-01-01T00:01:00Z"));
  EXPECT_EQ(due.missed, 30 * 24 * 60);
}

}  // namespace
}  // namespace wakeful::monitor
