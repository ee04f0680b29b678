#pragma once
// Schedules become jobs. Any number of schedulers may tick at once: a tick is moved by a compare-and-set, and its job's
// id is worked out from it, so each has one job at most.
//
// Missed ticks are not made up one by one: an evaluation covers everything since the mark, so the newest tick that is
// due makes the job and the others are counted. If an evaluation of the detector waits already, that one covers it.
#include <cstdint>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::control {

inline constexpr std::int64_t kTicksAtOnce = 100;

/// Whether a schedule is due. Cost: an index look-up.
bool is_tick_due(db::Tx& tx, core::Timestamp now);

/// Makes the jobs of at most kTicksAtOnce detectors that are due, the longest due first; how many it made. A schedule
/// that cannot be read on this machine is logged and put off.
std::int64_t tick(db::Tx& tx, core::Timestamp now);

}  // namespace wakeful::control
