#pragma once
// What a training job trained becomes the detector's online models, all at once: the trained versions are kept as
// history, the online models get a new version (the first one makes them), models of metrics that are not named any
// more retire, and the job ends. A model on watch keeps its mark: no bucket is judged twice, none is left out.
#include "monitor/wire/protocol.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::control {

/// The files have been looked at (check_stored_file).
/// Errors: conflict (LEASE_LOST) if the lease is lost; conflict naming `detector` if another file was applied while it
/// trained; conflict if a model of that name belongs to another detector; invalid naming models[i] for a metric that
/// the detector does not have, or twice; not_found.
monitor::Registered register_models(db::Tx& tx, const monitor::Registration& wanted, core::Timestamp now);

}  // namespace wakeful::control
