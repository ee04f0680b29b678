#include "detectors/mini_prophet.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <fmt/core.h>

#include "detectors/estimators.hpp"
#include "detectors/lbfgs.hpp"
#include "detectors/robust.hpp"
#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kDay = 86'400;
constexpr double kBendRange = 0.8;
constexpr double kBoundPenalty = 10;
/// The corners of the pinball loss, one fit after the other from the last one's end.
constexpr std::array<double, 3> kCorners = {0.1, 0.01, 0.001};
constexpr std::size_t kMostOrder = 20;
constexpr std::size_t kMostBends = 50;
constexpr std::array<std::string_view, 1> kAuto = {"auto"};

constexpr std::array<ParameterSpec, 6> kParameters = {{
    {.name = "weekly_order",
     .kind = ParameterKind::integer,
     .fallback = "auto",
     .least = 0,
     .most = kMostOrder,
     .words = kAuto,
     .doc = "harmonics of the week; auto: none below 14 days, one for every 60 values, at most 6"},
    {.name = "daily_order",
     .kind = ParameterKind::integer,
     .fallback = "auto",
     .least = 0,
     .most = kMostOrder,
     .words = kAuto,
     .doc = "harmonics of the day; auto: none below 2 days, one for every 60 values, at most 6"},
    {.name = "changepoints",
     .kind = ParameterKind::integer,
     .fallback = "auto",
     .least = 0,
     .most = kMostBends,
     .words = kAuto,
     .doc = "bends of the trend; auto: one for every 30 values, at most 10"},
    {.name = "regularization",
     .kind = ParameterKind::real,
     .fallback = "0.001",
     .least = 0,
     .most = 1000,
     .doc = "penalty of large coefficients"},
    {.name = "interval_width",
     .kind = ParameterKind::real,
     .fallback = "0.95",
     .least = 0.5,
     .most = 0.999,
     .doc = "share of the values that the interval is to hold"},
    {.name = "holidays",
     .kind = ParameterKind::days,
     .fallback = "[]",
     .doc = "days (UTC) that share one effect: [2026-12-25, 2027-01-01]"},
}};

std::optional<std::size_t> size_of(const Parameters& p, std::string_view name) {
  const auto value = p.find_integer(name);
  return value ? std::optional(static_cast<std::size_t>(*value)) : std::nullopt;
}

/// sin and cos of the first `order` multiples of `angle`.
std::size_t add_season(std::span<double> terms, std::size_t at, std::size_t order, double angle) {
  for (std::size_t k = 1; k <= order; ++k) {
    terms[at++] = std::sin(static_cast<double>(k) * angle);
    terms[at++] = std::cos(static_cast<double>(k) * angle);
  }
  return at;
}

std::size_t half(std::size_t order) { return (order + 1) / 2; }

}  // namespace

/// The known values in units of the scale, and the terms of each, one row behind the other.
struct MiniProphet::Rows {
  std::size_t width = 0;
  std::vector<double> terms{};
  std::vector<double> values{};
  std::vector<double> penalties{};  // one for each coefficient

  template <class LossOf>
  double operator()(std::span<const double> x, std::span<double> gradient, const LossOf& loss_of) const {
    double total = 0;
    const double share = 1 / static_cast<double>(values.size());
    for (std::size_t k = 0; k < width; ++k) {
      gradient[k] = penalties[k] * x[k];
      total += 0.5 * penalties[k] * x[k] * x[k];
    }
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double* row = terms.data() + i * width;
      double fitted = 0;
      for (std::size_t k = 0; k < width; ++k) fitted += row[k] * x[k];
      const Loss loss = loss_of(values[i] - fitted);
      sum += loss.value;
      const double pull = -loss.slope * share;
      for (std::size_t k = 0; k < width; ++k) gradient[k] += pull * row[k];
    }
    return total + sum * share;
  }
};

std::span<const ParameterSpec> mini_prophet_forecaster_parameters() { return kParameters; }

MiniProphetSettings mini_prophet_settings(const Parameters& p) {
  MiniProphetSettings settings{.weekly_order = size_of(p, "weekly_order"),
                               .daily_order = size_of(p, "daily_order"),
                               .bends = size_of(p, "changepoints"),
                               .lambda = p.real("regularization"),
                               .interval_width = p.real("interval_width")};
  if (const auto days = p.find_nested("holidays")) settings.special_days = read_days(*days);
  return settings;
}

Orders auto_orders(std::size_t values, double span_days) {
  const std::size_t order = std::clamp<std::size_t>(values / 60, 1, 6);
  Orders orders;
  orders.weekly = span_days < 14 ? 0 : order;
  orders.daily = span_days < 2 ? 0 : order;
  orders.bends = std::min<std::size_t>(values / 30, 10);
  if (values < 2 * orders.bends) orders.bends = 0;
  return orders;
}

Loss huber_loss(double r) {
  const double size = std::abs(r);
  return size <= 1 ? Loss{0.5 * r * r, r} : Loss{size - 0.5, r > 0 ? 1.0 : -1.0};
}

Loss pinball_loss(double r, double quantile, double corner) {
  if (r >= corner) return {quantile * r, quantile};
  if (r <= -corner) return {(quantile - 1) * r, quantile - 1};
  // The slope runs straight from quantile - 1 to quantile; the value meets both arms.
  return {r * r / (4 * corner) + (quantile - 0.5) * r + corner / 4, r / (2 * corner) + quantile - 0.5};
}

bool MiniProphet::is_special(double time) const {
  const double day = std::floor(time / kDay);
  return std::abs(day) < 1e9 && std::binary_search(settings_.special_days.begin(), settings_.special_days.end(),
                                                   static_cast<std::int64_t>(day));
}

void MiniProphet::terms_of(const Curve& curve, double time, std::span<double> terms) const {
  const double t = (time - start_) / span_;
  terms[0] = 1;
  terms[1] = t;
  std::size_t at = 2;
  for (std::size_t k = 1; k <= curve.orders.bends; ++k) {
    const double bend = kBendRange * static_cast<double>(k) / static_cast<double>(curve.orders.bends + 1);
    terms[at++] = std::max(0.0, t - bend);
  }
  const double days = time / kDay;
  at = add_season(terms, at, curve.orders.weekly, 2 * std::numbers::pi * std::fmod(days, 7) / 7);
  at = add_season(terms, at, curve.orders.daily, 2 * std::numbers::pi * std::fmod(days, 1));
  if (curve.has_days) terms[at] = is_special(time) ? 1 : 0;
}

double MiniProphet::value_of(const Curve& curve, double time) const {
  std::array<double, 2 + kMostBends + 4 * kMostOrder + 1> terms{};
  terms_of(curve, time, terms);
  double sum = 0;
  for (std::size_t k = 0; k < curve.coefficients.size(); ++k) sum += terms[k] * curve.coefficients[k];
  return std::clamp(sum * scale_, -1e300, 1e300);
}

MiniProphet::Rows MiniProphet::rows_for(const Curve& curve, const SeriesClock& clock,
                                        std::span<const double> values) const {
  Rows rows{.width = curve.size()};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    rows.values.push_back(values[i] / scale_);
    rows.terms.resize(rows.terms.size() + rows.width);
    terms_of(curve, clock.at(i), std::span(rows.terms).last(rows.width));
  }
  rows.penalties.assign(rows.width, 0);
  std::size_t at = 1;  // the level is free
  for (const std::size_t block : {1 + curve.orders.bends, 2 * curve.orders.weekly, 2 * curve.orders.daily,
                                  std::size_t{curve.has_days ? 1U : 0U}}) {
    for (std::size_t k = 0; k < block; ++k) rows.penalties[at++] = settings_.lambda / static_cast<double>(block);
  }
  return rows;
}

void MiniProphet::fit(const SeriesClock& clock, std::span<const double> values, Want want) {
  const std::vector<double> known = finite_of(values);
  if (known.size() < kLeastForecasterValues) {
    throw core::invalid(
        fmt::format("{} values to fit a forecaster on, it takes {}", known.size(), kLeastForecasterValues), "training");
  }
  std::size_t first = 0, last = values.size() - 1;
  while (std::isnan(values[first])) ++first;
  while (std::isnan(values[last])) --last;
  start_ = clock.at(first);
  span_ = std::max(clock.at(last) - clock.at(first), 1e-6);
  std::vector<double> sizes(known.size());
  std::transform(known.begin(), known.end(), sizes.begin(), [](double v) { return std::abs(v); });
  scale_ = quantile(sizes, 0.95);
  if (scale_ == 0) scale_ = *std::max_element(sizes.begin(), sizes.end());
  if (scale_ < 1e-300) scale_ = 1;
  curve_ = {.orders = auto_orders(known.size(), span_ / kDay), .has_days = !settings_.special_days.empty()};
  if (settings_.weekly_order) curve_.orders.weekly = *settings_.weekly_order;
  if (settings_.daily_order) curve_.orders.daily = *settings_.daily_order;
  if (settings_.bends) curve_.orders.bends = *settings_.bends;
  const Rows rows = rows_for(curve_, clock, values);
  curve_.coefficients.assign(curve_.size(), 0);
  double mean = 0;
  for (std::size_t i = 0; i < rows.values.size(); ++i) mean += (rows.values[i] - mean) / static_cast<double>(i + 1);
  curve_.coefficients[0] = mean;
  minimise([&](auto x, auto gradient) { return rows(x, gradient, huber_loss); }, curve_.coefficients);
  has_interval_ = want == Want::interval;
  if (!has_interval_) return;
  fit_bound(lower_, clock, values, (1 - settings_.interval_width) / 2);
  fit_bound(upper_, clock, values, (1 + settings_.interval_width) / 2);
}

void MiniProphet::fit_bound(Curve& bound, const SeriesClock& clock, std::span<const double> values, double q) const {
  bound = {.orders = {.weekly = half(curve_.orders.weekly),
                      .daily = half(curve_.orders.daily),
                      .bends = half(curve_.orders.bends)},
           .has_days = curve_.has_days};
  Rows rows = rows_for(bound, clock, values);
  for (double& penalty : rows.penalties) penalty *= kBoundPenalty;
  bound.coefficients.assign(bound.size(), 0);
  bound.coefficients[0] = quantile(rows.values, q);
  // The seasons begin where the forecast's are; the terms of low order come first in each.
  const auto from = curve_.coefficients.begin();
  const auto to = bound.coefficients.begin();
  const auto at = [](const Orders& o, bool daily) {
    return static_cast<std::ptrdiff_t>(2 + o.bends + (daily ? 2 * o.weekly : 0));
  };
  std::copy_n(from + at(curve_.orders, false), 2 * bound.orders.weekly, to + at(bound.orders, false));
  std::copy_n(from + at(curve_.orders, true), 2 * bound.orders.daily, to + at(bound.orders, true));
  for (const double corner : kCorners) {
    const auto loss = [&](double r) { return pinball_loss(r, q, corner); };
    minimise([&](auto x, auto gradient) { return rows(x, gradient, loss); }, bound.coefficients,
             {.most_rounds = 100, .value_tolerance = 1e-9});
  }
}

double MiniProphet::forecast(double time) const { return value_of(curve_, time); }

MiniProphet::Interval MiniProphet::interval(double time) const {
  const double middle = forecast(time);
  return {std::min(value_of(lower_, time), middle), std::max(value_of(upper_, time), middle)};
}

namespace {

void pack_curve(Packer& out, const MiniProphet::Curve& curve) {
  for (const std::size_t order : {curve.orders.weekly, curve.orders.daily, curve.orders.bends}) out.count(order);
  out.flag(curve.has_days);
  out.reals(curve.coefficients);
}

void unpack_curve(Unpacker& in, MiniProphet::Curve& curve) {
  curve.orders.weekly = in.count(kMostOrder);
  curve.orders.daily = in.count(kMostOrder);
  curve.orders.bends = in.count(kMostBends);
  curve.has_days = in.flag();
  curve.coefficients = in.reals(curve.size());
}

}  // namespace

void MiniProphet::pack(Packer& out) const {
  for (const double v : {start_, span_, scale_}) out.real(v);
  pack_curve(out, curve_);
  out.flag(has_interval_);
  if (!has_interval_) return;
  pack_curve(out, lower_);
  pack_curve(out, upper_);
}

void MiniProphet::unpack(Unpacker& in) {
  for (double* v : {&start_, &span_, &scale_}) *v = in.real();
  if (!std::isfinite(start_) || !(span_ > 0) || !(scale_ > 0)) Unpacker::fail();
  unpack_curve(in, curve_);
  has_interval_ = in.flag();
  if (!has_interval_) return;
  unpack_curve(in, lower_);
  unpack_curve(in, upper_);
}

}  // namespace wakeful::detectors
