#include "detectors/autoregression.hpp"

#include <algorithm>
#include <numeric>
#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

namespace wakeful::detectors {
namespace {

using Matrix = xt::xtensor<double, 2>;

/// moments(i, j) = sum over t of x[t - all[i]] * x[t - all[j]], for t from the largest lag on; all[0] = 0 is the
/// target.
Matrix lagged_moments(std::span<const double> x, const std::vector<std::size_t>& all) {
  const std::size_t first = all.back(), n = x.size();
  Matrix moments = xt::zeros<double>({all.size(), all.size()});
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i; j < all.size(); ++j) {
      // One lag more on both sides moves the sum by one row at each end.
      if (i > 0 && all[i - 1] + 1 == all[i] && all[j - 1] + 1 == all[j]) {
        moments(i, j) = moments(i - 1, j - 1) + x[first - all[i]] * x[first - all[j]] - x[n - all[i]] * x[n - all[j]];
      } else {
        const auto a = x.subspan(first - all[i], n - first), b = x.subspan(first - all[j], n - first);
        moments(i, j) = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
      }
      moments(j, i) = moments(i, j);
    }
  }
  return moments;
}

}  // namespace

std::vector<double> fit_autoregression(std::span<const double> x, std::span<const std::size_t> lags, double ridge) {
  std::vector<double> weights(lags.size(), 0.0);
  if (lags.empty() || x.size() <= lags.back() + 1) return weights;
  std::vector<std::size_t> all = {0};
  all.insert(all.end(), lags.begin(), lags.end());
  const Matrix moments = lagged_moments(x, all);
  const auto end = static_cast<std::ptrdiff_t>(all.size());
  Matrix gram = xt::view(moments, xt::range(1, end), xt::range(1, end));
  // A little of the trace keeps the factorisation alive when the rows are degenerate, whatever the ridge.
  const double jitter = 1e-12 * std::max(xt::sum(xt::diagonal(gram))(), 1.0);
  for (std::size_t i = 0; i < lags.size(); ++i) gram(i, i) += std::max(ridge, jitter);
  const xt::xtensor<double, 1> target = xt::view(moments, xt::range(1, end), 0);
  const xt::xtensor<double, 1> solved = xt::linalg::solve(gram, target);
  std::copy(solved.begin(), solved.end(), weights.begin());
  return weights;
}

}  // namespace wakeful::detectors
