#pragma once
// The detectors that are applied: functions on a transaction. A definition's every change is kept as a revision.
// What hangs on a detector beyond this slice (registered models, runs): control/deletion.hpp.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/listing.hpp"
#include "monitor/wire/types.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::monitor {

/// What text alone cannot tell: the cron line and its zone, the dimension filters, algorithms and their parameters,
/// models that would share a name. Pure but for the time-zone data base. Errors: invalid, naming the member.
void check_definition(const Definition& definition);

struct Detector {
  Definition definition{};
  std::int64_t revision = 0;
  std::string digest{};
  core::Timestamp created{};
  core::Timestamp updated{};
  std::optional<core::Timestamp> next_tick{};  // nothing: manual
  std::optional<core::Timestamp> evaluated{};  // wall clock
  std::optional<core::Timestamp> trained{};
};

/// What applying a checked definition would change.
ApplyReport plan_apply(db::Tx& tx, const Definition& definition);
/// Does it. The first tick comes after `now`; an unchanged schedule keeps its next one.
ApplyReport apply_detector(db::Tx& tx, const Definition& definition, core::Timestamp now);

std::optional<Detector> find_detector(db::Tx& tx, std::string_view name);
/// Errors: not_found.
Detector get_detector(db::Tx& tx, std::string_view name);
/// Locks it until the transaction ends: the first write of whoever changes what hangs on it. Errors: not_found.
Detector lock_detector(db::Tx& tx, std::string_view name);

/// With models and state. Order: by name.
Page<DetectorStatus> list_detectors(db::Tx& tx, const PageTerms& terms);
/// Errors: not_found.
DetectorStatus get_detector_status(db::Tx& tx, std::string_view name);

/// Whether any schedule is due. Cost: one index look-up.
std::optional<core::Timestamp> next_tick(db::Tx& tx);
/// Names of detectors that are due, the longest due first.
std::vector<std::string> list_due(db::Tx& tx, core::Timestamp now, std::int64_t most);
/// Moves the next tick from `from` to `to`. False if somebody else did.
bool move_tick(db::Tx& tx, std::string_view name, core::Timestamp from, core::Timestamp to, std::int64_t missed);

/// Up to where a schedule has made the predictions of intervals; nothing before the first.
std::optional<core::Timestamp> predicted_until(db::Tx& tx, std::string_view name);
void set_predicted_until(db::Tx& tx, std::string_view name, core::Timestamp until, std::int64_t missed);

/// Remembers when a job of this kind last succeeded.
void mark_done(db::Tx& tx, std::string_view name, JobKind kind, core::Timestamp now);

/// Deletes its rows, revisions and jobs; leases stay. Models: retire_models. Errors: not_found.
void remove_detector(db::Tx& tx, std::string_view name);

}  // namespace wakeful::monitor
