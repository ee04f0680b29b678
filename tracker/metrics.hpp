#pragma once
// Metric points: how they are logged. Reading whole histories: metric_history.hpp.
//
// The points of a run and a metric are a series, ordered by (step, time, value, is NaN), and its last point is the
// metric's latest value. A series knows how many points it has, and every kMarkEvery-th one is marked with its rank, as
// long as points come in order; what comes late takes the marks behind it away (they are a help, never the truth).
#include <cstdint>

#include "platform/db/database.hpp"
#include "tracker/rules.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

inline constexpr std::int64_t kMarkEvery = 256;

/// A point as it is stored and ordered: NaN is value 0 with is_nan, infinities are the largest doubles, as in MLflow.
struct Point {
  std::int64_t step = 0;
  std::int64_t timestamp_ms = 0;
  double value = 0;
  bool is_nan = false;
  auto operator<=>(const Point&) const = default;
};
Point to_point(const Metric& metric);
/// NaN again where it is one.
double value_of(const Point& point);

/// Appends points, params and tags to a run, all or nothing.
///
/// Points already stored (same key, step, time, value) are ignored, so a retry is harmless. The latest value of a key
/// is the one with the greatest (step, time, value), whatever the order of arrival. A metric with a model id is also
/// kept with that model.
/// Errors: not_found if the run does not exist; invalid if it is deleted, or for another value of a stored param.
/// Order: must be the first write of `tx` on this run (it takes the run's row lock).
void log_batch(db::Tx& tx, const RunId& run, const CheckedBatch& batch);

/// log_batch of one metric, at the cost of a few statements. `metric` is checked (check_metric).
void log_metric(db::Tx& tx, const RunId& run, const Metric& metric);

}  // namespace wakeful::tracker
