#include "detectors/row_scaler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kFarthest = 1e6;
constexpr double kBelowRange = -4, kAboveRange = 5;  // Liu and Paparrizos' for distances of scaled rows
constexpr double kLeastUnit = 1e-300;
constexpr double kLargest = std::numeric_limits<double>::max();

}  // namespace

void RowScaler::learn(const FrameView& training, Scaling scaling) {
  low_ = scaling == Scaling::none ? -kLargest : scaling == Scaling::range ? kBelowRange : -kFarthest;
  high_ = scaling == Scaling::none ? kLargest : scaling == Scaling::range ? kAboveRange : kFarthest;
  middle_ = scaling == Scaling::range ? 0.5 : 0;
  shift_.assign(training.channels(), 0.0);
  unit_.assign(training.channels(), 0.0);
  for (std::size_t c = 0; c < training.channels(); ++c) {
    const std::vector<double> known = finite_of(training.channel(c));
    if (known.empty()) continue;
    const Moments moments = moments_of(known);
    const double least = std::max(floored_scale({}, moments.magnitude), kLeastUnit);
    if (scaling == Scaling::none) {
      unit_[c] = 1;
    } else if (scaling == Scaling::standard) {
      shift_[c] = moments.mean;
      unit_[c] = std::max(moments.deviation, least);
    } else {
      const auto [low, high] = std::minmax_element(known.begin(), known.end());
      shift_[c] = *low;
      unit_[c] = std::max(std::min(*high - *low, kLargest), least);
    }
  }
}

bool RowScaler::scale(std::span<const double> row, std::span<double> out) const {
  bool whole = true;
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (!is_known(c)) {
      out[c] = 0;
    } else if (std::isnan(row[c])) {
      out[c] = middle_;
      whole = false;
    } else {
      out[c] = std::clamp((row[c] - shift_[c]) / unit_[c], low_, high_);
    }
  }
  return whole;
}

RowScaler::Rows RowScaler::whole_rows(const FrameView& training) const {
  Rows out;
  out.values.reserve(training.values().size());
  std::vector<double> scaled(channels());
  for (const bool all : {false, true}) {
    for (std::size_t i = 0; i < training.rows(); ++i) {
      if (!scale(training.row(i), scaled) && !all) continue;
      out.values.insert(out.values.end(), scaled.begin(), scaled.end());
      out.from.push_back(i);
    }
    if (!out.from.empty()) break;
  }
  return out;
}

void RowScaler::pack(Packer& out) const {
  out.real(low_);
  out.real(high_);
  out.real(middle_);
  out.reals(shift_);
  out.reals(unit_);
}

void RowScaler::unpack(Unpacker& in, std::size_t channels) {
  low_ = in.real();
  high_ = in.real();
  middle_ = in.real();
  shift_ = in.reals(channels);
  unit_ = in.reals(channels);
  if (!(low_ < high_)) Unpacker::fail();  // NaN too
  for (std::size_t c = 0; c < channels; ++c) {
    if (!std::isfinite(shift_[c]) || !(unit_[c] >= 0)) Unpacker::fail();
  }
}

}  // namespace wakeful::detectors
