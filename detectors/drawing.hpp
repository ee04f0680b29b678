#pragma once
// A drawing as a list of marks, which becomes an SVG text or a PNG image. Internal to picture.cpp and its renderers.
//
// Coordinates are pixels, y downwards. Colours are 0xRRGGBB. The same list gives the same bytes.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace wakeful::detectors {

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
