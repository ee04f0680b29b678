#pragma once
// The minimum of a smooth function of many variables, by L-BFGS with a line search for the weak Wolfe conditions.
//
// No bounds: the forecaster's coefficients are free, and its penalty keeps them small. Deterministic: the same function
// and start give the same bits. Threads: each call by itself. Source: Nocedal and Wright, Numerical Optimization, 7.2;
// the line search: Lewis and Overton, Nonsmooth optimization via quasi-Newton methods (2013).
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace wakeful::detectors {

/// The value at `x`; fills `gradient`, which is as long as `x`.
using Objective = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct LbfgsOptions {
  int most_rounds = 1000;
  std::size_t memory = 25;
  double gradient_tolerance = 1e-7;  // largest component
  double value_tolerance = 1e-12;    // relative fall of the value in one round
};

struct LbfgsResult {
  double value = 0;
  int rounds = 0;
  bool converged = false;
};

/// Moves `x` to a minimum near it.
LbfgsResult minimise(const Objective& objective, std::vector<double>& x, const LbfgsOptions& options = {});

}  // namespace wakeful::detectors
