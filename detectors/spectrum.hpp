#pragma once
// Power of a series at each frequency, and its peaks. Pure functions.
#include <cstddef>
#include <span>
#include <vector>

namespace wakeful::detectors {

/// |Fourier transform|² of the series under a Hann window, at the frequencies k / n cycles a row, k = 0 … n / 2. Any n.
/// Cost: O(n log n), by Bluestein's chirp.
std::vector<double> power_spectrum(std::span<const double> series);

/// Indices of values above both neighbours (a plateau counts at its middle), at least `distance` apart, the smaller of
/// two that are nearer left out; in descending order of value.
std::vector<std::size_t> find_peaks(std::span<const double> values, std::size_t distance);

}  // namespace wakeful::detectors
