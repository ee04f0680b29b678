#include "tracker/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tracker/logged_models.hpp"
#include "tracker/params_tags.hpp"
#include "tracker/runs.hpp"

namespace wakeful::tracker {
namespace {

constexpr db::Sql kInsertPoint{
    "metric.insert_point",
    "INSERT INTO metric_points (run_key, name_key, step, timestamp_ms, value, is_nan) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT DO NOTHING"};
constexpr db::Sql kSeries{"metric.series",
                          "SELECT n.name_key, s.step, s.timestamp_ms, s.value, s.points, s.in_time_order "
                          "FROM metric_names n LEFT JOIN metric_series s ON s.run_key = $1 AND s.name_key = n.name_key "
                          "WHERE n.name = $2"};
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
    "UPDATE metric_series SET step = $3, timestamp_ms = $4, value = $5, points = $6, in_time_order = $7 "
    "WHERE run_key = $1 AND name_key = $2"};
constexpr db::Sql kInsertMark{"metric.insert_mark",
                              "INSERT INTO metric_marks (run_key, name_key, rank, step, timestamp_ms, value, is_nan) "
                              "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr db::Sql kDropMarks{"metric.drop_marks",
                             "DELETE FROM metric_marks WHERE run_key = $1 AND name_key = $2 AND "
                             "(step, timestamp_ms, value, is_nan) >= ($3, $4, $5, $6)"};

struct Series {
  std::int64_t name_key = 0;
  Point last{};
  std::int64_t points = 0;  // 0: it does not exist yet
  bool in_time_order = true;
};

Series read_series(const db::Row& row) {
  if (row.is_null(1)) return {.name_key = row.integer(0)};
  const bool is_nan = row.is_null(3);
  return {.name_key = row.integer(0),
          .last = {row.integer(1), row.integer(2), is_nan ? 0.0 : row.real(3), is_nan},
          .points = row.integer(4),
          .in_time_order = row.integer(5) != 0};
}

Series get_series(db::Tx& tx, const RunKey& run, std::string_view key) {
  if (const auto found = tx.find(kSeries, {run.key, key}, read_series)) return *found;
  const auto name_key = tx.find(kAddName, {key}, [](const db::Row& row) { return row.integer(0); });
  return {.name_key = name_key.value()};
}

void put_series(db::Tx& tx, const RunKey& run, const Series& series, bool is_new) {
  const Point& last = series.last;
  const db::Param value = last.is_nan ? db::Param(db::Null{}) : db::Param(last.value);
  if (is_new) {
    tx.execute(kInsertSeries, {run.key, series.name_key, run.experiment_id, last.step, last.timestamp_ms, value,
                               series.points, series.in_time_order});
  } else {
    tx.execute(kMoveSeries,
               {run.key, series.name_key, last.step, last.timestamp_ms, value, series.points, series.in_time_order});
  }
}

/// How many of them were not there.
std::int64_t insert_points(db::Tx& tx, const RunKey& run, std::int64_t name_key, std::span<const Point> points) {
  std::vector<db::Param> values;
  values.reserve(points.size() * 6);
  for (const Point& point : points) {
    values.insert(values.end(), {run.key, name_key, point.step, point.timestamp_ms, point.value, point.is_nan});
  }
  return tx.execute_many(kInsertPoint, values, 6);
}

/// Points before the end of the series: some may be there, and ranks behind them move.
void insert_late(db::Tx& tx, const RunKey& run, Series& series, std::span<const Point> points) {
  if (points.empty()) return;
  const auto inserted = insert_points(tx, run, series.name_key, points);
  if (inserted == 0) return;
  const Point& first = points.front();
  if (series.points >= kMarkEvery) {
    tx.execute(kDropMarks, {run.key, series.name_key, first.step, first.timestamp_ms, first.value, first.is_nan});
  }
  series.points += inserted;
  series.in_time_order = false;
}

/// Points behind the end of the series, in order and distinct.
void append(db::Tx& tx, const RunKey& run, Series& series, std::span<const Point> points) {
  if (points.empty()) return;
  insert_points(tx, run, series.name_key, points);
  bool in_time_order = series.in_time_order;
  std::int64_t time = series.points == 0 ? points.front().timestamp_ms : series.last.timestamp_ms;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point& point = points[i];
    in_time_order = in_time_order && point.timestamp_ms >= time;
    time = point.timestamp_ms;
    const std::int64_t rank = series.points + static_cast<std::int64_t>(i);
    if (rank == 0 || rank % kMarkEvery != 0) continue;
    tx.execute(kInsertMark,
               {run.key, series.name_key, rank, point.step, point.timestamp_ms, point.value, point.is_nan});
  }
  series.points += static_cast<std::int64_t>(points.size());
  series.last = points.back();
  series.in_time_order = in_time_order;
}

/// `points` in order and distinct.
void log_points(db::Tx& tx, const RunKey& run, std::string_view key, std::span<const Point> points) {
  Series series = get_series(tx, run, key);
  const bool is_new = series.points == 0;
  const std::int64_t before = series.points;
  const auto appended = is_new ? points.begin() : std::upper_bound(points.begin(), points.end(), series.last);
  insert_late(tx, run, series, {points.begin(), appended});
  append(tx, run, series, {appended, points.end()});
  if (series.points != before) put_series(tx, run, series, is_new);
}

/// The batch's points of one key after the other, keys sorted: writers of one store take its rows in one order.
void log_metrics(db::Tx& tx, const RunKey& run, std::span<const Metric> metrics) {
  std::vector<std::pair<std::string_view, Point>> all;
  all.reserve(metrics.size());
  for (const Metric& metric : metrics) all.emplace_back(metric.key, to_point(metric));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::vector<Point> points;
  for (auto at = all.begin(); at != all.end();) {
    const std::string_view key = at->first;
    points.clear();
    for (; at != all.end() && at->first == key; ++at) points.push_back(at->second);
    log_points(tx, run, key, points);
  }
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
  insert_params(tx, locked.key, run, batch.params());
  log_metrics(tx, locked, batch.metrics());
  log_model_metrics(tx, run, batch.metrics());
  upsert_tags(tx, locked.key, batch.tags());
}

void log_metric(db::Tx& tx, const RunId& run, const Metric& metric) {
  const RunKey locked = lock_run(tx, run);
  const Point point = to_point(metric);
  log_points(tx, locked, metric.key, std::span(&point, 1));
  if (!metric.model_id.empty()) log_model_metrics(tx, run, std::span(&metric, 1));
}

}  // namespace wakeful::tracker
