#pragma once
// The watch's endpoints that need this slice alone: detectors, jobs, evaluations, scores, anomalies, observations.
// What composes slices (runs, deletion, the runner's protocol): control/api.hpp. Under /api/v1; interfaces.md.
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "platform/http/router.hpp"

namespace wakeful::monitor {

/// Borrows `db` and `clock`.
std::vector<http::Route> routes(db::Database& db, const core::Clock& clock);

// Its parts, by subject.
void add_watch_routes(std::vector<http::Route>& routes, db::Database& db, const core::Clock& clock);
void add_stream_routes(std::vector<http::Route>& routes, db::Database& db, const core::Clock& clock);
void add_observation_routes(std::vector<http::Route>& routes, db::Database& db, const core::Clock& clock);

}  // namespace wakeful::monitor
