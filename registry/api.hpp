#pragma once
// The endpoints of MLflow's model registry, under /api/2.0/mlflow and, for pages, /ajax-api/2.0/mlflow. A version's
// artifacts have theirs with those of runs: tracker/artifact_api.hpp.
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "platform/http/router.hpp"
#include "registry/settings.hpp"

namespace wakeful::registry {

/// Borrows `db` and `clock`. Errors: invalid for a source_pattern that is no regular expression.
std::vector<http::Route> routes(db::Database& db, const Settings& settings, const core::Clock& clock);

}  // namespace wakeful::registry
