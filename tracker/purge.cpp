#include "tracker/purge.hpp"

#include <array>

namespace wakeful::tracker {
namespace {

constexpr db::Sql kListDeleted{
    "purge.list_deleted_runs",
    "SELECT run_key, run_id, artifact_uri, deleted_time_ms FROM runs WHERE lifecycle = 1 AND deleted_time_ms < $1 "
    "AND (deleted_time_ms, run_key) > ($2, $3) ORDER BY deleted_time_ms, run_key LIMIT $4"};
constexpr db::Sql kDropRun{
    "purge.drop_run",
    "DELETE FROM runs WHERE run_key = $1 AND lifecycle = 1 AND run_key < (SELECT MAX(run_key) FROM runs)"};
constexpr db::Sql kRemember{"purge.remember_run", "INSERT INTO purged_runs (run_key) VALUES ($1)"};
constexpr db::Sql kNext{"purge.next_run", "SELECT run_key FROM purged_runs ORDER BY run_key LIMIT 1"};
constexpr db::Sql kForget{"purge.forget_run", "DELETE FROM purged_runs WHERE run_key = $1"};
constexpr db::Sql kPointAt{"purge.point_at",
                           "SELECT name_key, step, timestamp_ms FROM metric_points WHERE run_key = $1 "
                           "ORDER BY name_key, step, timestamp_ms, value, is_nan LIMIT 1 OFFSET $2"};
constexpr db::Sql kDeletePoints{
    "purge.delete_points",
    "DELETE FROM metric_points WHERE run_key = $1 AND (name_key, step, timestamp_ms) <= ($2, $3, $4)"};
// What a run holds beside its points is as much as its clients logged in a few requests.
constexpr std::array kDeleteOthers{
    db::Sql{"purge.delete_last_points", "DELETE FROM metric_points WHERE run_key = $1"},
    db::Sql{"purge.delete_series", "DELETE FROM metric_series WHERE run_key = $1"},
    db::Sql{"purge.delete_marks", "DELETE FROM metric_marks WHERE run_key = $1"},
    db::Sql{"purge.delete_params", "DELETE FROM params WHERE run_key = $1"},
    db::Sql{"purge.delete_tags", "DELETE FROM run_tags WHERE run_key = $1"},
    db::Sql{"purge.delete_datasets", "DELETE FROM run_datasets WHERE run_key = $1"},
    db::Sql{"purge.delete_dataset_tags", "DELETE FROM run_dataset_tags WHERE run_key = $1"},
    db::Sql{"purge.delete_models", "DELETE FROM run_models WHERE run_key = $1"},
};
constexpr db::Sql kListExperiments{
    "purge.list_experiments",
    "SELECT e.experiment_id FROM experiments e WHERE e.lifecycle = 1 AND e.experiment_id <> 0 "
    "AND e.last_update_time_ms < $1 "
    "AND e.experiment_id < (SELECT MAX(experiment_id) FROM experiments) "
    "AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.experiment_id = e.experiment_id) "
    "AND NOT EXISTS (SELECT 1 FROM logged_models m WHERE m.experiment_id = e.experiment_id) ORDER BY e.experiment_id"};
constexpr db::Sql kIsEmpty{"purge.is_empty_experiment",
                           "SELECT 1 FROM experiments e WHERE e.experiment_id = $1 AND e.lifecycle = 1 "
                           "AND e.experiment_id < (SELECT MAX(experiment_id) FROM experiments) "
                           "AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.experiment_id = e.experiment_id) "
                           "AND NOT EXISTS (SELECT 1 FROM logged_models m WHERE m.experiment_id = e.experiment_id)"};
constexpr std::array kDropExperiment{
    db::Sql{"purge.delete_experiment_tags", "DELETE FROM experiment_tags WHERE experiment_id = $1"},
    db::Sql{"purge.delete_experiment_datasets", "DELETE FROM datasets WHERE experiment_id = $1"},
    db::Sql{"purge.delete_experiment", "DELETE FROM experiments WHERE experiment_id = $1"},
};
constexpr db::Sql kListSurplus{
    "purge.list_surplus_runs",
    "SELECT run_id FROM runs WHERE experiment_id = $1 AND lifecycle = 0 AND run_name = $2 AND end_time_ms IS NOT NULL "
    "ORDER BY start_time_ms DESC, run_id LIMIT $3 OFFSET $4"};

}  // namespace

std::vector<DeletedRun> list_deleted_runs(db::Tx& tx, core::Timestamp before, std::int64_t after_ms,
                                          std::int64_t after_key, std::int64_t most) {
  return tx.list(kListDeleted, {core::to_ms(before), after_ms, after_key, most}, [](const db::Row& row) {
    return DeletedRun{.key = row.integer(0),
                      .id = RunId(std::string(row.text(1))),
                      .artifact_uri = std::string(row.text(2)),
                      .deleted_ms = row.integer(3)};
  });
}

bool drop_run(db::Tx& tx, std::int64_t key) {
  if (tx.execute(kDropRun, {key}) == 0) return false;
  tx.execute(kRemember, {key});
  return true;
}

bool purge_dropped_runs(db::Tx& tx, std::int64_t most) {
  const auto key = tx.find(kNext, {}, [](const db::Row& row) { return row.integer(0); });
  if (!key) return false;
  struct Point {
    std::int64_t name, step, time;
  };
  const auto point = tx.find(kPointAt, {*key, most}, [](const db::Row& row) {
    return Point{row.integer(0), row.integer(1), row.integer(2)};
  });
  if (point) {
    tx.execute(kDeletePoints, {*key, point->name, point->step, point->time});
    return true;
  }
  for (const db::Sql& sql : kDeleteOthers) tx.execute(sql, {*key});
  tx.execute(kForget, {*key});
  return true;
}

std::vector<std::int64_t> list_empty_experiments(db::Tx& tx, core::Timestamp before) {
  return tx.list(kListExperiments, {core::to_ms(before)}, [](const db::Row& row) { return row.integer(0); });
}

bool drop_experiment(db::Tx& tx, std::int64_t id) {
  if (!tx.find(kIsEmpty, {id}, [](const db::Row&) { return true; })) return false;
  for (const db::Sql& sql : kDropExperiment) tx.execute(sql, {id});
  return true;
}

std::vector<RunId> list_surplus_runs(db::Tx& tx, std::int64_t experiment_id, std::string_view run_name,
                                     std::int64_t keep, std::int64_t most) {
  return tx.list(kListSurplus, {experiment_id, run_name, most, keep},
                 [](const db::Row& row) { return RunId(std::string(row.text(0))); });
}

}  // namespace wakeful::tracker
