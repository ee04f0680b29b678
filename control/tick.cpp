#include "control/tick.hpp"

#include "monitor/detectors.hpp"
#include "monitor/jobs.hpp"
#include "monitor/schedule.hpp"
#include "monitor/timing.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"

namespace wakeful::control {
namespace {

using monitor::JobKind;

/// How long a schedule rests that cannot be read here.
constexpr core::Duration kRest = std::chrono::hours(1);

/// How many missed intervals are made up for at once; those before are counted as missed.
constexpr std::int64_t kMostCaughtUp = 100;

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

/// One run for each interval that was completed since the last tick, the first time since the one before `waited_for`;
/// of very many the newest.
std::int64_t add_predictions(db::Tx& tx, const monitor::Detector& detector, core::Timestamp waited_for,
                             core::Timestamp tick, core::Timestamp now) {
  if (!detector.definition.predict) return 0;
  const std::string& name = detector.definition.name;
  const core::Duration width = detector.definition.predict->interval;
  const auto complete_at = [&](core::Timestamp at) {
    return monitor::floor_to(at - detector.definition.time_spec.end, width);
  };
  const core::Timestamp complete = complete_at(tick);
  core::Timestamp first =
      monitor::floor_to(monitor::predicted_until(tx, name).value_or(complete_at(waited_for) - width), width);
  if (first >= complete) return 0;
  const std::int64_t missed = std::max<std::int64_t>((complete - first) / width - kMostCaughtUp, 0);
  first += missed * width;
  std::int64_t made = 0;
  for (core::Timestamp from = first; from < complete; from += width) {
    const std::string id = monitor::tick_job_id(name, JobKind::predict, from + width);
    made += monitor::add_job(tx,
                             {.id = id,
                              .run_id = id,
                              .detector = name,
                              .kind = JobKind::predict,
                              .tick = from + width,
                              .asked_until = from + width,
                              .from = from},
                             now)
                ? 1
                : 0;
  }
  monitor::set_predicted_until(tx, name, complete, missed);
  return made;
}

/// How many jobs it made.
std::int64_t tick_one(db::Tx& tx, const std::string& name, core::Timestamp now) {
  const auto detector = monitor::find_detector(tx, name);
  if (!detector || !detector->next_tick) return 0;
  const core::Timestamp waited_for = *detector->next_tick;
  const auto timetable = find_timetable(*detector);
  if (!timetable) {
    monitor::move_tick(tx, name, waited_for, now + kRest, 0);
    return 0;
  }
  const auto due = timetable->due(waited_for, now);
  if (!monitor::move_tick(tx, name, waited_for, due.next, due.missed)) return 0;
  const std::string id = monitor::tick_job_id(name, JobKind::evaluate, due.latest);
  const bool made = monitor::add_job(
      tx, {.id = id, .run_id = id, .detector = name, .kind = JobKind::evaluate, .tick = due.latest}, now);
  return (made ? 1 : 0) + add_predictions(tx, *detector, waited_for, due.latest, now);
}

}  // namespace

bool is_tick_due(db::Tx& tx, core::Timestamp now) {
  const auto next = monitor::next_tick(tx);
  return next && *next <= now;
}

std::int64_t tick(db::Tx& tx, core::Timestamp now) {
  std::int64_t made = 0;
  for (const std::string& name : monitor::list_due(tx, now, kTicksAtOnce)) made += tick_one(tx, name, now);
  return made;
}

}  // namespace wakeful::control
