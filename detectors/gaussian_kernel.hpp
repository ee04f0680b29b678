#pragma once
// exp(-gamma |x - y|²) of one row against many points at once.
//
// Points lie in blocks, channel by channel, so that a block's distances and exponentials are computed side by side; a
// sum over points runs in their order, whatever the processor. The exponential is our own: within 2 units in the last
// place, and the same on every machine. Threads: const functions may run at once.
#include <cstddef>
#include <span>
#include <vector>

namespace wakeful::detectors {

class GaussianKernel {
 public:
  static constexpr std::size_t kBlock = 64;

  GaussianKernel() = default;
  /// `rows`: points of `width` numbers, one behind the other. gamma > 0.
  GaussianKernel(std::span<const double> rows, std::size_t width, double gamma);

  std::size_t size() const { return size_; }
  std::size_t width() const { return width_; }
  /// Copies point i to `out`, of width().
  void point(std::size_t i, std::span<double> out) const;

  /// out[i] = k(point i, row). Shape: size().
  void against(std::span<const double> row, std::span<float> out) const;
  /// sum over i of weights[i] * k(point i, row).
  double weighted(std::span<const double> row, std::span<const double> weights) const;

 private:
  const double* block(std::size_t first) const { return blocks_.data() + first * width_; }

  std::size_t size_ = 0;
  std::size_t width_ = 0;
  double gamma_ = 1;
  std::vector<double> blocks_;  // the last one filled up with its last point
};

}  // namespace wakeful::detectors
