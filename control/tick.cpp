#include "control/tick.hpp"

#include "monitor/detectors.hpp"
#include "monitor/jobs.hpp"
#include "monitor/schedule.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"

namespace wakeful::control {
namespace {

using monitor::JobKind;

/// How long a schedule rests that cannot be read here.
constexpr core::Duration kRest = std::chrono::hours(1);

/// A time zone that was known where the detector was applied may be unknown on this machine: that must not keep
/// everybody's jobs from being claimed. (Parsing is pure: nothing of the transaction is lost.)
std::optional<monitor::Timetable> find_timetable(const monitor::Detector& detector) {
  try {
    return monitor::Timetable::parse(detector.definition.schedule);
  } catch (const core::Error& e) {
    core::log::error("schedule_unreadable", {{"detector", detector.definition.name}, {"message", e.what()}});
    return std::nullopt;
  }
}

bool tick_one(db::Tx& tx, const std::string& name, core::Timestamp now) {
  const auto detector = monitor::find_detector(tx, name);
  if (!detector || !detector->next_tick) return false;
  const core::Timestamp waited_for = *detector->next_tick;
  const auto timetable = find_timetable(*detector);
  if (!timetable) {
    monitor::move_tick(tx, name, waited_for, now + kRest, 0);
    return false;
  }
  const auto due = timetable->due(waited_for, now);
  if (!monitor::move_tick(tx, name, waited_for, due.next, due.missed)) return false;
  const std::string id = monitor::tick_job_id(name, JobKind::evaluate, due.latest);
  return monitor::add_job(tx, {.id = id, .run_id = id, .detector = name, .kind = JobKind::evaluate, .tick = due.latest},
                          now);
}

}  // namespace

bool is_tick_due(db::Tx& tx, core::Timestamp now) {
  const auto next = monitor::next_tick(tx);
  return next && *next <= now;
}

std::int64_t tick(db::Tx& tx, core::Timestamp now) {
  std::int64_t made = 0;
  for (const std::string& name : monitor::list_due(tx, now, kTicksAtOnce)) made += tick_one(tx, name, now) ? 1 : 0;
  return made;
}

}  // namespace wakeful::control
