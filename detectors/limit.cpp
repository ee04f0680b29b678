#include "detectors/limit.hpp"

#include <algorithm>
#include <cmath>

#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kTailShare = 0.02;
/// The scale never falls below this share of what the training showed: a quiet night is no reason to wake at dawn.
constexpr double kQuietShare = 0.25;
/// For a normal variable: the 98 % quantile of |Z| and the mean excess beyond it.
constexpr double kNormalQuantile = 2.3263478740408408;
constexpr double kNormalExcess = 0.3720;
/// Excesses are cut at this many mean excesses before they move their mean; E[min(X, 3)] of an exponential X.
constexpr double kExcessClip = 3;
constexpr double kClippedMean = 0.950212931632136;

}  // namespace

void Limit::learn(std::span<const double> residuals, double magnitude) {
  const double usual = huber_scale(residuals);
  scale_ = floored_scale(residuals, magnitude);
  still_ = std::all_of(residuals.begin(), residuals.end(), [](double r) { return r == 0; });
  floor_ = usual > 0 ? std::max(kQuietShare * scale_, 1e-9 * magnitude) : scale_;
  quantile_ = kNormalQuantile;
  excess_ = kNormalExcess;
  std::vector<double> sizes(residuals.size());
  std::transform(residuals.begin(), residuals.end(), sizes.begin(), [this](double r) { return std::abs(r) / scale_; });
  const double beyond = kTailShare * static_cast<double>(sizes.size());
  if (beyond < 1) return;  // too few residuals to have a tail
  quantile_ = std::max(quantile_, quantile(sizes, 1 - kTailShare));
  double sum = 0, count = 0;
  for (double size : sizes) {
    if (size <= quantile_) continue;
    sum += size - quantile_;
    count += 1;
  }
  if (count > 0) excess_ = std::max(excess_, sum / count);
}

double Limit::tolerance() const {
  if (settings_.risk <= 0) return settings_.tolerance;
  return std::max(settings_.tolerance, quantile_ + excess_ * std::log(kTailShare / settings_.risk));
}

void Limit::step(double residual) {
  if (std::isnan(residual)) return;
  if (still_) {
    if (residual == 0) return;
    still_ = false;
    scale_ = std::max(scale_, std::min(std::abs(residual), 1e300) / kHuberClip);
    return;
  }
  const double size = std::abs(residual) / scale_;
  const double clipped = std::min(size, kHuberClip);
  step_tail(size);
  scale_ = std::max(scale_ * std::sqrt(1 + settings_.rate * (clipped * clipped / kHuberGamma - 1)), floor_);
}

void Limit::step_tail(double size) {
  const double rate = settings_.rate;
  if (size > quantile_) {
    excess_ += rate * (std::min(size - quantile_, kExcessClip * excess_) / kClippedMean - excess_);
    excess_ = std::max(excess_, kNormalExcess);
    quantile_ += rate * (1 - kTailShare) * excess_;
  } else {
    quantile_ = std::max(quantile_ - rate * kTailShare * excess_, kNormalQuantile);
  }
}

void Limit::pack(Packer& out) const {
  for (double v : {scale_, floor_, quantile_, excess_}) out.real(v);
  out.flag(still_);
}

void Limit::unpack(Unpacker& in) {
  for (double* v : {&scale_, &floor_, &quantile_, &excess_}) *v = in.real();
  still_ = in.flag();
  const bool sound = floor_ > 0 && scale_ >= floor_ && scale_ < 1e308 && quantile_ >= 0 && excess_ >= 0;
  if (!sound) Unpacker::fail();
}

}  // namespace wakeful::detectors
