#pragma once
// Fits an autoregression with a ridge. No xtensor here: the .cpp solves, and nobody else sees how.
#include <cstddef>
#include <span>
#include <vector>

namespace wakeful::detectors {

/// x[t] is about sum over k of weights[k] * x[t - lags[k]], with the least squares of the errors plus ridge *
/// |weights|^2.
///
/// `x` should be centred and of unit scale; no NaN. `lags` rise, lags[0] >= 1; the consecutive ones from 1 on are
/// cheap. Rows before the largest lag are not fitted. Too few rows: all weights 0. Cost: O(rows * lags) by Toeplitz
/// sums for consecutive lags, then O(lags^3).
std::vector<double> fit_autoregression(std::span<const double> x, std::span<const std::size_t> lags, double ridge);

}  // namespace wakeful::detectors
