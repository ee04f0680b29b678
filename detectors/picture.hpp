#pragma once
// Draws scored series: one panel per channel with its expected band and its anomalies, and one of the scores.
//
// A chart is drawn on a Canvas, which is an SVG text or a PNG image. Many rows are thinned to the smallest and largest
// of each pixel, so the picture stays small. No fonts are needed for a PNG: its letters are a 5 x 7 grid of dots.
#include <cstddef>
#include <string>
#include <vector>

#include "detectors/detector.hpp"
#include "detectors/frame.hpp"

namespace wakeful::detectors {

struct Picture {
  std::string title;
  FrameView rows;
  const Scores* scores = nullptr;
  std::size_t training_rows = 0;
  /// Labels of the first and last row; empty: their numbers.
  std::string first_time;
  std::string last_time;
};

/// The same picture gives the same bytes.
std::string draw_svg(const Picture& picture);
std::string draw_png(const Picture& picture);

}  // namespace wakeful::detectors
