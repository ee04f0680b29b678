#include "detectors/series_picture.hpp"

#include <fmt/core.h>

#include "detectors/drawing.hpp"

namespace wakeful::detectors {
namespace {

constexpr int kWidth = 800, kHeight = 400;
constexpr double kLeft = 90, kRight = 20, kTop = 40, kBottom = 50;
constexpr double kAcross = kWidth - kLeft - kRight, kDown = kHeight - kTop - kBottom;
constexpr int kLines = 5;      // of the grid, each way
constexpr double kLetter = 6;  // pixels a letter takes
constexpr double kLegendStep = 110;
constexpr std::size_t kMostMarkers = 400;  // more would hide the line

/// Whole numbers, but where the whole axis is shorter than a few.
std::string time_text(double time) {
  const bool is_whole = time == std::floor(time) || std::abs(time) > 1e6;
  return is_whole ? fmt::format("{:.0f}", time) : fmt::format("{:.1f}", time);
}

class Chart {
 public:
  explicit Chart(const SeriesPicture& picture) : picture_(picture) {
    for (const double value : picture.values) values_.add(value);
    for (const auto* bound : {&picture.scores.yhat, &picture.scores.yhat_upper})
      if (!bound->empty()) values_.add(bound->front());
    values_.settle();
    if (!picture.timestamps.empty()) {
      times_.add(static_cast<double>(picture.timestamps.front()));
      times_.add(static_cast<double>(picture.timestamps.back()));
    }
    times_.settle();
  }

  Drawing draw() {
    out_.width = kWidth;
    out_.height = kHeight;
    out_.marks.push_back(Rectangle{0, 0, kWidth, kHeight, kGround});
    add_centred(kWidth / 2.0, 22, picture_.title, kInk);
    add_grid();
    add_level(picture_.scores.yhat, kInk);
    add_level(picture_.scores.yhat_upper, kAlarm);
    add_points();
    add_legend();
    return std::move(out_);
  }

 private:
  double x(double time) const { return kLeft + kAcross * times_.share(time); }
  double y(double value) const { return kTop + kDown * (1 - values_.share(value)); }

  void add_centred(double at, double base, const std::string& text, std::uint32_t colour) {
    out_.marks.push_back(Text{at - kLetter * static_cast<double>(text.size()) / 2, base, text, colour});
  }

  void add_grid() {
    for (int i = 0; i <= kLines; ++i) {
      const double share = static_cast<double>(i) / kLines;
      const double value = values_.low + share * (values_.high - values_.low);
      const double time = times_.low + share * (times_.high - times_.low);
      out_.marks.push_back(Rectangle{kLeft, y(value), kAcross, 1, kFrame});
      out_.marks.push_back(Rectangle{x(time), kTop, 1, kDown, kFrame});
      out_.marks.push_back(Text{kLeft - 6, y(value) + 4, fmt::format("{:.4g}", value), kQuiet, Anchor::end});
      const Anchor side = i == kLines ? Anchor::end : Anchor::start;
      if (i % 2 == 0 || i == kLines)
        out_.marks.push_back(Text{x(time), kHeight - kBottom + 16, time_text(time), kQuiet, side});
    }
    add_centred(kLeft + kAcross / 2, kHeight - 12, "Timestamp", kInk);
    out_.marks.push_back(Text{kLeft - 6, kTop - 8, "Value", kInk, Anchor::end});
  }

  /// A bound that is the same everywhere; the first one counts.
  void add_level(const std::vector<double>& bound, std::uint32_t colour) {
    if (bound.empty() || !std::isfinite(bound.front())) return;
    out_.marks.push_back(Rectangle{kLeft, y(bound.front()), kAcross, 2, colour, .6});
  }

  void add_points() {
    Polyline line{{}, kSeries};
    const std::size_t count = picture_.values.size();
    const std::size_t step = std::max<std::size_t>(1, count / static_cast<std::size_t>(2 * kAcross));
    for (std::size_t first = 0; first < count; first += step) {
      Extent here;  // of the points of half a pixel the least and the largest are drawn
      for (std::size_t i = first; i < std::min(first + step, count); ++i) here.add(picture_.values[i]);
      const double at = x(static_cast<double>(picture_.timestamps[first]));
      line.points.push_back({at, y(here.low)});
      if (here.low < here.high) line.points.push_back({at, y(here.high)});
    }
    out_.marks.push_back(std::move(line));
    for (std::size_t i = 0; i < count; ++i) {
      const bool is_anomaly = picture_.scores.anomaly_score[i] > 1;
      if (!is_anomaly && count > kMostMarkers) continue;
      out_.marks.push_back(Dot{x(static_cast<double>(picture_.timestamps[i])), y(picture_.values[i]),
                               is_anomaly ? 4.0 : 2.5, is_anomaly ? kAlarm : kSeries});
    }
  }

  void add_legend() {
    double at = kLeft + 10;
    for (const auto& [name, colour] : {std::pair{"value", kSeries}, {"mean", kInk}, {"limit", kAlarm}}) {
      out_.marks.push_back(Rectangle{at, kTop - 12, 14, 3, colour});
      out_.marks.push_back(Text{at + 20, kTop - 8, name, kInk});
      at += kLegendStep;
    }
  }

  const SeriesPicture& picture_;
  Extent values_;
  Extent times_;
  Drawing out_;
};

}  // namespace

std::string draw_series_png(const SeriesPicture& picture) { return to_png(Chart(picture).draw()); }

}  // namespace wakeful::detectors
