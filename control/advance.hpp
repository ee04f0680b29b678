#pragma once
// The one atomic step of an online model: the new version with its tags, the mark, the scores, the anomalies, the
// evaluation and what there is to tell, in one transaction under the job's fence and the model's compare-and-set.
#include <optional>

#include "monitor/wire/protocol.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::control {

/// Versions of an online model that are kept, besides those that somebody points at.
inline constexpr std::size_t kKeptVersions = 5;

/// The id of the evaluation that is wanted. Errors: invalid naming evaluation_id if the request says another.
std::string evaluation_id_of(const monitor::Advance& wanted);

/// The answer if this evaluation was committed before, whoever did it. Errors: as evaluation_id_of.
std::optional<monitor::Advanced> find_advanced(db::Tx& tx, const monitor::Advance& wanted);

/// Commits it, or gives the answer of find_advanced. The file has been looked at (check_stored_file).
/// Errors: conflict (LEASE_LOST) if the lease is lost; conflict naming row_version if the model has moved; invalid for
/// scores outside the interval, given twice or off the grid, and for an interval beyond the job's; not_found.
monitor::Advanced advance(db::Tx& tx, const monitor::Advance& wanted, core::Timestamp now);

}  // namespace wakeful::control
