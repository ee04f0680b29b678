#pragma once
// GET /metrics for Prometheus: what the program counts, and what the system says of the process.
#include "platform/core/telemetry.hpp"
#include "platform/http/router.hpp"

namespace wakeful::http {

/// Borrows `telemetry`; asked for by everybody if it is `open`.
Route metrics_route(core::Telemetry& telemetry, bool open);

}  // namespace wakeful::http
