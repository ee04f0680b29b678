#pragma once
// A detector goes with what hangs on it: its online models, their evaluations, scores and anomalies, its jobs. What it
// trained stays as history under the trained names, and so do its runs; clients may delete those.
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::control {

/// The registered models that went. Who runs one of its jobs can commit nothing any more. Scores are only marked here
/// and deleted piece by piece by upkeep. Errors: not_found.
std::vector<std::string> delete_detector(db::Tx& tx, std::string_view name, core::Timestamp now);

}  // namespace wakeful::control
