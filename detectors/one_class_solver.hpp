#pragma once
// The quadratic programme of a one-class support vector machine, solved exactly: sequential minimal optimisation with
// second-order working sets.
//
//   min ½ aᵀKa   with 0 <= a_i <= 1 and sum a_i = nu n          (libsvm's scaling)
//
// The first floor(nu n) weights start at 1 and the next at what is left; it ends when the violation of the optimality
// conditions is below the tolerance. Rows of K are floats, as many in memory as `cache_bytes` holds; sums are doubles.
// Source: Schölkopf et al. 2001; Fan, Chen, Lin 2005 for the working sets. Pure; one thread.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "detectors/gaussian_kernel.hpp"

namespace wakeful::detectors {

struct OneClassTerms {
  double nu = 0.5;  // in (0, 1]
  double tolerance = 1e-3;
  std::size_t cache_bytes = std::size_t{256} << 20U;
};

struct OneClassSolution {
  std::vector<double> weights;  // one per point; 0 for what is no support vector
  double rho = 0;               // a row is an outlier if sum weights_i k(x_i, row) < rho
  std::uint64_t iterations = 0;
};

/// Cost: a kernel row of size() for each point that is touched, size() for each iteration; at most the larger of
/// 10,000,000 and 100 size() iterations.
OneClassSolution solve_one_class(const GaussianKernel& kernel, const OneClassTerms& terms);

}  // namespace wakeful::detectors
