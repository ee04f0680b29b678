#pragma once
// A forecaster: piecewise linear trend, weekly and daily seasons, and the effect of special days.
//
//   yhat(t) = level + slope t + sum_k bend_k max(0, t - c_k) + weekly(t) + daily(t) + effect [t is a special day]
//
// t runs from 0 to 1 over the training; K bends lie at 0.8 k / (K + 1), k = 1..K. Seasons are Fourier series of the
// time since 1970, in UTC. The coefficients minimise the mean Huber loss (delta 1) of values in units of the 95 %
// quantile of their sizes (of the largest if that is 0: no unit is too small), plus for each block of m coefficients
// 0.5 lambda / m times their sum of squares. The bounds of the interval are fits of their own, by pinball losses
// (corners rounded off by 0.001), from half the orders (rounded up) and ten times the penalty. A forecaster knows
// times, not rows: what it says of a time depends on its training alone, so rows one by one and many at once give the
// same. Threads: const functions may run at once.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "detectors/packing.hpp"
#include "detectors/parameters.hpp"
#include "detectors/series_clock.hpp"

namespace wakeful::detectors {

struct MiniProphetSettings {
  std::optional<std::size_t> weekly_order{};  // absent: by the training, as auto_orders says
  std::optional<std::size_t> daily_order{};
  std::optional<std::size_t> bends{};
  double lambda = 0.001;
  double interval_width = 0.95;
  std::vector<std::int64_t> special_days{};  // days since 1970
};
std::span<const ParameterSpec> mini_prophet_forecaster_parameters();
MiniProphetSettings mini_prophet_settings(const Parameters& parameters);

struct Orders {
  std::size_t weekly = 0;
  std::size_t daily = 0;
  std::size_t bends = 0;
  bool operator==(const Orders&) const = default;
};
/// For `values` known values over `span_days`: no weekly season below 14 days, no daily one below 2, otherwise one
/// order for every 60 values, 1 to 6; one bend for every 30 values, at most 10, and none if there are fewer values than
/// two for each.
Orders auto_orders(std::size_t values, double span_days);

/// Fewer known values than this make no forecaster.
inline constexpr std::size_t kLeastForecasterValues = 10;

class MiniProphet {
 public:
  explicit MiniProphet(MiniProphetSettings settings) : settings_(std::move(settings)) {}

  enum class Want { forecast, interval };
  /// NaN is missing. Errors: invalid, field "training", for fewer than kLeastForecasterValues known values.
  void fit(const SeriesClock& clock, std::span<const double> values, Want want);

  const Orders& orders() const { return curve_.orders; }
  double forecast(double time) const;
  struct Interval {
    double lower = 0;
    double upper = 0;
  };
  /// Holds the forecast. Only after a fit that wanted it.
  Interval interval(double time) const;

  void pack(Packer& out) const;
  void unpack(Unpacker& in);

  /// One fitted sum of terms; public for the test of its gradient.
  struct Curve {
    Orders orders{};
    bool has_days = false;
    std::vector<double> coefficients{};
    std::size_t size() const { return 2 + orders.bends + 2 * orders.weekly + 2 * orders.daily + (has_days ? 1U : 0U); }
  };

 private:
  struct Rows;
  Rows rows_for(const Curve& curve, const SeriesClock& clock, std::span<const double> values) const;
  void terms_of(const Curve& curve, double time, std::span<double> terms) const;
  double value_of(const Curve& curve, double time) const;
  bool is_special(double time) const;
  void fit_bound(Curve& bound, const SeriesClock& clock, std::span<const double> values, double quantile) const;

  MiniProphetSettings settings_;
  double start_ = 0;
  double span_ = 1;   // seconds
  double scale_ = 1;  // of the values
  Curve curve_;
  bool has_interval_ = false;
  Curve lower_;
  Curve upper_;
};

/// The losses, each with its derivative by the residual; public for their tests.
struct Loss {
  double value;
  double slope;
};
Loss huber_loss(double residual);
/// `corner`: half the width of what is rounded off.
Loss pinball_loss(double residual, double quantile, double corner);

}  // namespace wakeful::detectors
