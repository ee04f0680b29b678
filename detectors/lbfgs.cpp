#include "detectors/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>

namespace wakeful::detectors {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

double largest(const Vector& v) {
  double most = 0;
  for (const double x : v) most = std::max(most, std::abs(x));
  return most;
}

struct Pair {
  Vector step;
  Vector turn;  // of the gradient
  double inverse = 0;
};

/// Minus the inverse Hessian that the pairs tell of, times the gradient.
Vector direction_of(const std::deque<Pair>& pairs, const Vector& gradient) {
  Vector d = gradient;
  Vector weights(pairs.size());
  for (std::size_t i = pairs.size(); i-- > 0;) {
    weights[i] = pairs[i].inverse * dot(pairs[i].step, d);
    for (std::size_t k = 0; k < d.size(); ++k) d[k] -= weights[i] * pairs[i].turn[k];
  }
  if (!pairs.empty()) {
    const Pair& newest = pairs.back();
    const double size = dot(newest.step, newest.turn) / dot(newest.turn, newest.turn);
    for (double& x : d) x *= size;
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double back = pairs[i].inverse * dot(pairs[i].turn, d);
    for (std::size_t k = 0; k < d.size(); ++k) d[k] += (weights[i] - back) * pairs[i].step[k];
  }
  for (double& x : d) x = -x;
  return d;
}

struct Place {
  Vector x;
  Vector gradient;
  double value = 0;
};

/// Along `d` to a place that is lower enough and less steep; false if there is none.
bool search(const Objective& objective, const Place& from, const Vector& d, double first, Place& to) {
  constexpr double kLower = 1e-4, kLessSteep = 0.9;
  constexpr int kMostTries = 60;
  const double slope = dot(from.gradient, d);
  double low = 0, high = std::numeric_limits<double>::infinity(), t = first;
  for (int i = 0; i < kMostTries; ++i) {
    for (std::size_t k = 0; k < d.size(); ++k) to.x[k] = from.x[k] + t * d[k];
    to.value = objective(to.x, to.gradient);
    if (!(to.value <= from.value + kLower * t * slope)) {
      high = t;
    } else if (dot(to.gradient, d) < kLessSteep * slope) {
      low = t;
    } else {
      return true;
    }
    t = std::isinf(high) ? 2 * low : (low + high) / 2;
  }
  return to.value < from.value;
}

}  // namespace

LbfgsResult minimise(const Objective& objective, std::vector<double>& x, const LbfgsOptions& options) {
  Place here{x, Vector(x.size()), 0};
  Place next = here;
  here.value = objective(here.x, here.gradient);
  std::deque<Pair> pairs;
  LbfgsResult result;
  while (result.rounds < options.most_rounds) {
    result.converged = largest(here.gradient) <= options.gradient_tolerance;
    if (result.converged) break;
    ++result.rounds;
    Vector d = direction_of(pairs, here.gradient);
    if (!(dot(d, here.gradient) < 0)) {  // rounding: downhill again
      pairs.clear();
      d = direction_of(pairs, here.gradient);
    }
    const double first = pairs.empty() ? std::min(1.0, 1 / std::max(largest(here.gradient), 1e-300)) : 1;
    if (!search(objective, here, d, first, next)) break;
    Pair pair{Vector(x.size()), Vector(x.size())};
    for (std::size_t k = 0; k < x.size(); ++k) {
      pair.step[k] = next.x[k] - here.x[k];
      pair.turn[k] = next.gradient[k] - here.gradient[k];
    }
    const double curvature = dot(pair.step, pair.turn);
    const double fall = here.value - next.value;
    std::swap(here, next);
    if (fall <= options.value_tolerance * std::max(std::abs(here.value), 1e-12)) {
      result.converged = true;
      break;
    }
    if (curvature <= 1e-300) continue;
    pair.inverse = 1 / curvature;
    pairs.push_back(std::move(pair));
    if (pairs.size() > options.memory) pairs.pop_front();
  }
  x = here.x;
  result.value = here.value;
  return result;
}

}  // namespace wakeful::detectors
