// How far a value lies from what a linear autoregression of the values before it expects.
//
// yhat = w . (the last `lags` values, and the same phase of the last season); w is a ridge fit to the standardised
// training; score = |y - yhat| / limit, where the limit follows the innovations' scale and tail (limit.hpp). What
// enters the history is y, or yhat where y is missing; the first value beyond the limit enters as if it lay at the
// limit, so that an outlier does not ring through the next `lags` rows; a second one in a row on the same side is a
// change, and enters in full. Training shorter than 5 rows a lag gets fewer lags; shorter than two seasons, none of the
// season. A channel without a training value scores 0. Cost: O(lags) a value, no allocation. Source: Box and Jenkins
// 1970; Hoerl and Kennard 1970.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "detectors/algorithms.hpp"
#include "detectors/autoregression.hpp"
#include "detectors/limit.hpp"
#include "detectors/limit_parameters.hpp"
#include "detectors/per_channel.hpp"
#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::size_t kRowsPerLag = 5;
/// Standardised training values are cut here before the fit, unless more than kRareShare of them are larger: an anomaly
/// in the training shall not lead it.
constexpr double kFitClip = 10;
constexpr double kRareShare = 0.005;
constexpr std::size_t kMostLags = 1000;
constexpr std::size_t kLongestSeason = 100000;
constexpr std::array<ParameterSpec, 8> kParameters = {{
    {.name = "lags",
     .kind = ParameterKind::integer,
     .fallback = "50",
     .least = 1,
     .most = kMostLags,
     .doc = "how many values before a row it is expected from"},
    {.name = "season",
     .kind = ParameterKind::integer,
     .fallback = "0",
     .least = 0,
     .most = kLongestSeason,
     .doc = "rows of a season, whose last value at the same phase is one lag more; 0 for none"},
    {.name = "drift",
     .kind = ParameterKind::real,
     .fallback = "0.005",
     .least = 0,
     .most = 0.5,
     .doc =
         "how fast the level around which the series is regressed follows it, per row; 0 keeps that of the training"},
    {.name = "ridge",
     .kind = ParameterKind::real,
     .fallback = "1",
     .least = 0,
     .most = 1e12,
     .doc = "penalty on the squared weights, for standardised values"},
    kToleranceParameter,
    kRiskParameter,
    kAdaptParameter,
    kDirectionParameter,
}};

/// The last `size` values. Each is written twice, so that any run of them lies in one piece.
class History {
 public:
  explicit History(std::size_t size = 0) : size_(size), values_(2 * size, 0.0) {}
  std::size_t size() const { return size_; }
  bool full() const { return seen_ >= size_; }
  void push(double value) {
    if (size_ == 0) return;
    values_[next_] = values_[next_ + size_] = value;
    next_ = next_ + 1 == size_ ? 0 : next_ + 1;
    seen_ = std::min(seen_ + 1, size_);
  }
  /// The newest `count`, oldest first.
  std::span<const double> newest(std::size_t count) const {
    return std::span(values_).subspan(next_ + size_ - count, count);
  }
  void pack(Packer& out) const {
    out.count(next_);
    out.count(seen_);
    out.reals(std::span(values_).first(size_));
  }
  void unpack(Unpacker& in) {
    next_ = in.count(kMostLags + kLongestSeason + 1);
    seen_ = in.count(kMostLags + kLongestSeason + 1);
    const std::vector<double> half = in.reals();
    size_ = half.size();
    if (next_ >= std::max<std::size_t>(size_, 1) || seen_ > size_) Unpacker::fail();
    values_ = half;
    values_.insert(values_.end(), half.begin(), half.end());
  }

 private:
  std::size_t size_;
  std::size_t next_ = 0;
  std::size_t seen_ = 0;
  std::vector<double> values_;
};

class Autoregression {
 public:
  explicit Autoregression(const Parameters& p)
      : lags_(static_cast<std::size_t>(p.integer("lags"))),
        season_(static_cast<std::size_t>(p.integer("season"))),
        drift_(p.real("drift")),
        ridge_(p.real("ridge")),
        direction_(direction_of(p)),
        limit_({.tolerance = p.real("tolerance"), .risk = p.real("risk"), .rate = p.real("adapt")}) {}

  void learn(std::span<const double> values) {
    const std::vector<double> known = finite_of(values);
    trained_ = !known.empty();
    side_ = 0;
    if (!trained_) return;
    double magnitude = 0;
    for (double v : known) magnitude = std::max(magnitude, std::abs(v));
    standardise(known, magnitude);
    const std::vector<double> x = inputs(values);
    const std::vector<std::size_t> lags = choose_lags(known.size());
    weights_ = fit_autoregression(x, lags, ridge_);
    std::reverse(weights_.begin(), weights_.begin() + static_cast<std::ptrdiff_t>(lags_));  // oldest first, as History
    held_back_ = 1 - std::accumulate(weights_.begin(), weights_.end(), 0.0);
    restart(lags.empty() ? 0 : lags.back());
    learn_limit(values, x, magnitude);
    restart(history_.size());
  }

  Point step(double y) {
    if (!trained_) {
      Point out;
      if (!std::isnan(y)) out.score = 0;
      return out;
    }
    if (!history_.full()) {
      remember(std::isnan(y) ? level_ : standard(y));
      return {};
    }
    const double expected = predict();
    if (std::isnan(y)) {
      const auto [low, high] = range();
      remember(std::clamp(expected, low, high));
      return judge(y, center_ + unit_ * expected, unit_ * limit_.value(), direction_);
    }
    const double limit = limit_.value();
    const Point out = judge(y, center_ + unit_ * expected, unit_ * limit, direction_);
    const double innovation = standard(y) - expected;
    const int side = innovation > limit ? 1 : innovation < -limit ? -1 : 0;
    remember(side != 0 && side != side_ ? expected + side * limit : standard(y));
    side_ = side;
    limit_.step(innovation);
    return out;
  }

  void add_facts(const std::string& channel, std::vector<Fact>& out) const {
    out.push_back({"scale." + channel, trained_ ? unit_ * limit_.scale() : std::nan("")});
    out.push_back({"tolerance." + channel, trained_ ? limit_.tolerance() : std::nan("")});
    out.push_back({"lags." + channel, static_cast<double>(weights_.size())});
  }

  void pack(Packer& out) const {
    out.flag(trained_);
    out.count(lags_);
    out.count(static_cast<std::size_t>(side_ + 1));
    out.real(center_);
    out.real(unit_);
    out.real(level_);
    out.reals(weights_);
    history_.pack(out);
    limit_.pack(out);
  }

  void unpack(Unpacker& in) {
    trained_ = in.flag();
    lags_ = in.count(kMostLags);
    side_ = static_cast<int>(in.count(2)) - 1;
    center_ = in.real();
    unit_ = in.real();
    level_ = in.real();
    weights_ = in.reals();
    held_back_ = 1 - std::accumulate(weights_.begin(), weights_.end(), 0.0);
    history_.unpack(in);
    limit_.unpack(in);
    const bool seasonal = weights_.size() == lags_ + 1;
    if (!trained_ && weights_.empty()) return;  // a channel without a training value
    if (!(unit_ > 0) || (weights_.size() != lags_ && !seasonal)) Unpacker::fail();
    if (history_.size() != (seasonal ? season_ : lags_)) Unpacker::fail();
  }

 private:
  void restart(std::size_t longest) {
    history_ = History(longest);
    level_ = 0;  // the median of the training
  }

  double standard(double y) const { return (y - center_) / unit_; }

  void standardise(const std::vector<double>& known, double magnitude) {
    center_ = median(known);
    std::vector<double> around(known.size());
    std::transform(known.begin(), known.end(), around.begin(), [this](double v) { return v - center_; });
    unit_ = floored_scale(around, magnitude);
  }

  /// Standardised and cut; a missing value repeats the one before.
  std::vector<double> inputs(std::span<const double> values) const {
    std::vector<double> sizes;
    for (double v : values) {
      if (!std::isnan(v)) sizes.push_back(std::abs(standard(v)));
    }
    const double most = std::max(kFitClip, quantile(std::move(sizes), 1 - kRareShare));
    std::vector<double> x(values.size());
    double last = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!std::isnan(values[i])) last = std::clamp(standard(values[i]), -most, most);
      x[i] = last;
    }
    return x;
  }

  std::vector<std::size_t> choose_lags(std::size_t rows) {
    lags_ = std::min(lags_, rows / kRowsPerLag);
    std::vector<std::size_t> lags(lags_);
    std::iota(lags.begin(), lags.end(), std::size_t{1});
    if (season_ > lags_ && rows >= 2 * season_ + lags_ * kRowsPerLag) lags.push_back(season_);
    return lags;
  }

  void learn_limit(std::span<const double> values, const std::vector<double>& x, double magnitude) {
    std::vector<double> innovations;
    innovations.reserve(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (history_.full() && !std::isnan(values[i])) innovations.push_back(standard(values[i]) - predict());
      remember(x[i]);
    }
    // The fit has seen these rows: it leaves less than it will miss by later.
    const double rows = static_cast<double>(innovations.size()), used = static_cast<double>(weights_.size());
    const double correction = rows > used + 1 ? std::sqrt(rows / (rows - used)) : 1;
    for (double& e : innovations) e *= correction;
    limit_.learn(innovations, magnitude / unit_);
  }

  /// Around the level as it is now: level + sum of weights * (value - level).
  double predict() const {
    const std::span<const double> recent = history_.newest(lags_);
    double sum = level_ * held_back_;
    for (std::size_t i = 0; i < recent.size(); ++i) sum += weights_[i] * recent[i];
    if (weights_.size() > lags_) sum += weights_[lags_] * history_.newest(season_).front();
    return sum;
  }

  void remember(double x) {
    history_.push(x);
    level_ += drift_ * (x - level_);
  }

  std::pair<double, double> range() const {
    const std::span<const double> all = history_.newest(history_.size());
    if (all.empty()) return {0, 0};
    const auto [low, high] = std::minmax_element(all.begin(), all.end());
    return {*low, *high};
  }

  std::size_t lags_;
  std::size_t season_;
  double drift_;
  double ridge_;
  Direction direction_;
  Limit limit_;
  bool trained_ = false;
  double center_ = 0;
  double unit_ = 1;
  std::vector<double> weights_;  // of the last lags_ values, oldest first; then of the season's
  double held_back_ = 1;         // 1 - the sum of the weights
  History history_;
  double level_ = 0;
  int side_ = 0;  // of the limit on which the last value lay
};

}  // namespace

std::span<const ParameterSpec> ar_ridge_parameters() { return kParameters; }

std::unique_ptr<Detector> make_ar_ridge(const CatalogRow& row, const Parameters& parameters) {
  return std::make_unique<PerChannel<Autoregression>>(row, parameters);
}

}  // namespace wakeful::detectors
