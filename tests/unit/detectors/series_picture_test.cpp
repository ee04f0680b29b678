// What /plot draws, seen as a reader sees it: the PNG's pixels.
#include "detectors/series_picture.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <cmath>
#include <numeric>

#include "detectors/catalog.hpp"
#include "detectors/drawing.hpp"

namespace wakeful::detectors {
namespace {

constexpr int kWidth = 800, kHeight = 400;
constexpr int kLeft = 90, kRight = 780, kTop = 40, kBottom = 350;  // of the plane between the axes
constexpr std::size_t kOutlier = 15;

struct Image {
  std::string pixels;  // rows of RGB, each after its filter byte

  std::uint32_t at(int x, int y) const {
    const std::size_t begin = static_cast<std::size_t>(y * (kWidth * 3 + 1) + 1 + 3 * x);
    std::uint32_t colour = 0;
    for (std::size_t c = 0; c < 3; ++c) colour = colour << 8U | static_cast<std::uint8_t>(pixels[begin + c]);
    return colour;
  }
  /// Within the plane, whose legend is above it.
  int count(std::uint32_t colour) const {
    int found = 0;
    for (int y = kTop - 5; y <= kBottom; ++y) found += count_in_row(colour, y);
    return found;
  }
  int count_in_row(std::uint32_t colour, int y) const {
    int found = 0;
    for (int x = kLeft; x < kRight; ++x) found += at(x, y) == colour ? 1 : 0;
    return found;
  }
  /// The rows that are this colour but for what crosses them.
  std::vector<int> rows(std::uint32_t colour) const {
    std::vector<int> found;
    for (int y = 0; y < kHeight; ++y)
      if (count_in_row(colour, y) > (kRight - kLeft) / 2) found.push_back(y);
    return found;
  }
};

std::uint32_t number(std::string_view png, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<std::uint8_t>(png[at + i]);
  return value;
}

/// Signature, IHDR (13 bytes), one IDAT.
Image decode(const std::string& png) {
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(number(png, 16), static_cast<std::uint32_t>(kWidth));
  EXPECT_EQ(number(png, 20), static_cast<std::uint32_t>(kHeight));
  EXPECT_EQ(png.substr(37, 4), "IDAT");
  Image image{std::string(static_cast<std::size_t>(kHeight) * (kWidth * 3 + 1), '\1')};
  uLongf size = image.pixels.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(image.pixels.data()), &size,
                       reinterpret_cast<const Bytef*>(png.data() + 41), number(png, 33)),
            Z_OK);
  EXPECT_EQ(size, image.pixels.size());
  for (int y = 0; y < kHeight; ++y) EXPECT_EQ(image.pixels[static_cast<std::size_t>(y * (kWidth * 3 + 1))], '\0') << y;
  return image;
}

/// As the levels are drawn: two parts in five of the white below.
std::uint32_t faint(std::uint32_t colour) {
  std::uint32_t out = 0;
  for (unsigned shift = 24; shift > 0; shift -= 8) {
    const double c = colour >> (shift - 8) & 0xff;
    out = out << 8U | static_cast<std::uint32_t>(std::lround(255 + .6 * (c - 255)));
  }
  return out;
}

std::vector<double> waves(std::size_t count, double outlier) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = 20 + 4 * std::sin(static_cast<double>(i));
  values[count / 2] = outlier;
  return values;
}

Image draw(const std::vector<double>& values) {
  Frame frame({"value"});
  for (const double value : values) frame.append(std::span(&value, 1));
  static const std::array<std::pair<std::string, std::string>, 1> kSettings = {{{"direction", "up"}}};
  const auto detector = make_detector("z_score", kSettings);
  detector->train(frame);
  const Scores scores = detector->score(frame);
  std::vector<std::int64_t> timestamps(values.size());
  std::iota(timestamps.begin(), timestamps.end(), 1'700'000'000);
  return decode(draw_series_png({.title = "t", .timestamps = timestamps, .values = values, .scores = scores}));
}

struct Level {
  double mean, deviation;
};
Level level_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return {mean, std::sqrt(squares / n)};
}

/// The row of a value where the axis reaches from `low` to `high`.
int row_of(double value, double low, double high) {
  return static_cast<int>(std::lround(kTop + (kBottom - kTop) * (high - value) / (high - low)));
}
int column_of(std::size_t i, std::size_t count) {
  const double share = static_cast<double>(i) / static_cast<double>(count - 1);
  return static_cast<int>(std::lround(kLeft + (kRight - kLeft) * share));
}

TEST(SeriesPicture, ShowsEachPointAtItsTimeAndValueAndTheAnomalyInAnotherColour) {
  const std::vector<double> values = waves(30, 90);
  const double low = *std::min_element(values.begin(), values.end());
  const Image image = draw(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint32_t expected = i == kOutlier ? kAlarm : kSeries;
    EXPECT_EQ(image.at(column_of(i, 30), row_of(values[i], low, 90)), expected) << "point " << i;
  }
  EXPECT_EQ(row_of(90, low, 90), kTop);
  EXPECT_GT(image.count(kAlarm), 30) << "a dot larger than the others";
  EXPECT_LT(image.count(kAlarm), 100) << "one dot";
}

TEST(SeriesPicture, DrawsMeanAndLimitAcrossAtTheirValues) {
  const std::vector<double> values = waves(30, 90);
  const double low = *std::min_element(values.begin(), values.end());
  const auto [mean, deviation] = level_of(values);
  const Image image = draw(values);
  const int middle = row_of(mean, low, 90), limit = row_of(mean + 3 * deviation, low, 90);
  EXPECT_EQ(image.rows(faint(kInk)), (std::vector{middle, middle + 1}));
  EXPECT_EQ(image.rows(faint(kAlarm)), (std::vector{limit, limit + 1}));
  EXPECT_LT(kTop, limit) << "the anomaly lies above the limit";
}

TEST(SeriesPicture, HasNoAlarmWhereNothingIsAnAnomalyAndTheLimitStillInSight) {
  const std::vector<double> values = waves(30, 20);
  const double low = *std::min_element(values.begin(), values.end());
  const auto [mean, deviation] = level_of(values);
  const double high = mean + 3 * deviation;  // the highest there is to show
  const Image image = draw(values);
  EXPECT_EQ(image.count(kAlarm), 0);
  EXPECT_EQ(image.at(column_of(kOutlier, 30), row_of(20, low, high)), kSeries);
  EXPECT_EQ(image.rows(faint(kAlarm)), (std::vector{kTop + 1})) << "the row above is mixed with the grid's";
}

TEST(SeriesPicture, OfThousandsOfPointsShowsTheLineAndTheAnomaly) {
  constexpr std::size_t kMany = 100'001;
  const std::vector<double> values = waves(kMany, 90);
  const Image image = draw(values);
  EXPECT_EQ(image.at(column_of(kMany / 2, kMany), kTop), kAlarm);
  int below = 0;  // the line goes down and up in each column, so it is there in all of them
  for (int x = kLeft; x < kRight; ++x) below += image.at(x, kBottom - 2) == kSeries ? 1 : 0;
  EXPECT_GT(below, (kRight - kLeft) * 9 / 10);
}

}  // namespace
}  // namespace wakeful::detectors
