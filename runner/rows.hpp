#pragma once
// Rows instead of series: the values of a grid as rows that detectors judge one by one (`features:` in the detector
// file). One function for training, evaluation and prediction, so that a model sees at work what it saw when it was
// trained. Order of rows: by time, then by group. Pure.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "detectors/features.hpp"
#include "monitor/wire/types.hpp"
#include "runner/grid.hpp"

namespace wakeful::runner {

/// What detectors/ needs to know of the file's words, and of the source's.
detectors::FeatureRules rules_of(const monitor::Features& features, const monitor::Metric& metric,
                                 core::Duration granularity);

/// The cells of a grid that hold a value. Borrows nothing.
class GridRows {
 public:
  /// `encode`: of which dimensions a row tells its category.
  GridRows(const Grid& grid, const monitor::Metric& metric, std::span<const std::string> encode);
  GridRows(const GridRows&) = delete;
  GridRows& operator=(const GridRows&) = delete;

  std::span<const detectors::FeatureRow> rows() const { return rows_; }
  /// The column of the grid that the i-th row comes from.
  std::size_t column(std::size_t i) const { return columns_[i]; }

 private:
  std::vector<std::vector<std::string>> categories_;  // by column of the grid
  std::vector<detectors::FeatureRow> rows_;
  std::vector<std::size_t> columns_;
};

/// One score for every value of the grid. Order: by algorithm, then as the rows.
/// Errors: as FeatureTable::encode.
std::vector<monitor::Score> score_rows(std::span<const detectors::NamedDetector> detectors,
                                       const detectors::FeatureTable& features, const Grid& grid,
                                       const monitor::Metric& metric);

/// How many of the first buckets make at most `most` scores with `algorithms` detectors; at least one.
std::int64_t buckets_within(const Grid& grid, std::size_t algorithms, std::int64_t most);

}  // namespace wakeful::runner
