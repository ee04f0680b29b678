#pragma once
// Where a model server is called: MLflow's scoring protocol (GET /ping /health /version, POST /invocations) and the
// prediction service's own (GET /, POST /prediction, GET /model_information). Both count at /metrics.
#include <string>
#include <vector>

#include "platform/core/telemetry.hpp"
#include "platform/http/router.hpp"
#include "serving/model_slot.hpp"

namespace wakeful::serving {

/// Borrows `slot` and `telemetry`. `version`: what GET /version says, MLflow's.
std::vector<http::Route> model_routes(ModelSlot& slot, core::Telemetry& telemetry, std::string version);

/// A filter that asks for "user:password", one of `known`; open routes are answered to all.
http::Filter basic_auth(std::vector<std::string> known);

}  // namespace wakeful::serving
