#pragma once
// What orchestrators, scrapers and clients ask before anything else: health, readiness, version, metrics, and the
// description of the API that is made from the route table.
#include <functional>
#include <string>
#include <vector>

#include "platform/core/telemetry.hpp"
#include "platform/db/database.hpp"
#include "platform/http/router.hpp"

namespace wakeful::server {

/// The release of MLflow whose protocol is spoken; clients read it at /version.
inline constexpr std::string_view kMlflowVersion = "3.17.2";

struct Check {
  std::string name;
  std::function<void()> run;  // throws core::Error when what it looks at is not ready
};

/// /health /version /livez /readyz /metrics /api/v1/server-info /api/v1/openapi.json. Borrows everything; `router` is
/// read when the description is asked for, so it may still grow.
std::vector<http::Route> probe_routes(core::Telemetry& telemetry, const http::Router& router,
                                      std::vector<Check> checks);

/// OpenAPI 3.1 of the routes of the own and the MLflow surface.
std::string openapi(std::span<const http::Route> routes);

/// "0.1.0"
std::string_view version();

}  // namespace wakeful::server
