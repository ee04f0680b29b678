#include "detectors/gaussian_kernel.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "detectors/wide.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::size_t kBlock = GaussianKernel::kBlock;

constexpr std::size_t kAtOnce = 4;  // vectors: one's sums wait for each other, four keep the processor busy

/// exp of numbers that are not above 0; below -708 it is that of -708, 3e-308. Cody and Waite's reduction to
/// |r| <= ln 2 / 2, then Taylor's series, whose first term left out is below 1e-17.
WAKEFUL_INLINE void exp_of_negative(WideReal (&x)[kAtOnce]) {
  constexpr double kLog2e = 1.4426950408889634074;
  constexpr double kLn2High = 6.93147180369123816490e-01, kLn2Low = 1.90821492927058770002e-10;
  constexpr double kRounder = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer, in the low bits
  constexpr double kTerms[] = {479001600, 39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1};
  const WideReal lowest = WideReal{} - 708.0;
  WideReal shifted[kAtOnce], sum[kAtOnce];
  for (std::size_t k = 0; k < kAtOnce; ++k) {
    x[k] = x[k] < lowest ? lowest : x[k];
    shifted[k] = x[k] * kLog2e + kRounder;
    const WideReal n = shifted[k] - kRounder;
    x[k] = (x[k] - n * kLn2High) - n * kLn2Low;
    sum[k] = WideReal{} + 1 / 6227020800.0;
  }
  for (const double term : kTerms) {
    for (std::size_t k = 0; k < kAtOnce; ++k) sum[k] = sum[k] * x[k] + 1 / term;
  }
  for (std::size_t k = 0; k < kAtOnce; ++k) {
    WideRealBits bits;
    std::memcpy(&bits, &shifted[k], sizeof bits);
    bits = (bits + 1023U) << 52U;
    WideReal power;
    std::memcpy(&power, &bits, sizeof power);
    x[k] = sum[k] * power;
  }
}

/// out[i] of a block's kBlock points. `points`: width × kBlock.
WAKEFUL_WIDE void kernel_block(const double* points, std::size_t width, const double* row, double gamma, double* out) {
  for (std::size_t first = 0; first < kBlock; first += kAtOnce * kWideReal) {
    WideReal squares[kAtOnce] = {};
    for (std::size_t c = 0; c < width; ++c) {
      const double* values = points + c * kBlock + first;
      for (std::size_t k = 0; k < kAtOnce; ++k) {
        const WideReal off = wide(values + k * kWideReal) - row[c];
        squares[k] += off * off;
      }
    }
    for (std::size_t k = 0; k < kAtOnce; ++k) squares[k] = -gamma * squares[k];
    exp_of_negative(squares);
    for (std::size_t k = 0; k < kAtOnce; ++k) wide(out + first + k * kWideReal) = squares[k];
  }
}

}  // namespace

GaussianKernel::GaussianKernel(std::span<const double> rows, std::size_t width, double gamma)
    : size_(rows.size() / width), width_(width), gamma_(gamma) {
  const std::size_t padded = (size_ + kBlock - 1) / kBlock * kBlock;
  blocks_.resize(padded * width_);
  for (std::size_t i = 0; i < padded; ++i) {
    const double* row = rows.data() + std::min(i, size_ - 1) * width_;
    double* first = blocks_.data() + i / kBlock * kBlock * width_ + i % kBlock;
    for (std::size_t c = 0; c < width_; ++c) first[c * kBlock] = row[c];
  }
}

void GaussianKernel::point(std::size_t i, std::span<double> out) const {
  const double* first = block(i / kBlock * kBlock) + i % kBlock;
  for (std::size_t c = 0; c < width_; ++c) out[c] = first[c * kBlock];
}

void GaussianKernel::against(std::span<const double> row, std::span<float> out) const {
  std::array<double, kBlock> values;
  for (std::size_t first = 0; first < size_; first += kBlock) {
    kernel_block(block(first), width_, row.data(), gamma_, values.data());
    const std::size_t count = std::min(kBlock, size_ - first);
    for (std::size_t i = 0; i < count; ++i) out[first + i] = static_cast<float>(values[i]);
  }
}

double GaussianKernel::weighted(std::span<const double> row, std::span<const double> weights) const {
  std::array<double, kBlock> values;
  double sum = 0;
  for (std::size_t first = 0; first < size_; first += kBlock) {
    kernel_block(block(first), width_, row.data(), gamma_, values.data());
    const std::size_t count = std::min(kBlock, size_ - first);
    for (std::size_t i = 0; i < count; ++i) sum += weights[first + i] * values[i];
  }
  return sum;
}

}  // namespace wakeful::detectors
