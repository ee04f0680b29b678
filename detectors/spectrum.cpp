#include "detectors/spectrum.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

namespace wakeful::detectors {
namespace {

using Complex = std::complex<double>;

/// In place; the size is a power of two. `sign` -1 is the transform, 1 its inverse times n.
void transform(std::vector<Complex>& x, double sign) {
  const std::size_t n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n >> 1U;
    for (; (j & bit) != 0; bit >>= 1U) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  std::vector<Complex> turns(n / 2);
  for (std::size_t i = 0; i < turns.size(); ++i)
    turns[i] = std::polar(1.0, sign * 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n));
  for (std::size_t half = 1; half < n; half *= 2) {
    const std::size_t stride = n / (2 * half);
    for (std::size_t first = 0; first < n; first += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const Complex odd = x[first + half + k] * turns[k * stride];
        x[first + half + k] = x[first + k] - odd;
        x[first + k] += odd;
      }
    }
  }
}

/// exp(-i pi k² / n); k² is taken modulo 2 n, so that the angle stays exact.
Complex chirp(std::size_t k, std::size_t n) {
  const std::size_t turn = k * k % std::max<std::size_t>(2 * n, 1);  // n > 0, which not every reader knows
  return std::polar(1.0, -std::numbers::pi * static_cast<double>(turn) / static_cast<double>(n));
}

}  // namespace

std::vector<double> power_spectrum(std::span<const double> series) {
  const std::size_t n = series.size();
  if (n < 2) return {};
  const std::size_t size = std::bit_ceil(2 * n);
  std::vector<Complex> values(size), answer(size);
  for (std::size_t i = 0; i < n; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n - 1);
    values[i] = series[i] * (0.5 - 0.5 * std::cos(angle)) * chirp(i, n);
    answer[i] = std::conj(chirp(i, n));
    if (i > 0) answer[size - i] = answer[i];
  }
  transform(values, -1);
  transform(answer, -1);
  for (std::size_t i = 0; i < size; ++i) values[i] *= answer[i];
  transform(values, 1);
  std::vector<double> power(n / 2 + 1);
  for (std::size_t k = 0; k < power.size(); ++k) power[k] = std::norm(values[k] / static_cast<double>(size));
  return power;
}

std::vector<std::size_t> find_peaks(std::span<const double> values, std::size_t distance) {
  std::vector<std::size_t> peaks;
  for (std::size_t i = 1; i + 1 < values.size(); ++i) {
    if (!(values[i - 1] < values[i])) continue;
    std::size_t end = i;
    while (end + 1 < values.size() && values[end + 1] == values[i]) ++end;
    if (end + 1 < values.size() && values[end + 1] < values[i]) peaks.push_back((i + end) / 2);
    i = end;
  }
  std::stable_sort(peaks.begin(), peaks.end(), [&](auto a, auto b) { return values[a] > values[b]; });
  std::vector<std::size_t> kept;
  for (const std::size_t peak : peaks) {
    const auto is_near = [&](std::size_t other) { return std::max(peak, other) - std::min(peak, other) < distance; };
    if (std::none_of(kept.begin(), kept.end(), is_near)) kept.push_back(peak);
  }
  return kept;
}

}  // namespace wakeful::detectors
