#include "registry/versions.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/names.hpp"
#include "registry/contents.hpp"
#include "registry/models.hpp"
#include "registry/retention.hpp"
#include "registry/rules.hpp"
#include "registry/tags.hpp"

namespace wakeful::registry {
namespace {

constexpr db::Sql kNextNumber{"version.next_number",
                              "UPDATE registered_models SET last_version = last_version + 1, "
                              "row_version = row_version + 1, updated_ms = $2 WHERE name = $1 "
                              "RETURNING last_version, row_version"};
constexpr db::Sql kInsert{
    "version.insert",
    "INSERT INTO model_versions (name, version, created_ms, updated_ms, stage, description, source, location, run_id, "
    "run_link, model_id) VALUES ($1, $2, $3, $3, 0, $4, $5, $6, $7, $8, $9)"};
constexpr db::Sql kFind{
    "version.find",
    "SELECT v.name, v.version, v.created_ms, v.updated_ms, v.stage, v.description, v.source, v.run_id, v.run_link, "
    "v.model_id FROM model_versions v WHERE v.name = $1 AND v.version = $2"};
constexpr db::Sql kExists{"version.exists", "SELECT 1 FROM model_versions WHERE name = $1 AND version = $2"};
constexpr db::Sql kHighest{"version.highest", "SELECT MAX(version) FROM model_versions WHERE name = $1"};
constexpr db::Sql kHighestInStage{"version.highest_in_stage",
                                  "SELECT MAX(version) FROM model_versions WHERE name = $1 AND stage = $2"};
constexpr db::Sql kLocation{"version.location", "SELECT location FROM model_versions WHERE name = $1 AND version = $2"};
constexpr db::Sql kUpdate{"version.update",
                          "UPDATE model_versions SET description = $3, updated_ms = $4 WHERE name = $1 AND "
                          "version = $2"};
constexpr db::Sql kSetStage{"version.set_stage",
                            "UPDATE model_versions SET stage = $3, updated_ms = $4 WHERE name = $1 AND version = $2"};
constexpr db::Sql kArchive{"version.archive",
                           "UPDATE model_versions SET stage = 3, updated_ms = $4 WHERE name = $1 AND stage = $3 AND "
                           "version <> $2"};
constexpr db::Sql kLockForDelete{"version.lock_for_delete",
                                 "UPDATE registered_models SET row_version = row_version + 1, updated_ms = $2 "
                                 "WHERE name = $1"};
constexpr db::Sql kDelete{"version.delete", "DELETE FROM model_versions WHERE name = $1 AND version = $2"};
constexpr db::Sql kFacts{"version.facts",
                         "SELECT v.version, v.stage, (SELECT COUNT(*) FROM registered_model_aliases a WHERE "
                         "a.name = v.name AND a.version = v.version) FROM model_versions v WHERE v.name = $1"};

core::Error no_version(std::string_view name, std::int64_t version) {
  return core::not_found(fmt::format("Model Version (name={}, version={}) not found", name, version), "version");
}

void check(const NewVersion& wanted) {
  check_description(wanted.description);
  core::check_length(wanted.source, kMaxSource, "source", "source");
  core::check_length(wanted.run_id, kMaxRunId, "run_id", "run_id");
  core::check_length(wanted.run_link, kMaxSource, "run_link", "run_link");
  core::check_length(wanted.model_id, kMaxSource, "model_id", "model_id");
  check_tags(wanted.tags);
}

/// Takes the model's row lock.
std::int64_t next_number(db::Tx& tx, std::string_view name, core::Timestamp now,
                         std::optional<std::int64_t> expected_row_version) {
  std::int64_t row_version = 0;
  const auto number = tx.find(kNextNumber, {name, core::to_ms(now)}, [&](const db::Row& row) {
    row_version = row.integer(1);
    return row.integer(0);
  });
  if (!number) require_model(tx, name);
  if (expected_row_version && row_version != *expected_row_version + 1) {
    throw core::conflict(fmt::format("Registered Model '{}' was changed meanwhile: its row_version is {}, not {}.",
                                     name, row_version - 1, *expected_row_version),
                         "row_version");
  }
  return number.value();
}

}  // namespace

ModelVersion create_version(db::Tx& tx, const NewVersion& wanted, core::Timestamp now, const VersionTerms& terms) {
  check(wanted);
  const std::int64_t number = next_number(tx, wanted.name, now, terms.expected_row_version);
  tx.execute(kInsert, {wanted.name, number, core::to_ms(now), wanted.description, wanted.source,
                       terms.location.empty() ? wanted.source : terms.location, wanted.run_id, wanted.run_link,
                       wanted.model_id});
  set_version_tags(tx, wanted.name, number, wanted.tags);
  return get_version(tx, wanted.name, number);
}

std::optional<ModelVersion> find_version(db::Tx& tx, std::string_view name, std::int64_t version) {
  auto found = tx.find(kFind, {name, version}, read_version);
  if (!found) return found;
  load_tags(tx, std::span(&*found, 1));
  load_aliases(tx, std::span(&*found, 1));
  return found;
}

ModelVersion get_version(db::Tx& tx, std::string_view name, std::int64_t version) {
  auto found = find_version(tx, name, version);
  if (!found) throw no_version(name, version);
  return std::move(*found);
}

void require_version(db::Tx& tx, std::string_view name, std::int64_t version) {
  if (!tx.find(kExists, {name, version}, [](const db::Row&) { return true; })) throw no_version(name, version);
}

std::optional<ModelVersion> latest_version(db::Tx& tx, std::string_view name) {
  const auto highest = tx.find(kHighest, {name}, [](const db::Row& row) { return row.find_integer(0); });
  return highest && *highest ? find_version(tx, name, **highest) : std::nullopt;
}

std::vector<ModelVersion> latest_versions(db::Tx& tx, std::string_view name, std::span<const Stage> stages) {
  constexpr std::array kAll{Stage::none, Stage::staging, Stage::production, Stage::archived};
  require_model(tx, name);
  std::vector<std::int64_t> numbers;
  for (const Stage stage : stages.empty() ? std::span<const Stage>(kAll) : stages) {
    const auto highest = tx.find(kHighestInStage, {name, static_cast<int>(stage)},
                                 [](const db::Row& row) { return row.find_integer(0); });
    if (highest && *highest) numbers.push_back(**highest);
  }
  std::sort(numbers.begin(), numbers.end(), std::greater<>());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::vector<ModelVersion> versions;
  versions.reserve(numbers.size());
  for (const std::int64_t number : numbers) versions.push_back(get_version(tx, name, number));
  return versions;
}

std::string get_download_uri(db::Tx& tx, std::string_view name, std::int64_t version) {
  auto location = tx.find(kLocation, {name, version}, [](const db::Row& row) { return std::string(row.text(0)); });
  if (!location) throw no_version(name, version);
  return std::move(*location);
}

void update_version(db::Tx& tx, std::string_view name, std::int64_t version, std::optional<std::string> description,
                    core::Timestamp now) {
  if (description) check_description(*description);
  if (tx.execute(kUpdate, {name, version, description, core::to_ms(now)}) == 0) throw no_version(name, version);
}

void transition_version(db::Tx& tx, std::string_view name, std::int64_t version, Stage stage, bool archive_existing,
                        core::Timestamp now) {
  if (archive_existing && stage != Stage::staging && stage != Stage::production) {
    throw core::invalid(fmt::format("Model version transition cannot archive existing model versions because '{}' is "
                                    "not an Active stage. Valid stages are Staging and Production.",
                                    name_of(stage)),
                        "archive_existing_versions");
  }
  require_version(tx, name, version);
  touch_model(tx, name, now);
  const auto to = static_cast<int>(stage);
  if (tx.execute(kSetStage, {name, version, to, core::to_ms(now)}) == 0) throw no_version(name, version);
  if (archive_existing) tx.execute(kArchive, {name, version, to, core::to_ms(now)});
}

void delete_version(db::Tx& tx, std::string_view name, std::int64_t version, core::Timestamp now) {
  tx.execute(kLockForDelete, {name, core::to_ms(now)});
  if (tx.execute(kDelete, {name, version}) == 0) throw no_version(name, version);
}

std::vector<ModelVersion> trim_versions(db::Tx& tx, std::string_view name, std::size_t keep, core::Timestamp now) {
  require_model(tx, name);
  const auto facts = tx.list(kFacts, {name}, [](const db::Row& row) {
    return VersionFacts{row.integer(0), static_cast<Stage>(row.integer(1)), row.integer(2) > 0};
  });
  std::vector<ModelVersion> gone;
  for (const std::int64_t version : plan_retention(facts, keep)) {
    gone.push_back(get_version(tx, name, version));
    delete_version(tx, name, version, now);
  }
  return gone;
}

}  // namespace wakeful::registry
