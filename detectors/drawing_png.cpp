#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "detectors/drawing.hpp"
#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

constexpr int kGlyphWidth = 5, kGlyphHeight = 7, kAdvance = 6;
constexpr char kFirstGlyph = ' ', kLastGlyph = '~';

/// A letter is five columns of seven dots; the lowest bit is the top.
constexpr std::array<std::array<std::uint8_t, kGlyphWidth>, kLastGlyph - kFirstGlyph + 1> kGlyphs = {{
    {0x00, 0x00, 0x00, 0x00, 0x00}, {0x00, 0x00, 0x5f, 0x00, 0x00}, {0x00, 0x07, 0x00, 0x07, 0x00},  // space ! "
    {0x14, 0x7f, 0x14, 0x7f, 0x14}, {0x24, 0x2a, 0x7f, 0x2a, 0x12}, {0x23, 0x13, 0x08, 0x64, 0x62},  // # $ %
    {0x36, 0x49, 0x56, 0x20, 0x50}, {0x00, 0x00, 0x07, 0x00, 0x00}, {0x00, 0x1c, 0x22, 0x41, 0x00},  // & ' (
    {0x00, 0x41, 0x22, 0x1c, 0x00}, {0x2a, 0x1c, 0x7f, 0x1c, 0x2a}, {0x08, 0x08, 0x3e, 0x08, 0x08},  // ) * +
    {0x00, 0x50, 0x30, 0x00, 0x00}, {0x08, 0x08, 0x08, 0x08, 0x08}, {0x00, 0x60, 0x60, 0x00, 0x00},  // , - .
    {0x20, 0x10, 0x08, 0x04, 0x02}, {0x3e, 0x51, 0x49, 0x45, 0x3e}, {0x00, 0x42, 0x7f, 0x40, 0x00},  // / 0 1
    {0x42, 0x61, 0x51, 0x49, 0x46}, {0x21, 0x41, 0x45, 0x4b, 0x31}, {0x18, 0x14, 0x12, 0x7f, 0x10},  // 2 3 4
    {0x27, 0x45, 0x45, 0x45, 0x39}, {0x3c, 0x4a, 0x49, 0x49, 0x30}, {0x01, 0x71, 0x09, 0x05, 0x03},  // 5 6 7
    {0x36, 0x49, 0x49, 0x49, 0x36}, {0x06, 0x49, 0x49, 0x29, 0x1e}, {0x00, 0x36, 0x36, 0x00, 0x00},  // 8 9 :
    {0x00, 0x56, 0x36, 0x00, 0x00}, {0x08, 0x14, 0x22, 0x41, 0x00}, {0x14, 0x14, 0x14, 0x14, 0x14},  // ; < =
    {0x00, 0x41, 0x22, 0x14, 0x08}, {0x02, 0x01, 0x51, 0x09, 0x06}, {0x3e, 0x41, 0x5d, 0x55, 0x1e},  // > ? @
    {0x7e, 0x11, 0x11, 0x11, 0x7e}, {0x7f, 0x49, 0x49, 0x49, 0x36}, {0x3e, 0x41, 0x41, 0x41, 0x22},  // A B C
    {0x7f, 0x41, 0x41, 0x22, 0x1c}, {0x7f, 0x49, 0x49, 0x49, 0x41}, {0x7f, 0x09, 0x09, 0x09, 0x01},  // D E F
    {0x3e, 0x41, 0x49, 0x49, 0x7a}, {0x7f, 0x08, 0x08, 0x08, 0x7f}, {0x00, 0x41, 0x7f, 0x41, 0x00},  // G H I
    {0x20, 0x40, 0x41, 0x3f, 0x01}, {0x7f, 0x08, 0x14, 0x22, 0x41}, {0x7f, 0x40, 0x40, 0x40, 0x40},  // J K L
    {0x7f, 0x02, 0x0c, 0x02, 0x7f}, {0x7f, 0x04, 0x08, 0x10, 0x7f}, {0x3e, 0x41, 0x41, 0x41, 0x3e},  // M N O
    {0x7f, 0x09, 0x09, 0x09, 0x06}, {0x3e, 0x41, 0x51, 0x21, 0x5e}, {0x7f, 0x09, 0x19, 0x29, 0x46},  // P Q R
    {0x46, 0x49, 0x49, 0x49, 0x31}, {0x01, 0x01, 0x7f, 0x01, 0x01}, {0x3f, 0x40, 0x40, 0x40, 0x3f},  // S T U
    {0x1f, 0x20, 0x40, 0x20, 0x1f}, {0x3f, 0x40, 0x38, 0x40, 0x3f}, {0x63, 0x14, 0x08, 0x14, 0x63},  // V W X
    {0x07, 0x08, 0x70, 0x08, 0x07}, {0x61, 0x51, 0x49, 0x45, 0x43}, {0x00, 0x7f, 0x41, 0x41, 0x00},  // Y Z [
    {0x02, 0x04, 0x08, 0x10, 0x20}, {0x00, 0x41, 0x41, 0x7f, 0x00}, {0x04, 0x02, 0x01, 0x02, 0x04},  // \ ] ^
    {0x40, 0x40, 0x40, 0x40, 0x40}, {0x00, 0x01, 0x02, 0x04, 0x00}, {0x20, 0x54, 0x54, 0x54, 0x78},  // _ ` a
    {0x7f, 0x48, 0x44, 0x44, 0x38}, {0x38, 0x44, 0x44, 0x44, 0x20}, {0x38, 0x44, 0x44, 0x48, 0x7f},  // b c d
    {0x38, 0x54, 0x54, 0x54, 0x18}, {0x08, 0x7e, 0x09, 0x01, 0x02}, {0x0c, 0x52, 0x52, 0x52, 0x3e},  // e f g
    {0x7f, 0x08, 0x04, 0x04, 0x78}, {0x00, 0x44, 0x7d, 0x40, 0x00}, {0x20, 0x40, 0x44, 0x3d, 0x00},  // h i j
    {0x7f, 0x10, 0x28, 0x44, 0x00}, {0x00, 0x41, 0x7f, 0x40, 0x00}, {0x7c, 0x04, 0x18, 0x04, 0x78},  // k l m
    {0x7c, 0x08, 0x04, 0x04, 0x78}, {0x38, 0x44, 0x44, 0x44, 0x38}, {0x7c, 0x14, 0x14, 0x14, 0x08},  // n o p
    {0x08, 0x14, 0x14, 0x18, 0x7c}, {0x7c, 0x08, 0x04, 0x04, 0x08}, {0x48, 0x54, 0x54, 0x54, 0x20},  // q r s
    {0x04, 0x3f, 0x44, 0x40, 0x20}, {0x3c, 0x40, 0x40, 0x20, 0x7c}, {0x1c, 0x20, 0x40, 0x20, 0x1c},  // t u v
    {0x3c, 0x40, 0x30, 0x40, 0x3c}, {0x44, 0x28, 0x10, 0x28, 0x44}, {0x0c, 0x50, 0x50, 0x50, 0x3c},  // w x y
    {0x44, 0x64, 0x54, 0x4c, 0x44}, {0x00, 0x08, 0x36, 0x41, 0x00}, {0x00, 0x00, 0x7f, 0x00, 0x00},  // z { |
    {0x00, 0x41, 0x36, 0x08, 0x00}, {0x08, 0x04, 0x08, 0x10, 0x08},                                  // } ~
}};

class Raster {
 public:
  explicit Raster(const Drawing& drawing) : width_(drawing.width), height_(drawing.height) {
    pixels_.assign(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_) * 3, 0xff);
    for (const auto& mark : drawing.marks) std::visit(*this, mark);
  }

  void operator()(const Rectangle& r) {
    const int left = round(r.x), right = std::max(left + 1, round(r.x + r.width));
    const int top = round(r.y), bottom = std::max(top + 1, round(r.y + r.height));
    if (r.width <= 0 || r.height <= 0) return;
    for (int y = top; y < bottom; ++y) {
      for (int x = left; x < right; ++x) blend(x, y, r.colour, r.opacity);
    }
  }

  void operator()(const Polyline& line) {
    if (line.points.size() == 1) blend(round(line.points[0].x), round(line.points[0].y), line.colour, 1);
    for (std::size_t i = 1; i < line.points.size(); ++i) stroke(line.points[i - 1], line.points[i], line.colour);
  }

  void operator()(const Polygon& band) {
    for (std::size_t i = 0; i < band.upper.size(); ++i) {
      const int left = round(band.upper[i].x);
      const int right = i + 1 < band.upper.size() ? round(band.upper[i + 1].x) : left + 1;
      for (int x = left; x < right; ++x) {
        const double share = right - left > 1 ? static_cast<double>(x - left) / (right - left) : 0;
        const std::size_t next = std::min(i + 1, band.upper.size() - 1);
        const double top = band.upper[i].y + share * (band.upper[next].y - band.upper[i].y);
        const double bottom = band.lower[i].y + share * (band.lower[next].y - band.lower[i].y);
        for (int y = round(top); y <= round(bottom); ++y) blend(x, y, band.colour, band.opacity);
      }
    }
  }

  void operator()(const Dot& dot) {
    const int reach = static_cast<int>(std::ceil(dot.radius)) + 1;
    for (int dy = -reach; dy <= reach; ++dy) {
      for (int dx = -reach; dx <= reach; ++dx) {
        const double edge = dot.radius + .5 - std::hypot(dx, dy);
        blend(round(dot.x) + dx, round(dot.y) + dy, dot.colour, std::clamp(edge, 0.0, 1.0));
      }
    }
  }

  void operator()(const Text& text) {
    const int length = static_cast<int>(text.text.size()) * kAdvance;
    int x = round(text.x) - (text.anchor == Anchor::end ? length : 0);
    const int top = round(text.y) - kGlyphHeight;
    for (char c : text.text) {
      const bool known = c >= kFirstGlyph && c <= kLastGlyph;
      const auto& glyph = kGlyphs[static_cast<std::size_t>((known ? c : '?') - kFirstGlyph)];
      for (int column = 0; column < kGlyphWidth; ++column) {
        for (int row = 0; row < kGlyphHeight; ++row) {
          if ((glyph[static_cast<std::size_t>(column)] >> row & 1) != 0) blend(x + column, top + row, text.colour, 1);
        }
      }
      x += kAdvance;
    }
  }

  /// Rows of pixels, each after a filter byte of 0.
  std::string scanlines() const {
    const std::size_t row = static_cast<std::size_t>(width_) * 3;
    std::string out;
    out.reserve((row + 1) * static_cast<std::size_t>(height_));
    for (std::size_t y = 0; y < static_cast<std::size_t>(height_); ++y) {
      out += '\0';
      out.append(reinterpret_cast<const char*>(pixels_.data()) + y * row, row);
    }
    return out;
  }

 private:
  static int round(double v) { return static_cast<int>(std::lround(std::clamp(v, -1e6, 1e6))); }

  /// Two pixels share each point by their distance, so that a slope has no steps (Wu 1991).
  void stroke(Point2 a, Point2 b, std::uint32_t colour) {
    const bool steep = std::abs(b.y - a.y) > std::abs(b.x - a.x);
    if (steep) {
      std::swap(a.x, a.y);
      std::swap(b.x, b.y);
    }
    if (a.x > b.x) std::swap(a, b);
    const double slope = b.x > a.x ? (b.y - a.y) / (b.x - a.x) : 0;
    for (int x = round(a.x); x <= round(b.x); ++x) {
      const double y = std::clamp(a.y + slope * (x - a.x), std::min(a.y, b.y), std::max(a.y, b.y));
      const int base = static_cast<int>(std::floor(y));
      const double part = y - base;
      for (int k = 0; k < 2; ++k) {
        const double opacity = k == 0 ? 1 - part : part;
        if (steep) {
          blend(base + k, x, colour, opacity);
        } else {
          blend(x, base + k, colour, opacity);
        }
      }
    }
  }

  void blend(int x, int y, std::uint32_t colour, double opacity) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_ || opacity <= 0) return;
    const std::size_t at =
        (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)) * 3;
    for (std::size_t c = 0; c < 3; ++c) {
      const double wanted = (colour >> (16 - 8 * c)) & 0xff;
      pixels_[at + c] = static_cast<std::uint8_t>(std::lround(pixels_[at + c] + opacity * (wanted - pixels_[at + c])));
    }
  }

  int width_, height_;
  std::vector<std::uint8_t> pixels_;
};

void put_number(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void put_chunk(std::string& out, std::string_view type, std::string_view data) {
  put_number(out, static_cast<std::uint32_t>(data.size()));
  const std::string body = std::string(type) + std::string(data);
  out += body;
  put_number(out, static_cast<std::uint32_t>(
                      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

}  // namespace

std::string to_png(const Drawing& drawing) {
  const std::string lines = Raster(drawing).scanlines();
  std::string packed(compressBound(lines.size()), '\0');
  uLongf size = packed.size();
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(lines.data()),
                lines.size(), Z_BEST_COMPRESSION) != Z_OK) {
    throw core::internal("a picture could not be compressed");
  }
  packed.resize(size);
  std::string head;
  put_number(head, static_cast<std::uint32_t>(drawing.width));
  put_number(head, static_cast<std::uint32_t>(drawing.height));
  head += std::string("\x08\x02\x00\x00\x00", 5);  // 8 bits, RGB, deflate, no interlace
  std::string out = "\x89PNG\r\n\x1a\n";
  put_chunk(out, "IHDR", head);
  put_chunk(out, "IDAT", packed);
  put_chunk(out, "IEND", "");
  return out;
}

}  // namespace wakeful::detectors
