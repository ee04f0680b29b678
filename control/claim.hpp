#pragma once
// Taking a job: schedules that are due become jobs, one is taken under a lease with a new fence, its interval is
// settled and its run started, all in one transaction.
#include <optional>

#include "monitor/wire/protocol.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::control {

/// Whether claim() would have anything to do at `now`. Cost: three index look-ups.
bool may_claim(db::Tx& tx, const monitor::ClaimRequest& request, core::Timestamp now);

/// A job that is due, or one whose runner has lost its lease (first). An evaluation without a model asks for a training
/// and waits; a job whose interval cannot be is failed in passing.
std::optional<monitor::Claim> claim(db::Tx& tx, const monitor::ClaimRequest& request, core::Timestamp now);

}  // namespace wakeful::control
