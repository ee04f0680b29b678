#pragma once
// What hangs on models and versions, read for many at once. Used by the .cpp files of registry/ only.
#include <span>
#include <string_view>
#include <vector>

#include "platform/db/database.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::registry {

/// The columns that read_version takes, of a version `v`, and those of a model `m`.
inline constexpr std::string_view kVersionColumns =
    "v.name, v.version, v.created_ms, v.updated_ms, v.stage, v.description, v.source, v.run_id, v.run_link, v.model_id";
inline constexpr std::string_view kModelColumns = "m.name, m.created_ms, m.updated_ms, m.description";

ModelVersion read_version(const db::Row& row);
RegisteredModel read_model(const db::Row& row);

/// Fills tags, aliases and, with their tags, latest_versions.
void load_contents(db::Tx& tx, std::span<RegisteredModel> models);
/// Fills the tags.
void load_tags(db::Tx& tx, std::span<ModelVersion> versions);
/// Fills the aliases.
void load_aliases(db::Tx& tx, std::span<ModelVersion> versions);

}  // namespace wakeful::registry
