#include "detectors/picture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "detectors/catalog.hpp"
#include "detectors/drawing.hpp"

namespace wakeful::detectors {
namespace {

constexpr int kWidth = 960;
constexpr int kPanel = 150;
constexpr int kScorePanel = 90;
constexpr double kLeft = 70, kRight = 15, kTop = 34, kBottom = 24, kGap = 14;
constexpr std::size_t kMostPanels = 8;

class Panel {
 public:
  Panel(double top, double height, std::size_t rows, Extent extent)
      : top_(top), height_(height), rows_(rows), extent_(extent) {}

  double x(std::size_t row) const {
    const double span = kWidth - kLeft - kRight;
    return rows_ < 2 ? kLeft + span / 2 : kLeft + span * static_cast<double>(row) / static_cast<double>(rows_ - 1);
  }
  double y(double value) const { return top_ + height_ * (1 - extent_.share(value)); }

  void add_ground(Drawing& out, std::size_t training) const {
    const double span = kWidth - kLeft - kRight;
    out.marks.push_back(Rectangle{kLeft, top_, span, height_, kGround});
    if (training > 0) {
      out.marks.push_back(Rectangle{kLeft, top_, x(std::min(training, rows_) - 1) - kLeft, height_, kTraining});
    }
    for (double edge : {top_, top_ + height_}) out.marks.push_back(Rectangle{kLeft, edge, span, 1, kFrame});
    out.marks.push_back(Text{kLeft - 6, top_ + 10, fmt::format("{:.4g}", extent_.high), kQuiet, Anchor::end});
    out.marks.push_back(Text{kLeft - 6, top_ + height_, fmt::format("{:.4g}", extent_.low), kQuiet, Anchor::end});
  }

  /// `value(row)` as lines that break where it is missing; of the rows of one pixel the least and the largest are
  /// drawn.
  template <class Value>
  void add_line(Drawing& out, std::uint32_t colour, Value value) const {
    Polyline line{{}, colour};
    const std::size_t step = std::max<std::size_t>(1, rows_ / static_cast<std::size_t>(kWidth));
    for (std::size_t first = 0; first < rows_; first += step) {
      Extent here;
      for (std::size_t i = first; i < std::min(first + step, rows_); ++i) here.add(value(i));
      if (here.low <= here.high) {
        line.points.push_back({x(first), y(here.high)});
        if (here.low < here.high) line.points.push_back({x(first), y(here.low)});
        continue;
      }
      if (!line.points.empty()) out.marks.push_back(std::move(line));
      line = {{}, colour};
    }
    if (!line.points.empty()) out.marks.push_back(std::move(line));
  }

  template <class Lower, class Upper>
  void add_band(Drawing& out, Lower lower, Upper upper) const {
    Polygon band{{}, {}, kBand, .5};
    const std::size_t step = std::max<std::size_t>(1, rows_ / static_cast<std::size_t>(kWidth));
    for (std::size_t first = 0; first < rows_; first += step) {
      Extent here;
      for (std::size_t i = first; i < std::min(first + step, rows_); ++i) {
        here.add(lower(i));
        here.add(upper(i));
      }
      if (here.low <= here.high) {
        band.upper.push_back({x(first), y(here.high)});
        band.lower.push_back({x(first), y(here.low)});
        continue;
      }
      if (!band.upper.empty()) out.marks.push_back(std::move(band));
      band = {{}, {}, kBand, .5};
    }
    if (!band.upper.empty()) out.marks.push_back(std::move(band));
  }

 private:
  double top_, height_;
  std::size_t rows_;
  Extent extent_;
};

/// A bound that a one-sided method does not have is the value itself: the band then ends at the series.
double or_else(double bound, double value) { return std::isnan(bound) ? value : bound; }

void add_channel(Drawing& out, const Picture& picture, std::size_t channel, double top, bool own_scores) {
  const Scores& scores = *picture.scores;
  const std::size_t rows = picture.rows.rows(), channels = scores.channels;
  const auto cell = [&](const std::vector<double>& values, std::size_t i) {
    return values.empty() ? std::nan("") : values[i * channels + channel];
  };
  Extent extent;
  for (std::size_t i = 0; i < rows; ++i) extent.add(picture.rows.at(i, channel));
  extent.settle();
  const Panel panel(top, kPanel, rows, extent);
  panel.add_ground(out, picture.training_rows);
  if (!scores.yhat.empty()) {
    panel.add_band(
        out, [&](std::size_t i) { return or_else(cell(scores.yhat_lower, i), cell(scores.yhat, i)); },
        [&](std::size_t i) { return or_else(cell(scores.yhat_upper, i), cell(scores.yhat, i)); });
  }
  panel.add_line(out, kSeries, [&](std::size_t i) { return picture.rows.at(i, channel); });
  for (std::size_t i = 0; i < rows; ++i) {
    const double y = picture.rows.at(i, channel);
    const double score = own_scores ? cell(scores.channel_score, i) : scores.anomaly_score[i];
    if (score > 1 && !std::isnan(y)) out.marks.push_back(Dot{panel.x(i), panel.y(y), 3, kAlarm});
  }
  out.marks.push_back(Text{kLeft + 6, top + 13, picture.rows.names()[channel], kInk});
}

void add_scores(Drawing& out, const Picture& picture, double top) {
  const std::vector<double>& scores = picture.scores->anomaly_score;
  // Beyond a few times the threshold it does not matter how much: the curve is cut there, not squeezed.
  Extent extent{0, 1.5};
  for (double s : scores) extent.add(std::min(s, 5.0));
  const Panel panel(top, kScorePanel, scores.size(), extent);
  panel.add_ground(out, picture.training_rows);
  panel.add_line(out, kInk, [&](std::size_t i) { return scores[i]; });
  out.marks.push_back(Rectangle{kLeft, panel.y(1), kWidth - kLeft - kRight, 1, kAlarm, .7});
  out.marks.push_back(Text{kLeft + 6, top + 13, "score (above 1 is anomalous)", kInk});
}

Drawing draw(const Picture& picture) {
  const std::size_t channels = picture.rows.channels(), shown = std::min(channels, kMostPanels);
  Drawing out;
  out.width = kWidth;
  out.height = static_cast<int>(kTop + static_cast<double>(shown) * (kPanel + kGap) + kScorePanel + kBottom);
  out.marks.push_back(Rectangle{0, 0, kWidth, static_cast<double>(out.height), kGround});
  std::string title = picture.title;
  if (shown < channels) title += fmt::format(" ({} of {} channels)", shown, channels);
  out.marks.push_back(Text{kLeft, 20, title, kInk});
  const bool own_scores = !picture.scores->yhat.empty();
  for (std::size_t c = 0; c < shown; ++c) {
    add_channel(out, picture, c, kTop + static_cast<double>(c) * (kPanel + kGap), own_scores);
  }
  add_scores(out, picture, kTop + static_cast<double>(shown) * (kPanel + kGap));
  const std::size_t rows = picture.rows.rows();
  const double base = out.height - 8;
  const std::string first = picture.first_time.empty() ? "row 1" : picture.first_time;
  const std::string last = picture.last_time.empty() ? fmt::format("row {}", rows) : picture.last_time;
  out.marks.push_back(Text{kLeft, base, first, kQuiet});
  out.marks.push_back(Text{kWidth - kRight, base, last, kQuiet, Anchor::end});
  return out;
}

}  // namespace

std::string draw_svg(const Picture& picture) { return to_svg(draw(picture)); }
std::string draw_png(const Picture& picture) { return to_png(draw(picture)); }

}  // namespace wakeful::detectors
