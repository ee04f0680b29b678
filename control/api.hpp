#pragma once
// The endpoints that need more than one slice: the runner's protocol under /api/v1/runner, running and deleting a
// detector, cancelling a job. The watch's other endpoints: monitor/api.hpp.
#include <vector>

#include "control/bell.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "platform/http/router.hpp"
#include "tracker/artifacts.hpp"

namespace wakeful::control {

struct Parts {
  db::Database& db;
  tracker::ArtifactLocator files;  // where runners put models
  const core::Clock& clock;
  Bell& bell;
};

/// Borrows the database, the clock and the bell.
std::vector<http::Route> routes(const Parts& parts);

}  // namespace wakeful::control
