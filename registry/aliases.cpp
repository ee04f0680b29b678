#include "registry/aliases.hpp"

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "registry/models.hpp"
#include "registry/rules.hpp"
#include "registry/versions.hpp"

namespace wakeful::registry {
namespace {

constexpr db::Sql kSet{"alias.set",
                       "INSERT INTO registered_model_aliases (name, alias, version) VALUES ($1, $2, $3) "
                       "ON CONFLICT (name, alias) DO UPDATE SET version = excluded.version"};
constexpr db::Sql kInsert{"alias.insert",
                          "INSERT INTO registered_model_aliases (name, alias, version) VALUES ($1, $2, $3) "
                          "ON CONFLICT (name, alias) DO NOTHING"};
constexpr db::Sql kMove{"alias.move",
                        "UPDATE registered_model_aliases SET version = $3 WHERE name = $1 AND alias = $2 AND "
                        "version = $4"};
constexpr db::Sql kFind{"alias.find", "SELECT version FROM registered_model_aliases WHERE name = $1 AND alias = $2"};
constexpr db::Sql kDelete{"alias.delete", "DELETE FROM registered_model_aliases WHERE name = $1 AND alias = $2"};

}  // namespace

void set_alias(db::Tx& tx, std::string_view name, std::string_view alias, std::int64_t version) {
  check_alias(alias);
  require_version(tx, name, version);
  tx.execute(kSet, {name, alias, version});
}

void move_alias(db::Tx& tx, std::string_view name, std::string_view alias, std::optional<std::int64_t> expected,
                std::int64_t version) {
  check_alias(alias);
  require_version(tx, name, version);
  const auto moved =
      expected ? tx.execute(kMove, {name, alias, version, *expected}) : tx.execute(kInsert, {name, alias, version});
  if (moved == 0) throw core::conflict(fmt::format("Alias '{}' of '{}' was moved meanwhile.", alias, name), "alias");
}

void delete_alias(db::Tx& tx, std::string_view name, std::string_view alias) {
  require_model(tx, name);
  tx.execute(kDelete, {name, alias});
}

std::optional<ModelVersion> find_version_by_alias(db::Tx& tx, std::string_view name, std::string_view alias) {
  if (is_latest(alias)) return latest_version(tx, name);
  const auto version = tx.find(kFind, {name, alias}, [](const db::Row& row) { return row.integer(0); });
  return version ? find_version(tx, name, *version) : std::nullopt;
}

ModelVersion get_version_by_alias(db::Tx& tx, std::string_view name, std::string_view alias) {
  require_model(tx, name);
  auto version = find_version_by_alias(tx, name, alias);
  if (version) return std::move(*version);
  if (is_latest(alias)) throw core::not_found(fmt::format("Registered model {} has no version.", name), "alias");
  throw core::invalid(fmt::format("Registered model alias {} not found.", alias), "alias");
}

}  // namespace wakeful::registry
