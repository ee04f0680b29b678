#include "registry/contents.hpp"

#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "platform/search/list_statement.hpp"

namespace wakeful::registry {
namespace {

using search::for_each_list;
using search::list_statement;

constexpr std::string_view kModelTags = "SELECT name, key, value FROM registered_model_tags WHERE name IN (";
constexpr std::string_view kModelAliases = "SELECT name, alias, version FROM registered_model_aliases WHERE name IN (";

/// CROSS JOIN keeps SQLite to this order of tables; PostgreSQL is free.
std::string latest_statement(std::size_t places) {
  const std::string before = fmt::format(
      "WITH s (stage) AS (VALUES (0), (1), (2), (3)) SELECT {} FROM registered_models m CROSS JOIN s "
      "CROSS JOIN model_versions v WHERE v.name = m.name AND v.version = (SELECT MAX(w.version) FROM model_versions w "
      "WHERE w.name = m.name AND w.stage = s.stage) AND m.name IN (",
      kVersionColumns);
  return list_statement(before, 1, places, ") ORDER BY v.name, v.version DESC");
}

/// Rows of `table` for pairs of name and version, in the order of `column`.
std::string pairs_statement(std::string_view table, std::string_view columns, std::string_view column,
                            std::size_t places) {
  std::string text = "WITH p (name, version) AS (VALUES ";
  for (std::size_t i = 0; i < places; ++i) {
    text += fmt::format("{}(CAST(${} AS TEXT), CAST(${} AS BIGINT))", i == 0 ? "" : ", ", 2 * i + 1, 2 * i + 2);
  }
  text += fmt::format(
      ") SELECT t.name, t.version, {} FROM p CROSS JOIN {} t WHERE t.name = p.name AND t.version = "
      "p.version ORDER BY t.name, t.version, {}",
      columns, table, column);
  return text;
}

/// Calls each(model, row) for the rows of a statement about the models' names, which the rows begin with.
template <class Statement, class Each>
void for_models(db::Tx& tx, std::string_view name, std::span<RegisteredModel> models, const Statement& statement,
                const Each& each) {
  std::unordered_map<std::string_view, RegisteredModel*> by_name;
  for (RegisteredModel& model : models) by_name.emplace(model.name, &model);
  for_each_list(models.size(), [&](std::size_t from, std::size_t count, std::size_t places) {
    std::vector<db::Param> params;
    for (std::size_t i = 0; i < places; ++i) params.emplace_back(models[from + std::min(i, count - 1)].name);
    const std::string text = statement(places);
    const auto take = [&](const db::Row& row) { each(*by_name.at(row.text(0)), row); };
    tx.query(db::Sql(name, text), params, db::RowCallback(take));
  });
}

template <class Each>
void for_versions(db::Tx& tx, std::string_view name, std::span<ModelVersion> versions, std::string_view table,
                  std::string_view columns, std::string_view column, const Each& each) {
  std::map<std::pair<std::string_view, std::int64_t>, ModelVersion*> by_key;
  for (ModelVersion& version : versions)
    by_key.emplace(std::pair(std::string_view(version.name), version.version), &version);
  for_each_list(versions.size(), [&](std::size_t from, std::size_t count, std::size_t places) {
    std::vector<db::Param> params;
    for (std::size_t i = 0; i < places; ++i) {
      // What is left over matches nothing: a pair given twice would be answered twice.
      params.push_back(i < count ? db::Param(versions[from + i].name) : db::Param(db::Null{}));
      params.push_back(i < count ? db::Param(versions[from + i].version) : db::Param(db::Null{}));
    }
    const std::string text = pairs_statement(table, columns, column, places);
    const auto take = [&](const db::Row& row) { each(*by_key.at(std::pair(row.text(0), row.integer(1))), row); };
    tx.query(db::Sql(name, text), params, db::RowCallback(take));
  });
}

void load_latest(db::Tx& tx, std::span<RegisteredModel> models) {
  std::vector<ModelVersion> versions;
  for_models(tx, "model.latest_versions", models, latest_statement,
             [&](const RegisteredModel&, const db::Row& row) { versions.push_back(read_version(row)); });
  load_tags(tx, versions);
  std::unordered_map<std::string_view, RegisteredModel*> by_name;
  for (RegisteredModel& model : models) by_name.emplace(model.name, &model);
  for (ModelVersion& version : versions) {
    RegisteredModel& model = *by_name.at(version.name);
    model.latest_versions.push_back(std::move(version));
  }
}

}  // namespace

ModelVersion read_version(const db::Row& row) {
  return {.name = std::string(row.text(0)),
          .version = row.integer(1),
          .created_ms = row.integer(2),
          .updated_ms = row.integer(3),
          .stage = static_cast<Stage>(row.integer(4)),
          .description = row.find_text(5),
          .source = std::string(row.text(6)),
          .run_id = std::string(row.text(7)),
          .run_link = std::string(row.text(8)),
          .model_id = std::string(row.text(9))};
}

RegisteredModel read_model(const db::Row& row) {
  return {.name = std::string(row.text(0)),
          .created_ms = row.integer(1),
          .updated_ms = row.integer(2),
          .description = std::string(row.text(3))};
}

void load_contents(db::Tx& tx, std::span<RegisteredModel> models) {
  if (models.empty()) return;
  const auto tags = [](std::size_t places) { return list_statement(kModelTags, 1, places, ") ORDER BY name, key"); };
  for_models(tx, "model.tags", models, tags, [](RegisteredModel& model, const db::Row& row) {
    model.tags.push_back({std::string(row.text(1)), std::string(row.text(2))});
  });
  const auto aliases = [](std::size_t places) {
    return list_statement(kModelAliases, 1, places, ") ORDER BY name, alias");
  };
  for_models(tx, "model.aliases", models, aliases, [](RegisteredModel& model, const db::Row& row) {
    model.aliases.push_back({std::string(row.text(1)), row.integer(2)});
  });
  load_latest(tx, models);
}

void load_tags(db::Tx& tx, std::span<ModelVersion> versions) {
  for_versions(tx, "version.tags", versions, "model_version_tags", "t.key, t.value", "t.key",
               [](ModelVersion& version, const db::Row& row) {
                 version.tags.push_back({std::string(row.text(2)), std::string(row.text(3))});
               });
}

void load_aliases(db::Tx& tx, std::span<ModelVersion> versions) {
  for_versions(tx, "version.aliases", versions, "registered_model_aliases", "t.alias", "t.alias",
               [](ModelVersion& version, const db::Row& row) { version.aliases.emplace_back(row.text(2)); });
}

}  // namespace wakeful::registry
