#include "detectors/robust.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace wakeful::detectors {
namespace {

constexpr double kNormalMedian = 0.6744897501960817;  // of |Z|, Z standard normal
constexpr double kEnough = 1e-8;
constexpr int kMaxRounds = 200;
constexpr double kResolution = 1e-6;
constexpr double kLeastScale = 1e-9;

}  // namespace

std::vector<double> finite_of(std::span<const double> values) {
  std::vector<double> out;
  out.reserve(values.size());
  for (double v : values) {
    if (std::isfinite(v)) out.push_back(v);
  }
  return out;
}

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  const double below = *std::max_element(values.begin(), middle);
  return below + (*middle - below) / 2;
}

double quantile(std::vector<double> values, double p) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double position = p * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::ptrdiff_t>(std::floor(position));
  const auto at = values.begin() + low;
  std::nth_element(values.begin(), at, values.end());
  if (at + 1 == values.end()) return *at;
  const double above = *std::min_element(at + 1, values.end());
  return *at + (above - *at) * (position - static_cast<double>(low));
}

Moments moments_of(std::span<const double> values) {
  Moments out;
  for (const double value : values) out.magnitude = std::max(out.magnitude, std::abs(value));
  if (out.magnitude == 0) return out;
  double mean = 0, squares = 0;  // in units of the magnitude
  for (std::size_t i = 0; i < values.size(); ++i)
    mean += (values[i] / out.magnitude - mean) / static_cast<double>(i + 1);
  for (const double value : values) {
    const double off = value / out.magnitude - mean;
    squares += off * off;
  }
  out.mean = mean * out.magnitude;
  out.deviation = out.magnitude * std::sqrt(squares / static_cast<double>(values.size()));
  return out;
}

double huber_scale(std::span<const double> residuals) {
  std::vector<double> sizes(residuals.size());
  std::transform(residuals.begin(), residuals.end(), sizes.begin(), [](double r) { return std::abs(r); });
  const double start = median(sizes) / kNormalMedian;
  if (sizes.empty() || start == 0 || !std::isfinite(start))
    return sizes.empty() ? 0 : std::min(start, std::numeric_limits<double>::max());
  // In units of the start, so that squares neither overflow nor vanish.
  for (double& r : sizes) r /= start;
  double scale = 1;
  for (int round = 0; round < kMaxRounds; ++round) {
    const double limit = kHuberClip * scale;
    double sum = 0;
    for (double r : sizes) sum += r <= limit ? r * r : limit * limit;
    const double next = std::sqrt(sum / (static_cast<double>(sizes.size()) * kHuberGamma));
    const bool done = std::abs(scale - next) <= kEnough * next;
    scale = next;
    if (done) break;
  }
  return scale * start;
}

double floored_scale(std::span<const double> residuals, double magnitude) {
  const double floor = std::max(kResolution * magnitude, kLeastScale * (magnitude > 0 ? magnitude : 1));
  const double scale = huber_scale(residuals);
  if (scale > 0) return std::max(scale, kLeastScale * magnitude);
  std::vector<double> moving;
  std::copy_if(residuals.begin(), residuals.end(), std::back_inserter(moving), [](double r) { return r != 0; });
  return std::max(huber_scale(moving), floor);
}

}  // namespace wakeful::detectors
