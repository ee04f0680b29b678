#pragma once
// The endpoints of MLflow's tracking API: experiments, runs, metrics, inputs and outputs, logged models, server-info.
// Artifacts have their own: artifact_api.hpp. Every core endpoint answers under /api/2.0/mlflow and, for pages, under
// /ajax-api/2.0/mlflow.
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "platform/http/router.hpp"
#include "tracker/settings.hpp"

namespace wakeful::tracker {

/// Makes sure that the default experiment exists, so the schema must be there. Borrows `db` and `clock`.
std::vector<http::Route> routes(db::Database& db, const Settings& settings, const core::Clock& clock);

}  // namespace wakeful::tracker
