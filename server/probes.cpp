#include "server/probes.hpp"

#include <map>
#include <utility>

#include <fmt/core.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"
#include "platform/http/metrics_route.hpp"

namespace wakeful::server {
namespace {

using http::Request;
using http::Response;
using http::Route;
using http::Surface;

Response readiness(const std::vector<Check>& checks, const Request& request) {
  std::string lines;
  bool ready = true;
  for (const Check& check : checks) {
    try {
      check.run();
      lines += fmt::format("[+]{} ok\n", check.name);
    } catch (const core::Error& e) {
      ready = false;
      lines += fmt::format("[-]{} failed: {}\n", check.name, e.what());
    }
  }
  const bool verbose = request.query.find("verbose").has_value() || !ready;
  return Response::text(verbose ? lines + (ready ? "ready\n" : "not ready\n") : "OK", ready ? 200 : 503);
}

Response server_info() {
  core::JsonWriter json;
  json.begin_object().member("name", "wakeful").member("version", version());
  json.member("mlflow_version", kMlflowVersion).end_object();
  return Response::json(json.take());
}

/// "{path...}" is "{path}" there.
std::string template_of(std::string_view pattern) {
  std::string text(pattern);
  if (const auto dots = text.find("...}"); dots != std::string::npos) text.erase(dots, 3);
  return text;
}

void write_parameters(core::JsonWriter& json, const std::string& path) {
  json.key("parameters").begin_array();
  for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
    const auto end = path.find('}', at);
    json.begin_object().member("name", path.substr(at + 1, end - at - 1)).member("in", "path").member("required", true);
    json.key("schema").begin_object().member("type", "string").end_object().end_object();
  }
  json.end_array();
}

void write_operation(core::JsonWriter& json, const std::string& path, const Route& route) {
  json.key(core::to_lower(route.method)).begin_object().member("summary", route.summary);
  json.key("tags").begin_array().value(route.surface == Surface::mlflow ? "mlflow" : "wakeful").end_array();
  write_parameters(json, path);
  json.key("responses").begin_object();
  json.key("200").begin_object().member("description", "The answer.").end_object();
  json.key("default").begin_object().member("description", "An error: error_code, message, field, request_id.");
  json.end_object().end_object().end_object();
}

}  // namespace

std::string_view version() { return WAKEFUL_VERSION; }

std::string openapi(std::span<const Route> routes) {
  std::map<std::string, std::vector<const Route*>> by_path;
  for (const Route& route : routes)
    if (route.surface == Surface::own || route.surface == Surface::mlflow)
      by_path[template_of(route.pattern)].push_back(&route);
  core::JsonWriter json;
  json.begin_object().member("openapi", "3.1.0");
  json.key("info").begin_object().member("title", "Wakeful").member("version", version()).end_object();
  json.key("paths").begin_object();
  for (const auto& [path, operations] : by_path) {
    json.key(path).begin_object();
    for (const Route* route : operations) write_operation(json, path, *route);
    json.end_object();
  }
  return json.end_object().end_object().take();
}

std::vector<Route> probe_routes(core::Telemetry& telemetry, const http::Router& router, std::vector<Check> checks) {
  const auto get = [](Surface surface, std::string pattern, http::Handler handler, std::string summary) {
    Route route;
    route.method = "GET";
    route.pattern = std::move(pattern);
    route.surface = surface;
    route.handler = std::move(handler);
    route.summary = std::move(summary);
    route.open = true;
    return route;
  };
  std::vector<Route> routes;
  routes.push_back(get(
      Surface::plain, "/health", [](Request&) { return Response::text("OK"); }, "The process answers."));
  routes.push_back(get(
      Surface::plain, "/livez", [](Request&) { return Response::text("OK"); }, "The process answers."));
  routes.push_back(get(
      Surface::plain, "/version", [](Request&) { return Response::text(std::string(kMlflowVersion)); },
      "The MLflow version spoken."));
  routes.push_back(get(
      Surface::plain, "/readyz", [checks = std::move(checks)](Request& r) { return readiness(checks, r); },
      "Whether the stores can be used; ?verbose lists them."));
  routes.push_back(http::metrics_route(telemetry, true));
  routes.push_back(get(
      Surface::own, "/api/v1/server-info", [](Request&) { return server_info(); }, "Name and versions of the server."));
  routes.push_back(get(
      Surface::own, "/api/v1/openapi.json", [&router](Request&) { return Response::json(openapi(router.routes())); },
      "This description."));
  return routes;
}

}  // namespace wakeful::server
