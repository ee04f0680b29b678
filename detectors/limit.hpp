#pragma once
// How large a residual may be before it is an anomaly: a robust scale times the larger of a tolerance and the tail.
//
// Both are learned from training residuals and then follow the series. The scale is Huber's proposal 2, one residual at
// a time: scale^2 += rate * (min(r^2, (c scale)^2) / gamma - scale^2). One wild residual raises it by a few percent at
// most, however wild, so an anomaly cannot hide behind the variance that it causes. The tail answers for residuals that
// are not normal: beyond their 98 % quantile u the sizes |r| / scale are taken as exponential with mean excess m, and
// u + m * ln(0.02 / risk) is exceeded once in 1 / risk rows. Source: peaks over threshold with shape 0 (Pickands 1975);
// stochastic approximation of a quantile (Robbins and Monro 1951).
#include <cstddef>
#include <span>
#include <vector>

#include "detectors/packing.hpp"

namespace wakeful::detectors {

struct LimitSettings {
  double tolerance = 5;
  double risk = 1e-3;   // false alarms per row that a tail may cause
  double rate = 0.001;  // how fast scale and tail follow, per row
};

class Limit {
 public:
  explicit Limit(const LimitSettings& settings) : settings_(settings) {}

  /// `magnitude`: the largest absolute value of the channel. No residuals: everything is learned from the first ones.
  void learn(std::span<const double> residuals, double magnitude);

  double scale() const { return scale_; }
  /// In units of the scale.
  double tolerance() const;
  double value() const { return scale_ * tolerance(); }

  /// After the residual has been judged. NaN is ignored.
  void step(double residual);

  void pack(Packer& out) const;
  void unpack(Unpacker& in);

 private:
  void step_tail(double size);

  LimitSettings settings_;
  double scale_ = 1;
  double floor_ = 1;
  bool still_ = false;  // no residual but 0 so far: the first one is the scale
  double quantile_ = 0;
  double excess_ = 0;
};

}  // namespace wakeful::detectors
