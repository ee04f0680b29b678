#pragma once
// Locations and scales that a few wild values do not move. Pure functions; NaN must be taken out before (finite_of).
#include <cstddef>
#include <span>
#include <vector>

namespace wakeful::detectors {

/// The values that are not missing.
std::vector<double> finite_of(std::span<const double> values);

/// The middle value, or the mean of the two middle ones; NaN for none.
double median(std::vector<double> values);

/// Linear interpolation between order statistics (numpy's default); NaN for none. 0 <= p <= 1.
double quantile(std::vector<double> values, double p);

/// Of values that are all finite; 0 for none. Squares neither overflow nor vanish, whatever their size.
struct Moments {
  double mean = 0;
  double deviation = 0;  // the population's: divided by n
  double magnitude = 0;  // the largest absolute value
};
Moments moments_of(std::span<const double> values);

/// Huber's proposal 2 with the location fixed at 0: the scale of residuals, 1 for standard normal ones.
///
/// Starts at the median absolute value / 0.6744897501960817 and solves sum(min(r^2, (c s)^2)) = n * gamma * s^2 with
/// c = 1.5. Gives 0 when more than half of the residuals are exactly 0, and for none: see floored_scale.
/// Source: Huber, Robust Statistics (1981), section 6.7; the goldens of the tests.
double huber_scale(std::span<const double> residuals);

inline constexpr double kHuberClip = 1.5;
/// E[min(Z^2, 1.5^2)] for a standard normal Z.
inline constexpr double kHuberGamma = 0.7784652161744701;

/// huber_scale, never 0. More than half of the residuals exactly 0 (sparse counts, a channel that stands still) say
/// nothing about how large a deviation is usual; the ones that are not 0 do: their scale is taken. If all are 0, or the
/// scale is below what the values' own digits resolve, one millionth of `magnitude` stands in (1e-9 if that is 0 too).
/// `magnitude` is the largest absolute value of the channel.
double floored_scale(std::span<const double> residuals, double magnitude);

}  // namespace wakeful::detectors
