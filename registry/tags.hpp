#pragma once
// Tags of models and versions: functions on a transaction. Setting replaces; deleting what is not there is fine.
// Neither moves an update time. Errors: not_found for the model or version; invalid beyond MLflow's limits.
#include <cstdint>
#include <string_view>
#include <vector>

#include "platform/db/database.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::registry {

void set_model_tags(db::Tx& tx, std::string_view name, const std::vector<Tag>& tags);
void delete_model_tag(db::Tx& tx, std::string_view name, std::string_view key);
void set_version_tags(db::Tx& tx, std::string_view name, std::int64_t version, const std::vector<Tag>& tags);
void delete_version_tag(db::Tx& tx, std::string_view name, std::int64_t version, std::string_view key);

/// For what clients ask: the mark of a detector's model moves with its evaluations only.
/// Errors: invalid naming `key` for kMarkTag on a model that is managed by a detector.
void check_client_may_tag(db::Tx& tx, std::string_view name, const std::vector<Tag>& tags);

}  // namespace wakeful::registry
