#pragma once
// A drawing as a list of marks, which becomes an SVG text or a PNG image. Internal to the pictures and their renderers.
//
// Coordinates are pixels, y downwards. Colours are 0xRRGGBB. The same list gives the same bytes.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace wakeful::detectors {

inline constexpr std::uint32_t kInk = 0x1f2933, kQuiet = 0x7b8794, kSeries = 0x2563a8, kBand = 0x9ec5ee,
                               kAlarm = 0xd62839, kGround = 0xffffff, kFrame = 0xd5dae1, kTraining = 0xf1f4f8;

/// The values that an axis has to show.
struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double v) {
    if (std::isnan(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  /// Some room for nothing, or for one value alone.
  void settle() {
    if (!(low <= high)) low = 0, high = 1;
    if (!(low < high)) {
      const double more = low == 0 ? 1 : std::abs(low) * .1;
      low -= more;
      high += more;
    }
  }
  /// Where in [0, 1] a value lies. Halves cannot overflow.
  double share(double value) const { return std::clamp((value / 2 - low / 2) / (high / 2 - low / 2), 0.0, 1.0); }
};

struct Point2 {
  double x;
  double y;
};

struct Rectangle {
  double x, y, width, height;
  std::uint32_t colour;
  double opacity = 1;
};
struct Polyline {
  std::vector<Point2> points;
  std::uint32_t colour;
};
struct Polygon {  // between an upper and a lower edge that share their x, which rise
  std::vector<Point2> upper;
  std::vector<Point2> lower;
  std::uint32_t colour;
  double opacity = 1;
};
struct Dot {
  double x, y, radius;
  std::uint32_t colour;
};
enum class Anchor { start, end };
struct Text {
  double x, y;  // of the baseline
  std::string text;
  std::uint32_t colour;
  Anchor anchor = Anchor::start;
};

struct Drawing {
  int width = 0;
  int height = 0;
  std::vector<std::variant<Rectangle, Polyline, Polygon, Dot, Text>> marks;
};

std::string to_svg(const Drawing& drawing);
/// Text beyond ASCII becomes '?'.
std::string to_png(const Drawing& drawing);

}  // namespace wakeful::detectors
