#pragma once
// How the api files make their routes: handlers are plain functions of the Api they belong to. Used by *api.cpp only.
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/core/json.hpp"
#include "platform/db/database.hpp"
#include "platform/http/router.hpp"
#include "registry/settings.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::registry {

/// What every handler needs.
struct Api {
  db::Database& db;
  Settings settings;
  const core::Clock& clock;
};

struct Endpoint {
  std::string_view method;
  std::string_view path;
  http::Response (*answer)(const Api& api, http::Request& request);
  std::string_view summary;
};

std::span<const Endpoint> model_endpoints();
std::span<const Endpoint> version_endpoints();

/// `{}`: MLflow's answer where there is nothing to say.
http::Response nothing();
/// {"model_version": {…}}
http::Response answer(const ModelVersion& version);

/// Tells that the registry may have changed, also where a write failed: nobody knows yet whether it did.
struct ChangeTold {
  const Settings& settings;
  ~ChangeTold() {
    if (settings.on_change) settings.on_change();
  }
};

template <class F>
auto write(const Api& api, const http::Request& request, F&& f) {
  const ChangeTold told{api.settings};
  return api.db.write(std::forward<F>(f), {.deadline = request.deadline});
}
template <class F>
auto read(const Api& api, const http::Request& request, F&& f) {
  return api.db.read(std::forward<F>(f), {.deadline = request.deadline});
}

}  // namespace wakeful::registry
