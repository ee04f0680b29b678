// The robust baseline: how far a residual lies from 0, in units of Huber's scale of the training residuals.
//
// score = |y - yhat| / (tolerance * scale), on the side that `direction` asks for. yhat is 0 unless `model` or
// `transformers` say otherwise: then the values themselves are the residuals, as in the system whose baseline this
// reproduces. A transformer is a forecaster, fitted on what the ones before it left; the model is fitted on what is
// left then. All of them are fitted once, by the training: a transformer that fitted itself anew on whatever rows are
// new would give other scores for one pull of many rows than for many pulls of one. Nothing moves while it scores but
// the number of the row, which is its time. A channel without a training value scores 0, and so does one with too few
// for its forecasters. Cost: O(1) a value.
#include <array>
#include <cmath>

#include "detectors/algorithms.hpp"
#include "detectors/estimators.hpp"
#include "detectors/limit_parameters.hpp"
#include "detectors/mini_prophet.hpp"
#include "detectors/per_channel.hpp"
#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::array<std::string_view, 4> kModels = {"none", "mean", "median", "seasonal"};

constexpr std::array<ParameterSpec, 6> kParameters = {{
    {.name = "tolerance",
     .kind = ParameterKind::real,
     .fallback = "5",
     .least = 0.01,
     .most = 1e6,
     .doc = "how many scales a residual may be large"},
    kDirectionParameter,
    {.name = "transformers",
     .kind = ParameterKind::transformers,
     .fallback = "[]",
     .doc = "what is done to the values before, in order: [{ResidualsTransformer: {model: MiniProphetForecaster}}]"},
    {.name = "model",
     .kind = ParameterKind::forecaster,
     .fallback = "none",
     .words = kModels,
     .doc = "what is expected: nothing (the values are residuals), their mean or median, the median of the same phase "
            "of the season, or what a forecaster says: {MiniProphetForecaster: {daily_order: 4}}"},
    {.name = "season",
     .kind = ParameterKind::integer,
     .fallback = "24",
     .least = 2,
     .most = 100000,
     .doc = "rows of a season, for model seasonal"},
    kStepParameter,
}};

MiniProphet forecaster_of(const Estimator& estimator) {
  return MiniProphet(mini_prophet_settings(estimator.parameters));
}

/// The forecasters whose forecasts are taken away, one after the other.
std::vector<MiniProphet> chain_of(const Parameters& p) {
  std::vector<MiniProphet> chain;
  for (const Estimator& transformer : read_estimators(p.find_nested("transformers").value_or("[]")))
    chain.push_back(forecaster_of(read_estimator(*transformer.parameters.find_nested("model"))));
  if (const auto model = p.find_nested("model")) chain.push_back(forecaster_of(read_estimator(*model)));
  return chain;
}

class Baseline {
 public:
  explicit Baseline(const Parameters& p)
      : tolerance_(p.real("tolerance")),
        direction_(direction_of(p)),
        model_(p.find_nested("model") ? "none" : p.choice("model")),
        season_(model_ == "seasonal" ? static_cast<std::size_t>(p.integer("season")) : 1),
        step_(p.real("step")),
        chain_(chain_of(p)) {}

  void set_times(std::span<const core::Timestamp> times) { clock_ = clock_of(times, step_); }

  void learn(std::span<const double> given) {
    phase_ = 0;
    row_ = 0;
    trained_ = finite_of(given).size() >= (chain_.empty() ? 1 : kLeastForecasterValues);
    if (!trained_) return;
    std::vector<double> values(given.begin(), given.end());
    for (MiniProphet& forecaster : chain_) {
      forecaster.fit(clock_, values, MiniProphet::Want::forecast);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] -= forecaster.forecast(clock_.at(i));
    }
    learn_levels(values, finite_of(values));
    std::vector<double> residuals;
    double magnitude = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) continue;
      residuals.push_back(values[i] - levels_[i % season_]);
      magnitude = std::max(magnitude, std::abs(given[i]));
    }
    scale_ = floored_scale(residuals, magnitude);
  }

  Point step(double y) {
    const std::size_t phase = phase_;
    phase_ = phase + 1 == season_ ? 0 : phase + 1;
    const double time = clock_.at(row_);
    row_ = std::min(row_ + 1, kMostRows);
    if (trained_) return judge(y, levels_[phase] + forecast(time), tolerance_ * scale_, direction_);
    Point out;
    if (!std::isnan(y)) out.score = 0;
    return out;
  }

  void add_facts(const std::string& channel, std::vector<Fact>& out) const {
    out.push_back({"scale." + channel, trained_ ? scale_ : std::nan("")});
  }

  void pack(Packer& out) const {
    out.flag(trained_);
    out.real(scale_);
    out.count(phase_);
    out.reals(levels_);
    if (chain_.empty()) return;
    out.count(row_);
    clock_.pack(out);
    if (!trained_) return;
    for (const MiniProphet& forecaster : chain_) forecaster.pack(out);
  }

  void unpack(Unpacker& in) {
    trained_ = in.flag();
    scale_ = in.real();
    phase_ = in.count(season_ - 1);
    levels_ = in.reals();
    if (trained_ && (levels_.size() != season_ || !(scale_ > 0))) Unpacker::fail();
    if (chain_.empty()) return;
    row_ = in.count(kMostRows);
    clock_.unpack(in);
    if (!trained_) return;
    for (MiniProphet& forecaster : chain_) forecaster.unpack(in);
  }

 private:
  double forecast(double time) const {
    double sum = 0;
    for (const MiniProphet& forecaster : chain_) sum += forecaster.forecast(time);
    return sum;
  }

  /// `known` are the values that are not missing; a phase that has none takes the level of all.
  void learn_levels(std::span<const double> values, const std::vector<double>& known) {
    levels_.assign(season_, 0.0);
    if (model_ == "none") return;
    const double middle = median(known);
    levels_.assign(season_, middle);
    if (model_ == "mean") {
      double mean = 0;
      for (std::size_t i = 0; i < known.size(); ++i) mean += (known[i] - mean) / static_cast<double>(i + 1);
      levels_.assign(season_, mean);
    }
    if (model_ != "seasonal") return;
    for (std::size_t phase = 0; phase < season_; ++phase) {
      std::vector<double> same;
      for (std::size_t i = phase; i < values.size(); i += season_) {
        if (!std::isnan(values[i])) same.push_back(values[i]);
      }
      if (!same.empty()) levels_[phase] = median(std::move(same));
    }
  }

  double tolerance_;
  Direction direction_;
  std::string model_;
  std::size_t season_;
  double step_;
  std::vector<MiniProphet> chain_;
  SeriesClock clock_;
  std::size_t row_ = 0;
  bool trained_ = false;
  double scale_ = 1;
  std::vector<double> levels_;
  std::size_t phase_ = 0;
};

}  // namespace

std::span<const ParameterSpec> univariate_baseline_parameters() { return kParameters; }

std::unique_ptr<Detector> make_univariate_baseline(const CatalogRow& row, const Parameters& parameters) {
  return std::make_unique<PerChannel<Baseline>>(row, parameters);
}

}  // namespace wakeful::detectors
