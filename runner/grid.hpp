#pragma once
// From observations to the regular grid that detectors learn from and score: one row per bucket, one column per group.
//
// One function for training and for evaluation, so that a model sees at work what it saw when it was trained. A
// bucket's value is the aggregate of its finite observations; what stands in a bucket without any is the fill rule's
// word, and NaN where that has none. However an interval is cut into parts, the union of the parts' grids is the grid
// of the whole: `settled` says how far that holds. Pure. Source: monitoring.md §6.3.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "monitor/wire/definition.hpp"
#include "runner/buckets.hpp"
#include "runner/observations.hpp"

namespace wakeful::runner {

inline constexpr std::size_t kMaxGroups = 10'000;
inline constexpr std::int64_t kMaxCells = 50'000'000;

struct GridRule {
  monitor::Aggregate aggregate = monitor::Aggregate::mean;
  monitor::Fill fill{};
};

struct Grid {
  Buckets buckets{};
  std::vector<std::string> entities{};  // one per column (monitor::entity_name)
  std::vector<double> values{};         // row-major, NaN where there is nothing
  /// The last bucket whose row later observations of later buckets cannot change, and that is not followed by empty
  /// ones only; nothing if there is none. Rows behind it belong to the next evaluation.
  std::optional<core::Timestamp> settled{};
  /// The first bucket with a value; nothing if there is none.
  std::optional<core::Timestamp> first_filled{};
  std::vector<std::string> unknown{};  // groups seen that are no column
  std::vector<std::string> missing{};  // columns without any observation

  std::int64_t rows() const { return buckets.count(); }
  std::size_t columns() const { return entities.size(); }
  double at(std::int64_t row, std::size_t column) const {
    return values[static_cast<std::size_t>(row) * columns() + column];
  }
  std::span<const double> row(std::int64_t i) const {
    return std::span(values).subspan(static_cast<std::size_t>(i) * columns(), columns());
  }
};

/// How many buckets before the wanted ones the rule looks at.
std::int64_t lead_of(const monitor::Fill& fill);

/// The grid of `buckets`. Observations before them serve the fill rule only, those behind them not at all.
/// Without `columns`, the columns are the groups that have a value, by name; with them, exactly these: a group that is
/// none of them keeps its buckets alive for `zero`, and nothing else.
/// Errors: invalid beyond kMaxGroups or kMaxCells.
Grid make_grid(const Observations& observations, const GridRule& rule, const Buckets& buckets,
               const std::optional<std::vector<std::string>>& columns = std::nullopt);

/// Rows [first, last] of it, which must lie inside.
Grid cut(const Grid& grid, core::Timestamp first, core::Timestamp last);

/// SHA-256 over times, entities and values: two evaluations that saw the same have the same.
std::string digest_of(const Grid& grid);

}  // namespace wakeful::runner
