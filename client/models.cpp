#include "client/models.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "platform/core/error.hpp"
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
  return version_of(server.get(at("/registered-models/alias") +
                               query_of({{"name", std::string(name)}, {"alias", std::string(alias)}})));
}

}  // namespace wakeful::client
