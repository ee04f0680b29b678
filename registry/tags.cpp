#include "registry/tags.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "registry/models.hpp"
#include "registry/rules.hpp"
#include "registry/versions.hpp"

namespace wakeful::registry {
namespace {

constexpr db::Sql kSetModelTag{"model.set_tag",
                               "INSERT INTO registered_model_tags (name, key, value) VALUES ($1, $2, $3) "
                               "ON CONFLICT (name, key) DO UPDATE SET value = excluded.value"};
constexpr db::Sql kDeleteModelTag{"model.delete_tag", "DELETE FROM registered_model_tags WHERE name = $1 AND key = $2"};
constexpr db::Sql kSetVersionTag{"version.set_tag",
                                 "INSERT INTO model_version_tags (name, version, key, value) VALUES ($1, $2, $3, $4) "
                                 "ON CONFLICT (name, version, key) DO UPDATE SET value = excluded.value"};
constexpr db::Sql kDeleteVersionTag{"version.delete_tag",
                                    "DELETE FROM model_version_tags WHERE name = $1 AND version = $2 AND key = $3"};

/// In the order of their keys, so that two transactions never wait for each other; of one key the last counts.
std::map<std::string_view, std::string_view> by_key(const std::vector<Tag>& tags) {
  std::map<std::string_view, std::string_view> sorted;
  for (const Tag& tag : tags) sorted[tag.key] = tag.value;
  return sorted;
}

}  // namespace

void set_model_tags(db::Tx& tx, std::string_view name, const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) check_tag(tag);
  require_model(tx, name);
  std::vector<db::Param> params;
  for (const auto& [key, value] : by_key(tags)) params.insert(params.end(), {name, key, value});
  if (!params.empty()) tx.execute_many(kSetModelTag, params, 3);
}

void delete_model_tag(db::Tx& tx, std::string_view name, std::string_view key) {
  require_model(tx, name);
  tx.execute(kDeleteModelTag, {name, key});
}

void set_version_tags(db::Tx& tx, std::string_view name, std::int64_t version, const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) check_tag(tag);
  require_version(tx, name, version);
  std::vector<db::Param> params;
  for (const auto& [key, value] : by_key(tags)) params.insert(params.end(), {name, version, key, value});
  if (!params.empty()) tx.execute_many(kSetVersionTag, params, 4);
}

void delete_version_tag(db::Tx& tx, std::string_view name, std::int64_t version, std::string_view key) {
  require_version(tx, name, version);
  tx.execute(kDeleteVersionTag, {name, version, key});
}

void check_client_may_tag(db::Tx& tx, std::string_view name, const std::vector<Tag>& tags) {
  const auto mark = std::find_if(tags.begin(), tags.end(), [](const Tag& tag) { return tag.key == kMarkTag; });
  if (mark == tags.end()) return;
  const auto state = find_model_state(tx, name);
  if (!state || state->managed_by != kDetector) return;
  throw core::invalid(fmt::format("Tag '{}' of '{}' moves with the evaluations of its detector and cannot be set or "
                                  "deleted by itself.",
                                  kMarkTag, name),
                      "key");
}

}  // namespace wakeful::registry
