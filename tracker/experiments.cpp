#include "tracker/experiments.hpp"

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "tracker/artifact_uri.hpp"
#include "tracker/rules.hpp"

namespace wakeful::tracker {
namespace {

constexpr db::Sql kFindById{"experiment.find_by_id",
                            "SELECT experiment_id, name, artifact_location, lifecycle, creation_time_ms, "
                            "last_update_time_ms FROM experiments WHERE experiment_id = $1"};
constexpr db::Sql kFindByName{"experiment.find_by_name",
                              "SELECT experiment_id, name, artifact_location, lifecycle, creation_time_ms, "
                              "last_update_time_ms FROM experiments WHERE name = $1"};
constexpr db::Sql kTags{"experiment.tags",
                        "SELECT key, value FROM experiment_tags WHERE experiment_id = $1 ORDER BY key"};
constexpr db::Sql kInsert{
    "experiment.insert",
    "INSERT INTO experiments (name, artifact_location, lifecycle, creation_time_ms, last_update_time_ms) "
    "VALUES ($1, '', 0, $2, $2) ON CONFLICT (name) DO NOTHING RETURNING experiment_id"};
constexpr db::Sql kInsertDefault{
    "experiment.insert_default",
    "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle, creation_time_ms, "
    "last_update_time_ms) VALUES (0, 'Default', $1, 0, $2, $2) ON CONFLICT DO NOTHING"};
constexpr db::Sql kSetLocation{"experiment.set_location",
                               "UPDATE experiments SET artifact_location = $2 WHERE experiment_id = $1"};
constexpr db::Sql kUpsertTag{"experiment.upsert_tag",
                             "INSERT INTO experiment_tags (experiment_id, key, value) VALUES ($1, $2, $3) "
                             "ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value"};
constexpr db::Sql kDeleteTag{"experiment.delete_tag",
                             "DELETE FROM experiment_tags WHERE experiment_id = $1 AND key = $2"};
constexpr db::Sql kLock{"experiment.lock",
                        "UPDATE experiments SET lifecycle = lifecycle WHERE experiment_id = $1 RETURNING lifecycle"};
constexpr db::Sql kNameTaken{"experiment.name_taken",
                             "SELECT experiment_id FROM experiments WHERE name = $1 AND experiment_id <> $2"};
constexpr db::Sql kRename{"experiment.rename",
                          "UPDATE experiments SET name = $2, last_update_time_ms = $3 WHERE experiment_id = $1"};
constexpr db::Sql kSetLifecycle{
    "experiment.set_lifecycle",
    "UPDATE experiments SET lifecycle = $2, last_update_time_ms = $3 WHERE experiment_id = $1 AND lifecycle <> $2"};
constexpr db::Sql kSetRunsLifecycle{
    "experiment.set_runs_lifecycle",
    "UPDATE runs SET lifecycle = $2, deleted_time_ms = $3 WHERE experiment_id = $1 AND lifecycle <> $2"};
constexpr db::Sql kLocation{"experiment.location",
                            "SELECT lifecycle, artifact_location FROM experiments WHERE experiment_id = $1"};

core::Error no_experiment(std::int64_t id) {
  return core::not_found(fmt::format("No Experiment with id={} exists", id), "experiment_id");
}

core::Error taken(std::string_view name) {
  return core::conflict(
             fmt::format("Experiment(name={}) already exists. Names of deleted experiments are taken, too.", name),
             "name")
      .with_wire("RESOURCE_ALREADY_EXISTS", 400);
}

Experiment read_row(const db::Row& row) {
  return {.experiment_id = std::to_string(row.integer(0)),
          .name = std::string(row.text(1)),
          .artifact_location = std::string(row.text(2)),
          .lifecycle = static_cast<Lifecycle>(row.integer(3)),
          .creation_time_ms = row.integer(4),
          .last_update_time_ms = row.integer(5)};
}

std::optional<Experiment> with_tags(db::Tx& tx, std::optional<Experiment> experiment) {
  if (!experiment) return experiment;
  experiment->tags = tx.list(kTags, {parse_experiment_id(experiment->experiment_id)}, [](const db::Row& row) {
    return Tag{std::string(row.text(0)), std::string(row.text(1))};
  });
  return experiment;
}

void require_active(std::int64_t id, std::optional<std::int64_t> lifecycle) {
  if (!lifecycle) throw no_experiment(id);
  if (*lifecycle == static_cast<int>(Lifecycle::active)) return;
  throw core::invalid(fmt::format("The experiment {} must be in the 'active' state. Current state is deleted.", id),
                      "experiment_id");
}

void lock_active(db::Tx& tx, std::int64_t id) {
  require_active(id, tx.find(kLock, {id}, [](const db::Row& row) { return row.integer(0); }));
}

/// Whether anything changed.
bool set_lifecycle(db::Tx& tx, std::int64_t id, Lifecycle to, core::Timestamp now) {
  const auto value = static_cast<int>(to);
  if (tx.execute(kSetLifecycle, {id, value, core::to_ms(now)}) == 0) return false;
  const std::optional<std::int64_t> deleted = to == Lifecycle::deleted ? std::optional(core::to_ms(now)) : std::nullopt;
  tx.execute(kSetRunsLifecycle, {id, value, deleted});
  return true;
}

}  // namespace

void ensure_default_experiment(db::Tx& tx, const Settings& settings, core::Timestamp now) {
  tx.execute(kInsertDefault, {default_location(settings, 0), core::to_ms(now)});
}

std::int64_t create_experiment(db::Tx& tx, const NewExperiment& wanted, const Settings& settings, core::Timestamp now) {
  check_length(wanted.name, kMaxExperimentName, "name", "name");
  check_initial_tags(wanted.tags);
  const std::string given = wanted.artifact_location.value_or("");
  const std::string location = given.empty() ? given : check_artifact_location(given, settings);
  const auto id = tx.find(kInsert, {wanted.name, core::to_ms(now)}, [](const db::Row& row) { return row.integer(0); });
  if (!id) throw taken(wanted.name);
  tx.execute(kSetLocation, {*id, location.empty() ? default_location(settings, *id) : location});
  for (const Tag& tag : wanted.tags) tx.execute(kUpsertTag, {*id, tag.key, tag.value});
  return *id;
}

std::optional<Experiment> find_experiment(db::Tx& tx, std::int64_t id) {
  return with_tags(tx, tx.find(kFindById, {id}, read_row));
}

Experiment get_experiment(db::Tx& tx, std::int64_t id) {
  auto found = find_experiment(tx, id);
  if (!found) throw no_experiment(id);
  return std::move(*found);
}

std::optional<Experiment> find_experiment_by_name(db::Tx& tx, std::string_view name) {
  return with_tags(tx, tx.find(kFindByName, {name}, read_row));
}

Experiment get_experiment_by_name(db::Tx& tx, std::string_view name) {
  auto found = find_experiment_by_name(tx, name);
  if (!found) throw core::not_found(fmt::format("Could not find experiment with name '{}'", name), "experiment_name");
  return std::move(*found);
}

void rename_experiment(db::Tx& tx, std::int64_t id, std::string_view name, core::Timestamp now) {
  check_length(name, kMaxExperimentName, "name", "new_name");
  const auto lifecycle = tx.find(kLock, {id}, [](const db::Row& row) { return row.integer(0); });
  if (!lifecycle) throw no_experiment(id);
  if (*lifecycle != static_cast<int>(Lifecycle::active))
    throw core::invalid("Cannot rename a non-active experiment.", "experiment_id");
  if (tx.find(kNameTaken, {name, id}, [](const db::Row&) { return true; })) throw taken(name);
  tx.execute(kRename, {id, name, core::to_ms(now)});
}

void delete_experiment(db::Tx& tx, std::int64_t id, core::Timestamp now) {
  if (!set_lifecycle(tx, id, Lifecycle::deleted, now)) throw no_experiment(id);
}

void restore_experiment(db::Tx& tx, std::int64_t id, core::Timestamp now) {
  if (!set_lifecycle(tx, id, Lifecycle::active, now)) throw no_experiment(id);
}

void set_experiment_tag(db::Tx& tx, std::int64_t id, const Tag& tag) {
  check_experiment_tag(tag);
  lock_active(tx, id);
  tx.execute(kUpsertTag, {id, tag.key, tag.value});
}

void delete_experiment_tag(db::Tx& tx, std::int64_t id, std::string_view key) {
  lock_active(tx, id);
  if (tx.execute(kDeleteTag, {id, key}) > 0) return;
  throw core::not_found(fmt::format("No tag with name: {} in experiment with id {}", key, id), "key");
}

std::string get_active_location(db::Tx& tx, std::int64_t id) {
  std::string location;
  require_active(id, tx.find(kLocation, {id}, [&](const db::Row& row) {
    location = row.text(1);
    return row.integer(0);
  }));
  return location;
}

}  // namespace wakeful::tracker
