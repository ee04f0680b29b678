#include "client/models.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "registry/wire/write.hpp"

namespace wakeful::client {
namespace {

constexpr std::string_view kApi = "/api/2.0/mlflow";
constexpr std::string_view kMostResults = "1000";

std::string at(std::string_view path) { return std::string(kApi).append(path); }

registry::ModelVersion version_of(const core::JsonDocument& answer) {
  return registry::read_model_version(core::ObjectReader(answer.root()).object("model_version"));
}

}  // namespace

registry::RegisteredModel get_model(const Server& server, std::string_view name) {
  const auto answer = server.get(at("/registered-models/get") + query_of({{"name", std::string(name)}}));
  return registry::read_registered_model(core::ObjectReader(answer.root()).object("registered_model"));
}

void ensure_model(const Server& server, const registry::NewModel& model) {
  try {
    server.post(at("/registered-models/create"), json_of(model));
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::conflict) throw;
  }
}

std::int64_t count_models(const Server& server, const std::string& filter) {
  std::int64_t count = 0;
  for (std::string token;;) {
    const auto answer =
        server.get(at("/registered-models/search") +
                   query_of({{"filter", filter}, {"max_results", std::string(kMostResults)}, {"page_token", token}}));
    const core::ObjectReader page(answer.root());
    count += static_cast<std::int64_t>(page.objects("registered_models").size());
    token = page.find_text("next_page_token").value_or("");
    if (token.empty()) return count;
  }
}

registry::ModelVersion create_version(const Server& server, const registry::NewVersion& version) {
  return version_of(server.post(at("/model-versions/create"), json_of(version)));
}

registry::ModelVersion get_version(const Server& server, std::string_view name, std::int64_t version) {
  return version_of(server.get(at("/model-versions/get") +
                               query_of({{"name", std::string(name)}, {"version", std::to_string(version)}})));
}

registry::ModelVersion get_latest_version(const Server& server, std::string_view name) {
  const registry::RegisteredModel model = get_model(server, name);
  const auto latest = std::max_element(model.latest_versions.begin(), model.latest_versions.end(),
                                       [](const auto& a, const auto& b) { return a.version < b.version; });
  if (latest == model.latest_versions.end())
    throw core::not_found(fmt::format("the registered model '{}' has no version", name), "name");
  return *latest;
}

registry::ModelVersion get_version_by_alias(const Server& server, std::string_view name, std::string_view alias) {
  try {
    return version_of(server.get(at("/registered-models/alias") +
                                 query_of({{"name", std::string(name)}, {"alias", std::string(alias)}})));
  } catch (const core::Error& e) {
    // MLflow calls an alias that is not there an invalid parameter.
    if (e.code() != core::ErrorCode::invalid) throw;
    throw core::not_found(e.what(), "alias");
  }
}

void set_alias(const Server& server, std::string_view name, std::string_view alias, std::int64_t version) {
  core::JsonWriter json;
  json.begin_object().member("name", name).member("alias", alias).member("version", std::to_string(version));
  server.post(at("/registered-models/alias"), json.end_object().take());
}

ModelUri parse_model_uri(std::string_view text) {
  const auto refuse = [&] {
    return core::invalid(fmt::format("'{}' is no model: it is said as models:/NAME, models:/NAME/VERSION or "
                                     "models:/NAME@ALIAS",
                                     text.substr(0, 200)),
                         "model-uri");
  };
  constexpr std::string_view kScheme = "models:/";
  if (!text.starts_with(kScheme)) throw refuse();
  std::string_view rest = text.substr(kScheme.size());
  ModelUri uri;
  if (const auto slash = rest.rfind('/'); slash != std::string_view::npos) {
    const std::string_view version = rest.substr(slash + 1);
    uri.version = version == "latest" ? std::nullopt : core::to_integer(version);
    if (version != "latest" && uri.version.value_or(0) < 1) throw refuse();
    rest = rest.substr(0, slash);
  } else if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    uri.alias = rest.substr(at + 1);
    if (uri.alias.empty()) throw refuse();
    rest = rest.substr(0, at);
  }
  if (rest.empty() || rest.find('/') != std::string_view::npos) throw refuse();
  uri.name = rest;
  return uri;
}

registry::ModelVersion find_version(const Server& server, const ModelUri& uri) {
  if (!uri.alias.empty()) return get_version_by_alias(server, uri.name, uri.alias);
  return uri.version ? get_version(server, uri.name, *uri.version) : get_latest_version(server, uri.name);
}

}  // namespace wakeful::client
