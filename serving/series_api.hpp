#pragma once
// Where series are called: POST /fit/{series_id}, POST /predict/{series_id}, GET /plot, GET /healthcheck. Errors are
// {"detail": …}.
#include <memory>
#include <vector>

#include "platform/http/router.hpp"
#include "serving/series.hpp"

namespace wakeful::serving {

std::vector<http::Route> series_routes(std::shared_ptr<Series> series);

}  // namespace wakeful::serving
