#pragma once
// Draws one series against time: line and markers, what the model expects, its upper limit, and what lies beyond it.
#include <cstdint>
#include <span>
#include <string>

#include "detectors/detector.hpp"

namespace wakeful::detectors {

/// Shape: as many timestamps as values; `scores` are those of the values, one channel.
struct SeriesPicture {
  std::string title;
  std::span<const std::int64_t> timestamps;  // not falling
  std::span<const double> values;
  const Scores& scores;
};

/// 800 x 400 pixels; axes Timestamp and Value. The same picture gives the same bytes.
std::string draw_series_png(const SeriesPicture& picture);

}  // namespace wakeful::detectors
