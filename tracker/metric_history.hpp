#pragma once
// Whole histories of metrics, paged, and samples of them for charts.
//
// Source: mlflow-tracking.md §2.3 and mlflow-3.18.md §1. An unknown run or metric has no points, which is no error.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/db/database.hpp"
#include "tracker/metrics.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

struct History {
  std::vector<Point> points;
  std::string next_page_token;  // "" at the end
};

/// In the order of (time, step, value). `max_results` absent: everything.
/// Errors: invalid for max_results below 1 and for a token of another history.
/// Cost: proportional to the page while points came in order of time, else to the whole history.
History get_history(db::Tx& tx, const RunId& run, std::string_view key, std::optional<std::int64_t> max_results,
                    std::string_view page_token);

/// Steps from `first` to `last`, both included.
struct StepRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// At most `most` points, in the order of (step, time, value): the first of each of `most` equally long stretches of
/// the points in `range`, the very last one instead of the last stretch's first. Fewer points come whole.
/// Cost: proportional to `most`, not to the history, while points came in order.
std::vector<Point> sample_history(db::Tx& tx, const RunId& run, std::string_view key, std::int64_t most,
                                  std::optional<StepRange> range = std::nullopt);

}  // namespace wakeful::tracker
