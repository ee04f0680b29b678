#include "registry/models.hpp"

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "registry/contents.hpp"
#include "registry/rules.hpp"
#include "registry/tags.hpp"

namespace wakeful::registry {
namespace {

constexpr db::Sql kInsert{
    "model.insert",
    "INSERT INTO registered_models (name, created_ms, updated_ms, description, last_version, row_version, managed_by) "
    "VALUES ($1, $2, $2, $3, 0, $4, $5) ON CONFLICT (name) DO NOTHING"};
constexpr db::Sql kFind{"model.find",
                        "SELECT m.name, m.created_ms, m.updated_ms, m.description FROM registered_models m "
                        "WHERE m.name = $1"};
constexpr db::Sql kState{"model.state",
                         "SELECT row_version, last_version, managed_by FROM registered_models WHERE name = $1"};
constexpr db::Sql kIsPrompt{"model.is_prompt",
                            "SELECT 1 FROM registered_model_tags WHERE name = $1 AND key = $2 AND value = 'true'"};
constexpr db::Sql kRename{"model.rename",
                          "UPDATE registered_models SET name = $2, updated_ms = $3, row_version = row_version + 1 "
                          "WHERE name = $1"};
constexpr db::Sql kStampVersions{"model.stamp_versions", "UPDATE model_versions SET updated_ms = $2 WHERE name = $1"};
constexpr db::Sql kUpdate{"model.update",
                          "UPDATE registered_models SET description = $2, updated_ms = $3 WHERE name = $1"};
constexpr db::Sql kDelete{"model.delete", "DELETE FROM registered_models WHERE name = $1"};
constexpr db::Sql kManage{"model.manage", "UPDATE registered_models SET managed_by = $2 WHERE name = $1"};
constexpr db::Sql kTouch{"model.touch", "UPDATE registered_models SET updated_ms = $2 WHERE name = $1"};

core::Error no_model(std::string_view name) {
  return core::not_found(fmt::format("Registered Model with name={} not found", name), "name");
}

core::Error taken(std::string_view name, bool is_prompt, bool wants_prompt) {
  const auto kind = [](bool prompt) { return prompt ? "prompt" : "registered model"; };
  std::string message = fmt::format("Registered Model (name={}) already exists.", name);
  if (is_prompt != wants_prompt) {
    message = fmt::format("Tried to create a {} with name '{}', but the name is already taken by a {}.",
                          kind(wants_prompt), name, kind(is_prompt));
  }
  return core::conflict(std::move(message), "name").with_wire("RESOURCE_ALREADY_EXISTS", 400);
}

bool is_prompt(db::Tx& tx, std::string_view name) {
  return tx.find(kIsPrompt, {name, kPromptTag}, [](const db::Row&) { return true; }).has_value();
}

}  // namespace

RegisteredModel create_model(db::Tx& tx, const NewModel& wanted, core::Timestamp now, std::string_view managed_by) {
  check_model_name(wanted.name);
  check_description(wanted.description);
  check_tags(wanted.tags);
  // Begun at the time, a row_version is none that a deleted model of this name had.
  const auto made =
      tx.execute(kInsert, {wanted.name, core::to_ms(now), wanted.description, core::to_us(now), managed_by});
  if (made == 0) throw taken(wanted.name, is_prompt(tx, wanted.name), registry::is_prompt(wanted.tags));
  set_model_tags(tx, wanted.name, wanted.tags);
  return get_model(tx, wanted.name);
}

std::optional<RegisteredModel> find_model(db::Tx& tx, std::string_view name) {
  auto model = tx.find(kFind, {name}, read_model);
  if (model) load_contents(tx, std::span(&*model, 1));
  return model;
}

RegisteredModel get_model(db::Tx& tx, std::string_view name) {
  auto model = find_model(tx, name);
  if (!model) throw no_model(name);
  return std::move(*model);
}

std::optional<ModelState> find_model_state(db::Tx& tx, std::string_view name) {
  return tx.find(kState, {name}, [](const db::Row& row) {
    return ModelState{
        .row_version = row.integer(0), .last_version = row.integer(1), .managed_by = std::string(row.text(2))};
  });
}

ModelState get_model_state(db::Tx& tx, std::string_view name) {
  auto state = find_model_state(tx, name);
  if (!state) throw no_model(name);
  return std::move(*state);
}

void require_model(db::Tx& tx, std::string_view name) {
  if (!tx.find(kFind, {name}, [](const db::Row&) { return true; })) throw no_model(name);
}

void rename_model(db::Tx& tx, std::string_view name, std::string_view new_name, core::Timestamp now) {
  check_model_name(new_name, "new_name");
  touch_model(tx, name, now);
  if (name != new_name && tx.find(kFind, {new_name}, [](const db::Row&) { return true; }))
    throw taken(new_name, is_prompt(tx, new_name), is_prompt(tx, name));
  tx.execute(kRename, {name, new_name, core::to_ms(now)});
  tx.execute(kStampVersions, {new_name, core::to_ms(now)});
}

void update_model(db::Tx& tx, std::string_view name, std::string_view description, core::Timestamp now) {
  check_description(description);
  if (tx.execute(kUpdate, {name, description, core::to_ms(now)}) == 0) throw no_model(name);
}

void delete_model(db::Tx& tx, std::string_view name) {
  if (tx.execute(kDelete, {name}) == 0) throw no_model(name);
}

void set_managed_by(db::Tx& tx, std::string_view name, std::string_view managed_by) {
  if (tx.execute(kManage, {name, managed_by}) == 0) throw no_model(name);
}

void touch_model(db::Tx& tx, std::string_view name, core::Timestamp now) {
  if (tx.execute(kTouch, {name, core::to_ms(now)}) == 0) throw no_model(name);
}

}  // namespace wakeful::registry
