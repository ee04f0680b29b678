#pragma once
// Aliases: names that point at one version of a model. They go with the version that they point at.
#include <cstdint>
#include <optional>
#include <string_view>

#include "platform/db/database.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::registry {

/// Points it at a version, wherever it pointed before. Errors: not_found for model or version; invalid for a name that
/// is reserved ("latest", "v1") or holds other than letters, digits, '_' and '-'.
void set_alias(db::Tx& tx, std::string_view name, std::string_view alias, std::int64_t version);

/// Points it at `version` if it points at `expected` now (nothing: nowhere). Errors: conflict if not; as set_alias.
void move_alias(db::Tx& tx, std::string_view name, std::string_view alias, std::optional<std::int64_t> expected,
                std::int64_t version);

/// Errors: not_found for the model. An alias that is not there is fine.
void delete_alias(db::Tx& tx, std::string_view name, std::string_view alias);

/// What the alias points at, or nothing.
std::optional<ModelVersion> find_version_by_alias(db::Tx& tx, std::string_view name, std::string_view alias);
/// What the alias points at, with tags and aliases; "latest" is the highest number.
/// Errors: not_found for the model, and for "latest" without a version; invalid "Registered model alias … not found."
ModelVersion get_version_by_alias(db::Tx& tx, std::string_view name, std::string_view alias);

}  // namespace wakeful::registry
