#pragma once
// What a training makes models of, and making them: one model for a metric, or with `model_per: group` one for each of
// its groups. Models do not know each other, so they are fitted side by side. Used by train.cpp.
#include <optional>
#include <vector>

#include "detectors/features.hpp"
#include "runner/grid.hpp"
#include "runner/work.hpp"

namespace wakeful::runner {

struct Target {
  monitor::Metric metric{};  // with its group, if it is about one
  Grid grid{};
  core::Timestamp position{};                         // the bucket behind which the trained model stands
  std::optional<detectors::FeatureTable> features{};  // where the file says so
  std::vector<detectors::NamedDetector> detectors{};
};

inline constexpr std::size_t kMaxGroupModels = 1'000;  // of one metric

/// Not fitted yet. Errors: invalid naming `model_per` for more than kMaxGroupModels groups.
std::vector<Target> targets_of(const Work& work, const monitor::Metric& metric, Grid grid);

/// Fits every algorithm for every target, as many at once as there are cores. A group that has too little to learn from
/// is left out, which is said, unless none is left.
/// Errors: invalid naming `training` for too little data; otherwise as FeatureTable::learn and Detector::train.
void fit(const Work& work, std::vector<Target>& targets);

}  // namespace wakeful::runner
