#include "tracker/metric_history.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/search/page.hpp"
#include "tracker/runs.hpp"

namespace wakeful::tracker {
namespace {

constexpr std::int64_t kEverything = std::numeric_limits<std::int64_t>::max();
/// Below this many points for each that is wanted, reading all of them is faster than looking each up.
constexpr std::int64_t kWorthLookingUp = 64;

constexpr db::Sql kFindSeries{"history.series",
                              "SELECT s.run_key, s.name_key, s.points, s.in_time_order FROM runs r "
                              "JOIN metric_names n ON n.name = $2 "
                              "JOIN metric_series s ON s.run_key = r.run_key AND s.name_key = n.name_key "
                              "WHERE r.run_id = $1"};
constexpr db::Sql kInKeyOrder{"history.in_key_order",
                              "SELECT step, timestamp_ms, value, is_nan FROM metric_points "
                              "WHERE run_key = $1 AND name_key = $2 AND (step, timestamp_ms, value, is_nan) > "
                              "($3, $4, $5, $6) ORDER BY step, timestamp_ms, value, is_nan LIMIT $7"};
constexpr db::Sql kInTimeOrder{"history.in_time_order",
                               "SELECT step, timestamp_ms, value, is_nan FROM metric_points "
                               "WHERE run_key = $1 AND name_key = $2 AND (timestamp_ms, step, value, is_nan) > "
                               "($3, $4, $5, $6) ORDER BY timestamp_ms, step, value, is_nan LIMIT $7"};
constexpr db::Sql kNth{"history.nth",
                       "SELECT step, timestamp_ms, value, is_nan FROM metric_points "
                       "WHERE run_key = $1 AND name_key = $2 AND (step, timestamp_ms, value, is_nan) >= "
                       "($3, $4, $5, $6) ORDER BY step, timestamp_ms, value, is_nan LIMIT 1 OFFSET $7"};
constexpr db::Sql kStretch{"history.stretch",
                           "SELECT step, timestamp_ms, value, is_nan FROM metric_points "
                           "WHERE run_key = $1 AND name_key = $2 AND step >= $3 AND step <= $4 "
                           "ORDER BY step, timestamp_ms, value, is_nan"};
constexpr db::Sql kMarks{"history.marks",
                         "SELECT step, timestamp_ms, value, is_nan, rank FROM metric_marks "
                         "WHERE run_key = $1 AND name_key = $2 ORDER BY rank"};
constexpr db::Sql kMarkBefore{"history.mark_before",
                              "SELECT step, rank FROM metric_marks WHERE run_key = $1 AND name_key = $2 AND step < $3 "
                              "ORDER BY rank DESC LIMIT 1"};
// The marked step may have points before its mark, so the count begins behind that step and adds what it has.
constexpr db::Sql kCount{"history.count",
                         "SELECT COUNT(*) FROM metric_points WHERE run_key = $1 AND name_key = $2 AND step >= $3 "
                         "AND step < $4"};
constexpr db::Sql kCountAtStep{
    "history.count_at_step",
    "SELECT COUNT(*) FROM metric_points p WHERE run_key = $1 AND name_key = $2 AND "
    "step = $3 AND (timestamp_ms, value, is_nan) < (SELECT m.timestamp_ms, m.value, "
    "m.is_nan FROM metric_marks m WHERE m.run_key = $1 AND m.name_key = $2 AND m.rank = $4)"};

struct Series {
  std::int64_t run_key = 0;
  std::int64_t name_key = 0;
  std::int64_t points = 0;
  bool in_time_order = true;
};

struct Ranked {
  Point point;
  std::int64_t rank = 0;
};

Point read_point(const db::Row& row) { return {row.integer(0), row.integer(1), row.real(2), row.integer(3) != 0}; }

std::optional<Series> find_series(db::Tx& tx, const RunId& run, std::string_view key) {
  return tx.find(kFindSeries, {run.text(), key}, [](const db::Row& row) {
    return Series{row.integer(0), row.integer(1), row.integer(2), row.integer(3) != 0};
  });
}

/// A point before every other.
constexpr Point kFirst{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::min(), 0, false};

std::optional<Point> read_token(std::string_view token, std::string_view query) {
  const auto values = search::read_page_token(token, query, "iidi");
  if (!values) return std::nullopt;
  return Point{.step = std::get<std::int64_t>((*values)[1]),
               .timestamp_ms = std::get<std::int64_t>((*values)[0]),
               .value = std::get<double>((*values)[2]),
               .is_nan = std::get<std::int64_t>((*values)[3]) != 0};
}

std::string make_token(const Point& last, std::string_view query) {
  const std::vector<search::KeyValue> values{last.timestamp_ms, last.step, last.value, std::int64_t{last.is_nan}};
  return search::make_page_token(query, values);
}

/// How many points have a step below `step`.
std::int64_t rank_of_step(db::Tx& tx, const Series& series, std::int64_t step) {
  const auto mark = tx.find(kMarkBefore, {series.run_key, series.name_key, step},
                            [](const db::Row& row) { return std::pair(row.integer(0), row.integer(1)); });
  const auto count = [](const db::Row& row) { return row.integer(0); };
  const std::int64_t from = mark ? mark->first : std::numeric_limits<std::int64_t>::min();
  const std::int64_t between = tx.find(kCount, {series.run_key, series.name_key, from, step}, count).value();
  if (!mark) return between;
  // `between` counts the marked step from its beginning; the mark's rank is that of one of its points.
  const std::int64_t before_mark =
      tx.find(kCountAtStep, {series.run_key, series.name_key, mark->first, mark->second}, count).value();
  return mark->second - before_mark + between;
}

/// The ranks of the points to keep, rising: of `count` points from rank `first` on, `most`.
std::vector<std::int64_t> ranks_to_keep(std::int64_t first, std::int64_t count, std::int64_t most) {
  std::vector<std::int64_t> ranks;
  const std::int64_t size = count / most;
  const std::int64_t longer = count % most;
  for (std::int64_t i = 0; i < most; ++i) ranks.push_back(first + i * size + std::min(i, longer));
  ranks.back() = first + count - 1;
  return ranks;
}

std::vector<Point> pick(db::Tx& tx, const Series& series, StepRange range, const std::vector<std::int64_t>& offsets) {
  std::vector<Point> points;
  std::int64_t at = 0;
  std::size_t next = 0;
  tx.query(kStretch, {series.run_key, series.name_key, range.first, range.last}, [&](const db::Row& row) {
    if (next < offsets.size() && offsets[next] == at++) {
      points.push_back(read_point(row));
      ++next;
    }
  });
  return points;
}

/// Each point is sought from the nearest place before it whose rank is known: a mark, or the point found before it.
std::vector<Point> look_up(db::Tx& tx, const Series& series, const std::vector<std::int64_t>& ranks) {
  const auto marks = tx.list(kMarks, {series.run_key, series.name_key}, [](const db::Row& row) {
    return Ranked{read_point(row), row.integer(4)};
  });
  std::vector<Point> points;
  Ranked known{kFirst, 0};
  for (const std::int64_t rank : ranks) {
    const auto behind = std::upper_bound(marks.begin(), marks.end(), rank,
                                         [](std::int64_t r, const Ranked& mark) { return r < mark.rank; });
    if (behind != marks.begin() && (behind - 1)->rank > known.rank) known = *(behind - 1);
    const Point& from = known.point;
    const auto found = tx.find(
        kNth,
        {series.run_key, series.name_key, from.step, from.timestamp_ms, from.value, from.is_nan, rank - known.rank},
        read_point);
    if (!found) break;
    points.push_back(*found);
    known = {*found, rank};
  }
  return points;
}

}  // namespace

History get_history(db::Tx& tx, const RunId& run, std::string_view key, std::optional<std::int64_t> max_results,
                    std::string_view page_token) {
  if (max_results && *max_results < 1) {
    throw core::invalid(fmt::format("Invalid value {} for parameter 'max_results' supplied. It must be a positive "
                                    "integer",
                                    *max_results),
                        "max_results");
  }
  const std::string query = fmt::format("history {} {}", run.text(), key);
  const Point from = read_token(page_token, query).value_or(kFirst);
  History history;
  const auto series = find_series(tx, run, key);
  if (!series) return history;
  const std::int64_t limit = max_results && *max_results < kEverything ? *max_results + 1 : kEverything;
  const auto size = std::min(limit, series->points);
  history.points.reserve(static_cast<std::size_t>(size));
  // The two orders agree in a series whose times never fall, and then the key's is the cheap one.
  const bool by_key = series->in_time_order;
  const db::Sql& sql = by_key ? kInKeyOrder : kInTimeOrder;
  tx.query(sql,
           {series->run_key, series->name_key, by_key ? from.step : from.timestamp_ms,
            by_key ? from.timestamp_ms : from.step, from.value, from.is_nan, limit},
           [&](const db::Row& row) { history.points.push_back(read_point(row)); });
  if (max_results && static_cast<std::int64_t>(history.points.size()) > *max_results) {
    history.points.pop_back();
    history.next_page_token = make_token(history.points.back(), query);
  }
  return history;
}

std::vector<Point> sample_history(db::Tx& tx, const RunId& run, std::string_view key, std::int64_t most,
                                  std::optional<StepRange> range) {
  const auto series = find_series(tx, run, key);
  if (!series) return {};
  const StepRange steps =
      range.value_or(StepRange{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()});
  std::int64_t first = 0;
  std::int64_t count = series->points;
  if (range) {
    first = rank_of_step(tx, *series, range->first);
    count = (range->last == kEverything ? series->points : rank_of_step(tx, *series, range->last + 1)) - first;
  }
  if (count <= 0) return {};
  if (count <= most) most = count;
  if (count > most * kWorthLookingUp) return look_up(tx, *series, ranks_to_keep(first, count, most));
  return pick(tx, *series, steps, ranks_to_keep(0, count, most));
}

}  // namespace wakeful::tracker
