#include "tracker/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "platform/search/list_statement.hpp"
#include "tracker/logged_models.hpp"
#include "tracker/params_tags.hpp"
#include "tracker/runs.hpp"

namespace wakeful::tracker {
namespace {

constexpr db::Sql kInsertPoint{
    "metric.insert_point",
    "INSERT INTO metric_points (run_key, name_key, step, timestamp_ms, value, is_nan) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT DO NOTHING"};
constexpr std::string_view kSeriesBefore =
    "SELECT n.name, n.name_key, s.step, s.timestamp_ms, s.value, s.points, s.in_time_order FROM metric_names n "
    "LEFT JOIN metric_series s ON s.run_key = $1 AND s.name_key = n.name_key WHERE n.name IN (";
// Not DO NOTHING: another transaction may have added the name a moment ago, and its key is wanted.
constexpr db::Sql kAddName{"metric.add_name",
                           "INSERT INTO metric_names (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = "
                           "excluded.name RETURNING name_key"};
constexpr db::Sql kInsertSeries{
    "metric.insert_series",
    "INSERT INTO metric_series (run_key, name_key, experiment_id, step, timestamp_ms, value, points, in_time_order) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr db::Sql kMoveSeries{
    "metric.move_series",
    "UPDATE metric_series SET step = $4, timestamp_ms = $5, value = $6, points = $7, in_time_order = $8 "
    "WHERE run_key = $1 AND name_key = $2 AND experiment_id = $3"};
constexpr db::Sql kInsertMark{"metric.insert_mark",
                              "INSERT INTO metric_marks (run_key, name_key, rank, step, timestamp_ms, value, is_nan) "
                              "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr db::Sql kDropMarks{"metric.drop_marks",
                             "DELETE FROM metric_marks WHERE run_key = $1 AND name_key = $2 AND "
                             "(step, timestamp_ms, value, is_nan) >= ($3, $4, $5, $6)"};

constexpr std::size_t kPointColumns = 6;
constexpr std::size_t kSeriesColumns = 8;
constexpr std::size_t kMarkColumns = 7;

/// One key of a batch: its points in order and distinct, and the series that they join.
struct Series {
  std::string_view name;
  std::vector<Point> fresh{};
  std::int64_t name_key = 0;
  Point last{};
  std::int64_t points = 0;  // 0: it does not exist yet
  bool in_time_order = true;
};

void read_series(const db::Row& row, Series& series) {
  series.name_key = row.integer(1);
  if (row.is_null(2)) return;
  const bool is_nan = row.is_null(4);
  series.last = {row.integer(2), row.integer(3), is_nan ? 0.0 : row.real(4), is_nan};
  series.points = row.integer(5);
  series.in_time_order = row.integer(6) != 0;
}

/// The batch by key, keys sorted: writers of one store take its rows in one order.
std::vector<Series> group(std::span<const Metric> metrics) {
  std::vector<std::pair<std::string_view, Point>> all;
  all.reserve(metrics.size());
  for (const Metric& metric : metrics) all.emplace_back(metric.key, to_point(metric));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::vector<Series> groups;
  for (const auto& [name, point] : all) {
    if (groups.empty() || groups.back().name != name) groups.push_back({.name = name});
    groups.back().fresh.push_back(point);
  }
  return groups;
}

/// Fills in what the store knows of the series; `groups` is sorted by name.
void load(db::Tx& tx, const RunKey& run, std::span<Series> groups) {
  search::for_each_list(groups.size(), [&](std::size_t from, std::size_t count, std::size_t places) {
    std::vector<db::Param> params{run.key};
    for (std::size_t i = from; i < from + count; ++i) params.emplace_back(groups[i].name);
    params.resize(1 + places, params.back());
    const std::string text = search::list_statement(kSeriesBefore, 2, places, ")");
    const auto each = [&](const db::Row& row) {
      const auto found =
          std::lower_bound(groups.begin(), groups.end(), row.text(0),
                           [](const Series& series, std::string_view name) { return series.name < name; });
      read_series(row, *found);
    };
    tx.query(db::Sql("metric.series", text), params, db::RowCallback(each));
  });
  for (Series& series : groups) {
    if (series.name_key != 0) continue;
    series.name_key = tx.find(kAddName, {series.name}, [](const db::Row& row) { return row.integer(0); }).value();
  }
}

void add_point(std::vector<db::Param>& values, const RunKey& run, const Series& series, const Point& point) {
  values.insert(values.end(), {run.key, series.name_key, point.step, point.timestamp_ms, point.value, point.is_nan});
}

/// What a batch writes, one statement for each kind.
struct Rows {
  std::vector<db::Param> points;
  std::vector<db::Param> marks;
  std::vector<db::Param> new_series;
  std::vector<db::Param> moved_series;
};

/// Points before the end of the series: some may be there, and ranks behind them move.
void insert_late(db::Tx& tx, const RunKey& run, Series& series, std::span<const Point> late) {
  if (late.empty()) return;
  std::vector<db::Param> values;
  for (const Point& point : late) add_point(values, run, series, point);
  const auto inserted = tx.execute_many(kInsertPoint, values, kPointColumns);
  if (inserted == 0) return;
  const Point& first = late.front();
  if (series.points > kMarkEvery) {
    tx.execute(kDropMarks, {run.key, series.name_key, first.step, first.timestamp_ms, first.value, first.is_nan});
  }
  series.points += inserted;
  series.in_time_order = false;
}

/// Points behind the end of the series.
void append(const RunKey& run, Series& series, std::span<const Point> points, Rows& rows) {
  std::int64_t time = series.points == 0 ? 0 : series.last.timestamp_ms;
  for (const Point& point : points) {
    add_point(rows.points, run, series, point);
    series.in_time_order = series.in_time_order && point.timestamp_ms >= time;
    time = point.timestamp_ms;
    const std::int64_t rank = series.points++;
    series.last = point;
    if (rank == 0 || rank % kMarkEvery != 0) continue;
    rows.marks.insert(rows.marks.end(),
                      {run.key, series.name_key, rank, point.step, point.timestamp_ms, point.value, point.is_nan});
  }
}

void add_series(const RunKey& run, const Series& series, std::vector<db::Param>& rows) {
  const Point& last = series.last;
  const db::Param value = last.is_nan ? db::Param(db::Null{}) : db::Param(last.value);
  rows.insert(rows.end(), {run.key, series.name_key, run.experiment_id, last.step, last.timestamp_ms, value,
                           series.points, series.in_time_order});
}

void log_metrics(db::Tx& tx, const RunKey& run, std::span<const Metric> metrics) {
  if (metrics.empty()) return;
  std::vector<Series> groups = group(metrics);
  load(tx, run, groups);
  Rows rows;
  rows.points.reserve(metrics.size() * kPointColumns);
  for (Series& series : groups) {
    const bool is_new = series.points == 0;
    const std::int64_t before = series.points;
    const std::span<const Point> fresh(series.fresh);
    const auto end = is_new ? fresh.begin() : std::upper_bound(fresh.begin(), fresh.end(), series.last);
    insert_late(tx, run, series, {fresh.begin(), end});
    append(run, series, {end, fresh.end()}, rows);
    if (series.points != before) add_series(run, series, is_new ? rows.new_series : rows.moved_series);
  }
  if (!rows.points.empty()) tx.execute_many(kInsertPoint, rows.points, kPointColumns);
  if (!rows.marks.empty()) tx.execute_many(kInsertMark, rows.marks, kMarkColumns);
  if (!rows.new_series.empty()) tx.execute_many(kInsertSeries, rows.new_series, kSeriesColumns);
  if (!rows.moved_series.empty()) tx.execute_many(kMoveSeries, rows.moved_series, kSeriesColumns);
}

}  // namespace

Point to_point(const Metric& metric) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  const bool is_nan = std::isnan(metric.value);
  // Adding 0 makes -0 a plain zero, so that it is no second point beside it.
  const double value = is_nan ? 0.0 : std::clamp(metric.value, -kLargest, kLargest) + 0.0;
  return {metric.step, metric.timestamp_ms, value, is_nan};
}

double value_of(const Point& point) { return point.is_nan ? std::numeric_limits<double>::quiet_NaN() : point.value; }

void log_batch(db::Tx& tx, const RunId& run, const CheckedBatch& batch) {
  const RunKey locked = lock_run(tx, run);
  insert_params(tx, locked, run, batch.params());
  log_metrics(tx, locked, batch.metrics());
  log_model_metrics(tx, run, batch.metrics());
  upsert_tags(tx, locked, batch.tags());
}

void log_metric(db::Tx& tx, const RunId& run, const Metric& metric) {
  const RunKey locked = lock_run(tx, run);
  log_metrics(tx, locked, std::span(&metric, 1));
  if (!metric.model_id.empty()) log_model_metrics(tx, run, std::span(&metric, 1));
}

}  // namespace wakeful::tracker
