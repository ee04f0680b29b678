#pragma once
// From a grid to scores: the rows that detectors see, and what the registry keeps of what they say. Pure but for the
// detectors, which move on.
#include <span>
#include <string>
#include <vector>

#include "detectors/detector.hpp"
#include "monitor/wire/types.hpp"
#include "runner/grid.hpp"

namespace wakeful::runner {

/// The channel of a frame that stands for an entity: its name, or the metric's where there are no groups.
std::string channel_of(const std::string& entity, const monitor::Metric& metric);
/// The entities that these channels stand for.
std::vector<std::string> entities_of(std::span<const std::string> channels, const monitor::Metric& metric);

/// One row per bucket. Errors: invalid if the grid has no columns.
detectors::Frame frame_of(const Grid& grid, const monitor::Metric& metric);

/// Moves every detector over the grid and gives a score for every bucket that has a value: one per entity where the
/// method scores channels apart, otherwise one for the whole, whose entity is the only one or "". An anomaly of several
/// channels together carries which of them it was (localisation.hpp).
/// Order: by algorithm, then time.
std::vector<monitor::Score> score_grid(std::span<detectors::NamedDetector> detectors, const Grid& grid,
                                       const monitor::Metric& metric);

/// Moves every detector over the grid without a word about it.
void pass_over(std::span<detectors::NamedDetector> detectors, const Grid& grid, const monitor::Metric& metric);

/// How many of the first buckets make at most `most` scores with these detectors; at least one.
std::int64_t rows_within(std::span<const detectors::NamedDetector> detectors, const Grid& grid, std::int64_t most);

/// Buckets with at least one value.
std::int64_t filled_rows(const Grid& grid);

}  // namespace wakeful::runner
