#include "registry/api.hpp"

#include <regex>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "registry/endpoints.hpp"
#include "registry/wire/write.hpp"

namespace wakeful::registry {
namespace {

void check_pattern(const std::string& pattern) {
  try {
    const std::regex checked(pattern);
  } catch (const std::regex_error& error) {
    throw core::invalid(fmt::format("'{}' is no regular expression: {}", pattern, error.what()), "source_pattern");
  }
}

}  // namespace

http::Response nothing() { return http::Response::json("{}"); }

http::Response answer(const ModelVersion& version) {
  core::JsonWriter json;
  json.begin_object().key("model_version");
  write(json, version);
  json.end_object();
  return http::Response::json(json.take());
}

std::vector<http::Route> routes(db::Database& db, const Settings& settings, const core::Clock& clock) {
  check_pattern(settings.source_pattern);
  const auto api = std::make_shared<const Api>(Api{db, settings, clock});
  std::vector<http::Route> routes;
  for (const auto endpoints : {model_endpoints(), version_endpoints()}) {
    for (const Endpoint& endpoint : endpoints) {
      for (const std::string_view prefix : {"/api/2.0/mlflow", "/ajax-api/2.0/mlflow"}) {
        http::Route route;
        route.method = endpoint.method;
        route.pattern = fmt::format("{}{}", prefix, endpoint.path);
        route.surface = http::Surface::mlflow;
        route.handler = [api, answer = endpoint.answer](http::Request& request) { return answer(*api, request); };
        route.summary = endpoint.summary;
        routes.push_back(std::move(route));
      }
    }
  }
  return routes;
}

}  // namespace wakeful::registry
