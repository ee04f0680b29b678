#pragma once
// When a detector is due: every so often, or by a cron line in a time zone. Pure; ticks are times of the past and
// future, never of "now", so that several schedulers agree on them.
//
// Cron: five fields with lists, ranges, steps and names, "@hourly" … "@yearly", "@every 5m", and "CRON_TZ=Zone " in
// front. 0 and 7 are Sunday. A day matches if day of month or day of week does when both are restricted, and "*/2"
// restricts. Where clocks change: a line with fixed hour and minute that falls into the gap runs once at its end, and
// in the repeated hour only the first time; a line with a "*" in hour or minute follows the clock on the wall as it
// goes. Source: Debian's cron(8), monitoring.md §4.4.
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "monitor/wire/definition.hpp"
#include "platform/core/clock.hpp"

namespace wakeful::monitor {

/// A schedule that was parsed once. Values; copies are cheap.
class Timetable {
 public:
  /// Errors: invalid, naming the member ("schedule.cron"): a broken line, a date that never comes, an unknown zone.
  static Timetable parse(const Schedule& schedule, std::string_view field = "schedule");

  /// The first tick after `time`; nothing for manual.
  std::optional<core::Timestamp> next_after(core::Timestamp time) const;

  /// What is due at `now` when `first` is the tick that was waited for.
  struct Due {
    core::Timestamp latest;   // the newest tick at or before now
    std::int64_t missed = 0;  // ticks from `first` on that nobody was up for, `latest` not among them; of the last
                              // 30 days where it was longer
    core::Timestamp next;     // the one to wait for
  };
  /// Requires first <= now and a schedule that is not manual.
  Due due(core::Timestamp first, core::Timestamp now) const;

 private:
  struct CronLine;
  core::Duration period_{};               // every
  std::shared_ptr<const CronLine> cron_;  // … or cron; neither: manual
};

}  // namespace wakeful::monitor
