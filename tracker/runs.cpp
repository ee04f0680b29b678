#include "tracker/runs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "tracker/artifact_uri.hpp"
#include "tracker/experiments.hpp"
#include "tracker/params_tags.hpp"
#include "tracker/random_name.hpp"
#include "tracker/rules.hpp"

namespace wakeful::tracker {
namespace {

constexpr db::Sql kFind{"run.find",
                        "SELECT r.run_key, r.version, r.run_id, r.run_name, r.experiment_id, r.user_id, r.status, "
                        "r.start_time_ms, r.end_time_ms, r.artifact_uri, r.lifecycle FROM runs r WHERE r.run_id = $1"};
constexpr db::Sql kInsert{
    "run.insert",
    "INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time_ms, lifecycle, artifact_uri, "
    "version) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, 0) RETURNING run_key"};
constexpr db::Sql kUpdate{"run.update",
                          "UPDATE runs SET status = $2, end_time_ms = $3, run_name = $4 WHERE run_key = $1"};
constexpr db::Sql kOpen{"run.open",
                        "SELECT r.run_id FROM runs r JOIN run_tags t ON t.run_key = r.run_key AND t.key = $1 "
                        "WHERE r.status = $3 AND r.lifecycle = 0 AND r.start_time_ms < $2"};
constexpr db::Sql kSetLifecycle{"run.set_lifecycle",
                                "UPDATE runs SET lifecycle = $2, deleted_time_ms = $3 WHERE run_id = $1"};
constexpr db::Sql kFindKey{"run.find_key", "SELECT run_key, experiment_id, lifecycle FROM runs WHERE run_id = $1"};
// Two statements, because RETURNING costs SQLite five times as much as they do.
constexpr db::Sql kLock{"run.lock", "UPDATE runs SET version = version + 1 WHERE run_id = $1"};

core::Error no_run(const RunId& run) {
  return core::not_found(fmt::format("Run with id={} not found", run.text().substr(0, 256)), "run_id");
}

std::optional<FoundRun> find_row(db::Tx& tx, const RunId& run) {
  return tx.find(kFind, {run.text()}, [](const db::Row& row) {
    return FoundRun{.key = row.integer(0), .version = row.integer(1), .info = read_run_columns(row, 2)};
  });
}

/// The name that was wanted, by member or by tag, or a made one.
std::string name_for(const NewRun& wanted, const RunId& id) {
  const auto tag =
      std::find_if(wanted.tags.begin(), wanted.tags.end(), [](const Tag& t) { return t.key == kRunNameTag; });
  if (tag == wanted.tags.end()) return wanted.run_name.empty() ? random_name(id.text()) : wanted.run_name;
  if (!wanted.run_name.empty() && wanted.run_name != tag->value) {
    throw core::invalid(fmt::format("Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
                                    "different values (run_name='{}', mlflow.runName='{}').",
                                    wanted.run_name, tag->value),
                        "run_name");
  }
  return tag->value.empty() ? random_name(id.text()) : tag->value;
}

void set_lifecycle(db::Tx& tx, const RunId& run, Lifecycle to, std::optional<std::int64_t> deleted_ms) {
  if (tx.execute(kSetLifecycle, {run.text(), static_cast<int>(to), deleted_ms}) == 0) throw no_run(run);
}

}  // namespace

RunInfo read_run_columns(const db::Row& row, int first) {
  return {.run_id = std::string(row.text(first)),
          .run_name = std::string(row.text(first + 1)),
          .experiment_id = std::to_string(row.integer(first + 2)),
          .user_id = std::string(row.text(first + 3)),
          .status = static_cast<RunStatus>(row.integer(first + 4)),
          .start_time_ms = row.integer(first + 5),
          .end_time_ms = row.find_integer(first + 6),
          .artifact_uri = std::string(row.text(first + 7)),
          .lifecycle = static_cast<Lifecycle>(row.integer(first + 8))};
}

FoundRun get_found_run(db::Tx& tx, const RunId& run) {
  auto found = find_row(tx, run);
  if (!found) throw no_run(run);
  return std::move(*found);
}

std::optional<RunInfo> find_run(db::Tx& tx, const RunId& run) {
  auto found = find_row(tx, run);
  return found ? std::optional(std::move(found->info)) : std::nullopt;
}

RunInfo get_run_info(db::Tx& tx, const RunId& run) { return get_found_run(tx, run).info; }

Run get_run(db::Tx& tx, const RunId& id) {
  FoundRun found = get_found_run(tx, id);
  Run run{.info = std::move(found.info)};
  load_contents(tx, std::span(&found.key, 1), std::span(&run, 1));
  return run;
}

Run create_run(db::Tx& tx, const NewRun& wanted, const RunId& id) {
  const std::int64_t experiment_id = parse_experiment_id(wanted.experiment_id);
  check_initial_tags(wanted.tags);
  Run run{.info = {.run_id = id.text(),
                   .run_name = name_for(wanted, id),
                   .experiment_id = std::to_string(experiment_id),
                   .user_id = wanted.user_id,
                   .start_time_ms = wanted.start_time_ms},
          .tags = wanted.tags};
  run.info.artifact_uri = append_to_uri(get_active_location(tx, experiment_id), id.text() + "/artifacts");
  const auto named =
      std::find_if(run.tags.begin(), run.tags.end(), [](const Tag& tag) { return tag.key == kRunNameTag; });
  if (named == run.tags.end()) {
    run.tags.push_back({std::string(kRunNameTag), run.info.run_name});
  } else {
    named->value = run.info.run_name;
  }
  const auto key = tx.find(kInsert,
                           {id.text(), experiment_id, run.info.run_name, run.info.user_id,
                            static_cast<int>(run.info.status), run.info.start_time_ms, run.info.artifact_uri},
                           [](const db::Row& row) { return row.integer(0); });
  insert_tags(tx, {key.value(), experiment_id}, run.tags);
  return run;
}

RunInfo update_run(db::Tx& tx, const RunUpdate& update) {
  const RunKey locked = lock_run(tx, update.run_id);
  FoundRun found = get_found_run(tx, update.run_id);
  RunInfo& info = found.info;
  if (update.status) info.status = *update.status;
  if (update.end_time_ms) info.end_time_ms = update.end_time_ms;
  if (!update.run_name.empty()) {
    info.run_name = update.run_name;
    const Tag tag{std::string(kRunNameTag), update.run_name};
    upsert_tags(tx, locked, std::span(&tag, 1));
  }
  tx.execute(kUpdate, {found.key, static_cast<int>(info.status), info.end_time_ms, info.run_name});
  return std::move(info);
}

std::vector<RunId> list_open_runs(db::Tx& tx, std::string_view tag, core::Timestamp until) {
  return tx.list(kOpen, {tag, core::to_ms(until), static_cast<int>(RunStatus::running)},
                 [](const db::Row& row) { return RunId(std::string(row.text(0))); });
}

void delete_run(db::Tx& tx, const RunId& run, core::Timestamp now) {
  set_lifecycle(tx, run, Lifecycle::deleted, core::to_ms(now));
}

void restore_run(db::Tx& tx, const RunId& run) { set_lifecycle(tx, run, Lifecycle::active, std::nullopt); }

RunKey lock_run(db::Tx& tx, const RunId& run) {
  if (tx.execute(kLock, {run.text()}) == 0) throw no_run(run);
  bool active = false;
  const auto locked = tx.find(kFindKey, {run.text()}, [&](const db::Row& row) {
    active = row.integer(2) == static_cast<int>(Lifecycle::active);
    return RunKey{row.integer(0), row.integer(1)};
  });
  if (!active) {
    throw core::invalid(fmt::format("The run {} must be in the 'active' state. Current state is deleted.", run.text()),
                        "run_id");
  }
  return locked.value();
}

std::optional<RunKey> find_run_key(db::Tx& tx, const RunId& run) {
  return tx.find(kFindKey, {run.text()}, [](const db::Row& row) { return RunKey{row.integer(0), row.integer(1)}; });
}

}  // namespace wakeful::tracker
