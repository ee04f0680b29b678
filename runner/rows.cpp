#include "runner/rows.hpp"

#include <algorithm>
#include <cmath>

#include "monitor/wire/batch.hpp"
#include "monitor/wire/names.hpp"

namespace wakeful::runner {

detectors::FeatureRules rules_of(const monitor::Features& features, const monitor::Metric& metric,
                                 core::Duration granularity) {
  return {.calendar = features.calendar,
          .encode = features.encode,
          .value = features.value ? metric.name : std::string(),
          .standardise = features.scale == "standard",
          .unseen = features.unseen,
          .time_column = monitor::time_column_of(metric),
          .value_column = monitor::value_column_of(metric),
          .granularity = granularity};
}

GridRows::GridRows(const Grid& grid, const monitor::Metric& metric, std::span<const std::string> encode) {
  const auto& names = metric.dimension_groupings;
  for (const std::string& entity : grid.entities) {
    const std::vector<std::string> group = monitor::group_of(entity, names.size());
    std::vector<std::string> own;
    for (const std::string& name : encode) {
      const auto at = std::find(names.begin(), names.end(), name) - names.begin();
      own.push_back(group.at(static_cast<std::size_t>(at)));
    }
    categories_.push_back(std::move(own));
  }
  for (std::int64_t row = 0; row < grid.rows(); ++row) {
    for (std::size_t column = 0; column < grid.columns(); ++column) {
      if (std::isnan(grid.at(row, column))) continue;
      rows_.push_back({grid.buckets.start(row), categories_[column], grid.at(row, column)});
      columns_.push_back(column);
    }
  }
}

std::vector<monitor::Score> score_rows(std::span<const detectors::NamedDetector> detectors,
                                       const detectors::FeatureTable& features, const Grid& grid,
                                       const monitor::Metric& metric) {
  const GridRows rows(grid, metric, features.rules().encode);
  const detectors::Frame frame = features.encode(rows.rows());
  std::vector<monitor::Score> scores;
  scores.reserve(rows.rows().size() * detectors.size());
  for (const auto& [label, detector] : detectors) {
    const detectors::Scores found = detector->score(frame);
    for (std::size_t i = 0; i < rows.rows().size(); ++i) {
      const detectors::FeatureRow& row = rows.rows()[i];
      monitor::Score score{.timestamp = row.time, .entity = grid.entities[rows.column(i)], .algorithm = label};
      score.value = row.value;
      if (std::isfinite(found.anomaly_score[i])) score.score = found.anomaly_score[i];
      score.is_anomaly = score.score && *score.score > 1;
      scores.push_back(std::move(score));
    }
  }
  return scores;
}

std::int64_t buckets_within(const Grid& grid, std::size_t algorithms, std::int64_t most) {
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < grid.rows(); ++row) {
    const auto values = grid.row(row);
    const auto cells = std::count_if(values.begin(), values.end(), [](double v) { return !std::isnan(v); });
    count += cells * static_cast<std::int64_t>(algorithms);
    if (count > most) return std::max<std::int64_t>(row, 1);
  }
  return grid.rows();
}

}  // namespace wakeful::runner
