#pragma once
// Jobs that somebody asks for, beside those that schedules make.
#include <optional>
#include <string>
#include <string_view>

#include "monitor/wire/types.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::control {

struct RunRequest {
  monitor::JobKind kind = monitor::JobKind::evaluate;
  /// The job runs as if now were `until` + end; absent: as late as it is when it runs.
  std::optional<core::Timestamp> until{};
  /// Of a prediction: its interval is [from, until).
  std::optional<core::Timestamp> from{};
};

/// The pending or running job of that kind, `until` and `from`, due at once, or a new one. `id` is fresh, made outside.
/// Errors: not_found; invalid naming the member for an interval that cannot be.
monitor::Job request_run(db::Tx& tx, std::string_view detector, const RunRequest& request, const std::string& id,
                         core::Timestamp now);

}  // namespace wakeful::control
