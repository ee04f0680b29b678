#include <fmt/format.h>

#include <iterator>

#include "detectors/drawing.hpp"

namespace wakeful::detectors {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

class SvgWriter {
 public:
  explicit SvgWriter(const Drawing& drawing) {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
        "font-family=\"sans-serif\" font-size=\"11\">\n",
        drawing.width, drawing.height);
    for (const auto& mark : drawing.marks) std::visit(*this, mark);
    out_ += "</svg>\n";
  }
  std::string take() { return std::move(out_); }

  void operator()(const Rectangle& r) {
    add("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#{:06x}\" "
        "fill-opacity=\"{:.2g}\"/>\n",
        r.x, r.y, r.width, r.height, r.colour, r.opacity);
  }
  void operator()(const Polyline& line) {
    add("<polyline fill=\"none\" stroke=\"#{:06x}\" stroke-linejoin=\"round\" points=\"", line.colour);
    for (const Point2& p : line.points) add("{:.1f},{:.1f} ", p.x, p.y);
    // A point alone has no length to stroke.
    if (line.points.size() == 1) add("{:.1f},{:.1f} ", line.points[0].x + 1, line.points[0].y);
    out_ += "\"/>\n";
  }
  void operator()(const Polygon& band) {
    add("<polygon fill=\"#{:06x}\" fill-opacity=\"{:.2g}\" points=\"", band.colour, band.opacity);
    for (const Point2& p : band.upper) add("{:.1f},{:.1f} ", p.x, p.y);
    for (auto p = band.lower.rbegin(); p != band.lower.rend(); ++p) add("{:.1f},{:.1f} ", p->x, p->y);
    out_ += "\"/>\n";
  }
  void operator()(const Dot& dot) {
    add("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"#{:06x}\"/>\n", dot.x, dot.y, dot.radius, dot.colour);
  }
  void operator()(const Text& text) {
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#{:06x}\"{}>{}</text>\n", text.x, text.y, text.colour,
        text.anchor == Anchor::end ? " text-anchor=\"end\"" : "", escaped(text.text));
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  std::string out_;
};

}  // namespace

std::string to_svg(const Drawing& drawing) { return SvgWriter(drawing).take(); }

}  // namespace wakeful::detectors
