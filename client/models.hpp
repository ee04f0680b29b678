#pragma once
// MLflow's model registry, as far as serving asks it. Errors and threads: server.hpp.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/server.hpp"
#include "registry/wire/read.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::client {

/// Errors: also not_found.
registry::RegisteredModel get_model(const Server& server, std::string_view name);
/// Makes it, or leaves the one that is there as it is.
void ensure_model(const Server& server, const registry::NewModel& model);
/// How many registered models a filter finds.
std::int64_t count_models(const Server& server, const std::string& filter);

registry::ModelVersion create_version(const Server& server, const registry::NewVersion& version);
/// Errors: also not_found.
registry::ModelVersion get_version(const Server& server, std::string_view name, std::int64_t version);
/// The one with the highest number, whatever its stage. Errors: not_found, also for a model without versions.
registry::ModelVersion get_latest_version(const Server& server, std::string_view name);
/// Errors: also not_found, for the model and for the alias.
registry::ModelVersion get_version_by_alias(const Server& server, std::string_view name, std::string_view alias);
/// Makes the alias stand on that version. Errors: also not_found.
void set_alias(const Server& server, std::string_view name, std::string_view alias, std::int64_t version);

/// Which version of a registered model: a number, the one that an alias stands on, or, with neither, the latest.
struct ModelUri {
  std::string name;
  std::optional<std::int64_t> version{};
  std::string alias{};
};
/// "models:/NAME", "models:/NAME/latest", "models:/NAME/3" or "models:/NAME@ALIAS".
/// Errors: invalid, field "model-uri".
ModelUri parse_model_uri(std::string_view text);
/// Errors: also not_found.
registry::ModelVersion find_version(const Server& server, const ModelUri& uri);

}  // namespace wakeful::client
