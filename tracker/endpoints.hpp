#pragma once
// How the api files make their routes: handlers are plain functions of the Api they belong to. Used by *_api.cpp only.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "platform/http/router.hpp"
#include "tracker/run_texts.hpp"
#include "tracker/settings.hpp"

namespace wakeful::tracker {

/// What every handler needs.
struct Api {
  db::Database& db;
  Settings settings;
  const core::Clock& clock;
  std::unique_ptr<RunTexts> run_texts;
};

using Answer = http::Response (*)(const Api& api, http::Request& request);

/// Where an endpoint answers.
enum class Under {
  both,    // /api/2.0/mlflow and /ajax-api/2.0/mlflow
  ajax,    // /ajax-api/2.0/mlflow
  both_3,  // /api/3.0/mlflow and /ajax-api/3.0/mlflow
  ajax_3,  // /ajax-api/3.0/mlflow
};

class Endpoints {
 public:
  explicit Endpoints(std::shared_ptr<const Api> api) : api_(std::move(api)) {}
  void add(std::string_view method, std::string_view path, Answer answer, std::string_view summary,
           Under under = Under::both);
  /// Several megabytes of metrics or a large schema in one body.
  void add_large(std::string_view method, std::string_view path, Answer answer, std::string_view summary);
  std::vector<http::Route> take() { return std::move(routes_); }

 private:
  std::shared_ptr<const Api> api_;
  std::vector<http::Route> routes_;
};

void add_experiment_endpoints(Endpoints& endpoints);
void add_run_endpoints(Endpoints& endpoints);
void add_metric_endpoints(Endpoints& endpoints);
void add_logged_model_endpoints(Endpoints& endpoints);
void add_server_endpoints(Endpoints& endpoints);

/// `{}`: MLflow's answer where there is nothing to say.
http::Response nothing();

template <class F>
auto write(const Api& api, const http::Request& request, F&& f) {
  return api.db.write(std::forward<F>(f), {.deadline = request.deadline});
}
template <class F>
auto read(const Api& api, const http::Request& request, F&& f) {
  return api.db.read(std::forward<F>(f), {.deadline = request.deadline});
}

}  // namespace wakeful::tracker
