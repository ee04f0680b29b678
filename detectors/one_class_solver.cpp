#include "detectors/one_class_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <span>

namespace wakeful::detectors {
namespace {

constexpr double kLeastCurvature = 1e-12;
constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

/// Rows of the kernel matrix, the least recently used forgotten first. At least two stay, so that two may be used at
/// once.
class KernelRows {
 public:
  KernelRows(const GaussianKernel& kernel, std::size_t bytes)
      : kernel_(kernel),
        most_(std::max<std::size_t>(2, bytes / (sizeof(float) * std::max<std::size_t>(kernel.size(), 1)))),
        known_(kernel.size(), used_.end()),
        point_(kernel.width()) {}

  std::span<const float> row(std::size_t i) {
    if (known_[i] != used_.end()) {
      used_.splice(used_.begin(), used_, known_[i]);
    } else {
      compute(i);
    }
    return used_.front().values;
  }

 private:
  struct Row {
    std::size_t point;
    std::vector<float> values;
  };

  void compute(std::size_t i) {
    if (used_.size() < most_) {
      used_.push_front({i, std::vector<float>(kernel_.size())});
    } else {
      used_.splice(used_.begin(), used_, std::prev(used_.end()));
      known_[used_.front().point] = used_.end();
      used_.front().point = i;
    }
    kernel_.point(i, point_);
    kernel_.against(point_, used_.front().values);
    known_[i] = used_.begin();
  }

  const GaussianKernel& kernel_;
  std::size_t most_;
  std::list<Row> used_;
  std::vector<std::list<Row>::iterator> known_;
  std::vector<double> point_;
};

class Solver {
 public:
  Solver(const GaussianKernel& kernel, const OneClassTerms& terms)
      : size_(kernel.size()),
        tolerance_(terms.tolerance),
        rows_(kernel, terms.cache_bytes),
        weights_(size_, 0.0),
        gradient_(size_, 0.0) {
    double left = terms.nu * static_cast<double>(size_);
    for (std::size_t i = 0; i < size_ && left > 0; ++i, left -= 1) {
      weights_[i] = std::min(left, 1.0);
      add(rows_.row(i), weights_[i]);
    }
  }

  OneClassSolution solve() && {
    OneClassSolution out;
    const std::uint64_t most = std::max<std::uint64_t>(10'000'000, 100 * size_);
    while (out.iterations < most && improve()) ++out.iterations;
    out.rho = threshold();
    out.weights = std::move(weights_);
    return out;
  }

 private:
  void add(std::span<const float> row, double change) {
    double* gradient = gradient_.data();
    for (std::size_t k = 0; k < size_; ++k) gradient[k] += change * static_cast<double>(row[k]);
  }

  /// The point that gains most by more weight.
  std::size_t most_wanting() const {
    std::size_t best = kNowhere;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < size_; ++i) {
      if (weights_[i] < 1 && gradient_[i] <= least) {
        least = gradient_[i];
        best = i;
      }
    }
    return best;
  }

  /// The point whose weight is best given to i, or nowhere if the programme is solved.
  std::size_t best_giver(std::size_t i, std::span<const float> row) const {
    std::size_t best = kNowhere;
    double most_gain = 0, steepest = -std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < size_; ++j) {
      if (weights_[j] <= 0) continue;
      steepest = std::max(steepest, gradient_[j]);
      const double slope = gradient_[j] - gradient_[i];
      if (slope <= 0) continue;
      const double gain = slope * slope / curvature(row[j]);
      if (gain >= most_gain) {
        most_gain = gain;
        best = j;
      }
    }
    return steepest - gradient_[i] < tolerance_ ? kNowhere : best;
  }

  static double curvature(float k) { return std::max(2 - 2 * static_cast<double>(k), kLeastCurvature); }

  /// Moves weight from one point to another. False if nothing more is to be gained.
  bool improve() {
    const std::size_t i = most_wanting();
    if (i == kNowhere) return false;
    const std::span<const float> to = rows_.row(i);
    const std::size_t j = best_giver(i, to);
    if (j == kNowhere) return false;
    const std::span<const float> from = rows_.row(j);
    const double wanted = (gradient_[j] - gradient_[i]) / curvature(to[j]);
    const double moved = std::min({wanted, 1 - weights_[i], weights_[j]});
    // What reaches a bound lies on it exactly, so that it is free no more.
    const bool fills = moved == 1 - weights_[i], empties = moved == weights_[j];
    weights_[i] = fills ? 1 : weights_[i] + moved;
    weights_[j] = empties ? 0 : weights_[j] - moved;
    double* gradient = gradient_.data();
    for (std::size_t k = 0; k < size_; ++k)
      gradient[k] += moved * (static_cast<double>(to[k]) - static_cast<double>(from[k]));
    return true;
  }

  /// The gradient where weights are free; between those at the bounds where none is.
  double threshold() const {
    double sum = 0, below = -std::numeric_limits<double>::infinity(), above = std::numeric_limits<double>::infinity();
    std::size_t free = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      if (weights_[i] >= 1) {
        below = std::max(below, gradient_[i]);
      } else if (weights_[i] <= 0) {
        above = std::min(above, gradient_[i]);
      } else {
        ++free;
        sum += gradient_[i];
      }
    }
    if (free > 0) return sum / static_cast<double>(free);
    if (!std::isfinite(above)) return below;  // every weight is 1
    return (below + above) / 2;
  }

  std::size_t size_;
  double tolerance_;
  KernelRows rows_;
  std::vector<double> weights_;
  std::vector<double> gradient_;
};

}  // namespace

OneClassSolution solve_one_class(const GaussianKernel& kernel, const OneClassTerms& terms) {
  return Solver(kernel, terms).solve();
}

}  // namespace wakeful::detectors
