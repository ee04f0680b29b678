#include "runner/scoring.hpp"

#include <algorithm>
#include <cmath>

#include "detectors/catalog.hpp"
#include "runner/localisation.hpp"

namespace wakeful::runner {
namespace {

using monitor::Score;

std::optional<double> finite(double value) { return std::isfinite(value) ? std::optional(value) : std::nullopt; }

double cell(const std::vector<double>& values, std::size_t i) { return values.empty() ? std::nan("") : values[i]; }

bool has_value(std::span<const double> row) {
  return std::any_of(row.begin(), row.end(), [](double v) { return !std::isnan(v); });
}

Score make_score(core::Timestamp time, const std::string& entity, const std::string& algorithm, double score) {
  Score made{.timestamp = time, .entity = entity, .algorithm = algorithm, .score = finite(score)};
  made.is_anomaly = made.score && *made.score > 1;
  return made;
}

/// One channel's cell of the detector's results.
Score channel_score(const detectors::Scores& found, const Grid& grid, std::int64_t row, std::size_t column,
                    const std::string& algorithm, double score) {
  const std::size_t i = static_cast<std::size_t>(row) * grid.columns() + column;
  Score made = make_score(grid.buckets.start(row), grid.entities[column], algorithm, score);
  made.value = finite(grid.at(row, column));
  made.expected = finite(cell(found.yhat, i));
  made.lower = finite(cell(found.yhat_lower, i));
  made.upper = finite(cell(found.yhat_upper, i));
  return made;
}

}  // namespace

std::string channel_of(const std::string& entity, const monitor::Metric& metric) {
  return entity.empty() ? metric.name : entity;
}

std::vector<std::string> entities_of(std::span<const std::string> channels, const monitor::Metric& metric) {
  if (metric.dimension_groupings.empty()) return {""};
  return {channels.begin(), channels.end()};
}

detectors::Frame frame_of(const Grid& grid, const monitor::Metric& metric) {
  std::vector<std::string> channels;
  channels.reserve(grid.columns());
  for (const std::string& entity : grid.entities) channels.push_back(channel_of(entity, metric));
  detectors::Frame frame(std::move(channels));
  frame.reserve(static_cast<std::size_t>(grid.rows()));
  for (std::int64_t row = 0; row < grid.rows(); ++row) frame.append(grid.buckets.start(row), grid.row(row));
  return frame;
}

std::vector<Score> score_grid(std::span<detectors::NamedDetector> detectors, const Grid& grid,
                              const monitor::Metric& metric) {
  std::vector<Score> scores;
  const detectors::Frame frame = frame_of(grid, metric);
  for (auto& [label, detector] : detectors) {
    const detectors::Scores found = detector->update(frame);
    const bool apart = detector->catalog_row().per_channel;
    for (std::int64_t row = 0; row < grid.rows(); ++row) {
      if (!has_value(grid.row(row))) continue;
      const double whole = found.anomaly_score[static_cast<std::size_t>(row)];
      if (!apart && grid.columns() > 1) {
        Score& made = scores.emplace_back(make_score(grid.buckets.start(row), "", label, whole));
        if (made.is_anomaly) made.metadata = metadata_of(found, static_cast<std::size_t>(row), grid.entities);
        continue;
      }
      for (std::size_t column = 0; column < grid.columns(); ++column) {
        if (std::isnan(grid.at(row, column))) continue;
        const std::size_t i = static_cast<std::size_t>(row) * grid.columns() + column;
        scores.push_back(channel_score(found, grid, row, column, label, apart ? cell(found.channel_score, i) : whole));
      }
    }
  }
  return scores;
}

void pass_over(std::span<detectors::NamedDetector> detectors, const Grid& grid, const monitor::Metric& metric) {
  const detectors::Frame frame = frame_of(grid, metric);
  for (auto& [label, detector] : detectors) detector->update(frame);
}

std::int64_t rows_within(std::span<const detectors::NamedDetector> detectors, const Grid& grid, std::int64_t most) {
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < grid.rows(); ++row) {
    const auto values = grid.row(row);
    const auto cells = std::count_if(values.begin(), values.end(), [](double v) { return !std::isnan(v); });
    for (const auto& [label, detector] : detectors)
      count += detector->catalog_row().per_channel ? cells : std::min<std::ptrdiff_t>(cells, 1);
    if (count > most) return std::max<std::int64_t>(row, 1);
  }
  return grid.rows();
}

std::int64_t filled_rows(const Grid& grid) {
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < grid.rows(); ++row) count += has_value(grid.row(row)) ? 1 : 0;
  return count;
}

}  // namespace wakeful::runner
