#include "tracker/api.hpp"

#include <array>

#include <fmt/format.h>

#include "tracker/endpoints.hpp"
#include "tracker/experiments.hpp"

namespace wakeful::tracker {
namespace {

constexpr std::uint64_t kLargeBody = 64U << 20U;

std::vector<std::string_view> prefixes_of(Under under) {
  switch (under) {
    case Under::both:
      return {"/api/2.0/mlflow", "/ajax-api/2.0/mlflow"};
    case Under::ajax:
      return {"/ajax-api/2.0/mlflow"};
    case Under::both_3:
      return {"/api/3.0/mlflow", "/ajax-api/3.0/mlflow"};
    case Under::ajax_3:
      return {"/ajax-api/3.0/mlflow"};
  }
  return {};
}

}  // namespace

void Endpoints::add(std::string_view method, std::string_view path, Answer answer, std::string_view summary,
                    Under under) {
  for (const std::string_view prefix : prefixes_of(under)) {
    http::Route route;
    route.method = method;
    route.pattern = fmt::format("{}{}", prefix, path);
    route.surface = http::Surface::mlflow;
    route.handler = [api = api_, answer](http::Request& request) { return answer(*api, request); };
    route.summary = summary;
    routes_.push_back(std::move(route));
  }
}

void Endpoints::add_large(std::string_view method, std::string_view path, Answer answer, std::string_view summary) {
  const std::size_t before = routes_.size();
  add(method, path, answer, summary);
  for (std::size_t i = before; i < routes_.size(); ++i) routes_[i].max_body_bytes = kLargeBody;
}

http::Response nothing() { return http::Response::json("{}"); }

std::vector<http::Route> routes(db::Database& db, const Settings& settings, const core::Clock& clock) {
  db.write([&, now = clock.now()](db::Tx& tx) { ensure_default_experiment(tx, settings, now); });
  Endpoints endpoints(
      std::make_shared<const Api>(Api{db, settings, clock, std::make_unique<RunTexts>(settings.run_text_bytes)}));
  add_experiment_endpoints(endpoints);
  add_run_endpoints(endpoints);
  add_metric_endpoints(endpoints);
  add_logged_model_endpoints(endpoints);
  add_server_endpoints(endpoints);
  return endpoints.take();
}

}  // namespace wakeful::tracker
