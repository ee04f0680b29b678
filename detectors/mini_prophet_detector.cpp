// MiniProphet as a detector: how far a value lies beyond its interval, against a limit that follows the series.
//
// yhat = forecast + level, where the level follows the residuals, so that a trend that ends does not alarm for ever. A
// residual counts in units of the interval's half width on its side, which may differ from hour to hour, and never less
// than a quarter of the training's scale. One value beyond the limit moves the level as if it lay at the limit; a
// second on the same side moves it in full. A channel with fewer than ten training values scores 0. Cost: a sine and a
// cosine for each harmonic a value.
#include <array>
#include <cmath>

#include "detectors/algorithms.hpp"
#include "detectors/limit.hpp"
#include "detectors/limit_parameters.hpp"
#include "detectors/mini_prophet.hpp"
#include "detectors/per_channel.hpp"
#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kLeastWidth = 0.25;

constexpr ParameterSpec kDriftParameter{.name = "drift",
                                        .kind = ParameterKind::real,
                                        .fallback = "0.05",
                                        .least = 0,
                                        .most = 1,
                                        .doc =
                                            "weight of the newest residual in the level that follows the series; 0 "
                                            "leaves the forecast as it was trained"};

const std::vector<ParameterSpec>& parameters() {
  static const std::vector<ParameterSpec> all = [] {
    const auto own = mini_prophet_forecaster_parameters();
    std::vector<ParameterSpec> table(own.begin(), own.end());
    table.insert(table.end(), {kDriftParameter, kToleranceParameter, kRiskParameter, kAdaptParameter,
                               kDirectionParameter, kStepParameter});
    return table;
  }();
  return all;
}

class IntervalJudge {
 public:
  explicit IntervalJudge(const Parameters& p)
      : direction_(direction_of(p)),
        drift_(p.real("drift")),
        step_(p.real("step")),
        forecaster_(mini_prophet_settings(p)),
        limit_({.tolerance = p.real("tolerance"), .risk = p.real("risk"), .rate = p.real("adapt")}) {}

  void set_times(std::span<const core::Timestamp> times) { clock_ = clock_of(times, step_); }

  void learn(std::span<const double> values) {
    row_ = 0;
    level_ = 0;
    side_ = 0;
    const std::vector<double> known = finite_of(values);
    trained_ = known.size() >= kLeastForecasterValues;
    if (!trained_) return;
    forecaster_.fit(clock_, values, MiniProphet::Want::interval);
    double magnitude = 0;
    for (const double v : known) magnitude = std::max(magnitude, std::abs(v));
    std::vector<double> residuals;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!std::isnan(values[i])) residuals.push_back(values[i] - forecaster_.forecast(clock_.at(i)));
    }
    scale_ = floored_scale(residuals, magnitude);
    learn_limit(values, magnitude);
  }

  Point step(double y) {
    const double time = clock_.at(row_);
    row_ = std::min(row_ + 1, kMostRows);
    Point out;
    if (!trained_) {
      if (!std::isnan(y)) out.score = 0;
      return out;
    }
    const double middle = forecaster_.forecast(time);
    const double yhat = middle + level_;
    const Widths widths = widths_at(time, middle);
    const double limit = limit_.value();
    out = judge(y, yhat, limit * (y < yhat ? widths.down : widths.up), direction_);
    if (direction_ != Direction::up) out.lower = yhat - limit * widths.down;
    if (direction_ != Direction::down) out.upper = yhat + limit * widths.up;
    if (!std::isnan(y)) follow(y - yhat, widths, limit);
    return out;
  }

  void add_facts(const std::string& channel, std::vector<Fact>& out) const {
    out.push_back({"scale." + channel, trained_ ? scale_ : std::nan("")});
    const Orders& orders = forecaster_.orders();
    out.push_back({"weekly_order." + channel, static_cast<double>(orders.weekly)});
    out.push_back({"daily_order." + channel, static_cast<double>(orders.daily)});
    out.push_back({"changepoints." + channel, static_cast<double>(orders.bends)});
  }

  void pack(Packer& out) const {
    out.flag(trained_);
    out.count(row_);
    clock_.pack(out);
    if (!trained_) return;
    out.real(level_);
    out.count(static_cast<std::size_t>(side_ + 1));
    out.real(scale_);
    forecaster_.pack(out);
    limit_.pack(out);
  }

  void unpack(Unpacker& in) {
    trained_ = in.flag();
    row_ = in.count(kMostRows);
    clock_.unpack(in);
    if (!trained_) return;
    level_ = in.real();
    side_ = static_cast<int>(in.count(2)) - 1;
    scale_ = in.real();
    if (!(scale_ > 0)) Unpacker::fail();
    forecaster_.unpack(in);
    limit_.unpack(in);
  }

 private:
  struct Widths {
    double down;
    double up;
    double of(double residual) const { return residual < 0 ? down : up; }
  };

  Widths widths_at(double time, double middle) const {
    const MiniProphet::Interval held = forecaster_.interval(time);
    const double least = kLeastWidth * scale_;
    return {std::max(middle - held.lower, least), std::max(held.upper - middle, least)};
  }

  /// The residuals of the training as the rows will be judged, the level following them.
  void learn_limit(std::span<const double> values, double magnitude) {
    std::vector<double> sizes;
    double level = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) continue;
      const double middle = forecaster_.forecast(clock_.at(i));
      const double residual = values[i] - middle - level;
      sizes.push_back(residual / widths_at(clock_.at(i), middle).of(residual));
      level += drift_ * residual;
    }
    limit_.learn(sizes, magnitude / scale_);
  }

  void follow(double residual, const Widths& widths, double limit) {
    const double most = limit * widths.of(residual);
    const int side = residual > most ? 1 : residual < -most ? -1 : 0;
    const double moved = side != 0 && side != side_ ? side * most : residual;
    level_ = std::clamp(level_ + drift_ * moved, -1e300, 1e300);
    side_ = side;
    limit_.step(residual / widths.of(residual));
  }

  Direction direction_;
  double drift_;
  double step_;
  MiniProphet forecaster_;
  Limit limit_;
  SeriesClock clock_;
  bool trained_ = false;
  std::size_t row_ = 0;
  double level_ = 0;
  int side_ = 0;  // of the limit on which the last value lay
  double scale_ = 1;
};

}  // namespace

std::span<const ParameterSpec> mini_prophet_parameters() { return parameters(); }

std::unique_ptr<Detector> make_mini_prophet(const CatalogRow& row, const Parameters& parameters) {
  return std::make_unique<PerChannel<IntervalJudge>>(row, parameters);
}

}  // namespace wakeful::detectors
