// The robust baseline: how far a residual lies from 0, in units of Huber's scale of the training residuals.
//
// score = |y - yhat| / (tolerance * scale), on the side that `direction` asks for. yhat is 0 unless `model` says
// otherwise: then the values themselves are the residuals, as in the system whose baseline this reproduces. Nothing
// moves while it scores but the phase of the season.
// A channel without a training value scores 0. Cost: O(1) a value.
#include <array>
#include <cmath>

#include "detectors/algorithms.hpp"
#include "detectors/limit_parameters.hpp"
#include "detectors/per_channel.hpp"
#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::array<std::string_view, 4> kModels = {"none", "mean", "median", "seasonal"};

constexpr std::array<ParameterSpec, 4> kParameters = {{
    {.name = "tolerance",
     .kind = ParameterKind::real,
     .fallback = "5",
     .least = 0.01,
     .most = 1e6,
     .doc = "how many scales a residual may be large"},
    kDirectionParameter,
    {.name = "model",
     .kind = ParameterKind::choice,
     .fallback = "none",
     .words = kModels,
     .doc = "what is expected: nothing (the values are residuals), their mean or median, or the median of the same "
            "phase of the season"},
    {.name = "season",
     .kind = ParameterKind::integer,
     .fallback = "24",
     .least = 2,
     .most = 100000,
     .doc = "rows of a season, for model seasonal"},
}};

class Baseline {
 public:
  explicit Baseline(const Parameters& p)
      : tolerance_(p.real("tolerance")),
        direction_(direction_of(p)),
        model_(p.choice("model")),
        season_(model_ == "seasonal" ? static_cast<std::size_t>(p.integer("season")) : 1) {}

  void learn(std::span<const double> values) {
    const std::vector<double> known = finite_of(values);
    phase_ = 0;
    trained_ = !known.empty();
    if (!trained_) return;
    learn_levels(values, known);
    std::vector<double> residuals;
    double magnitude = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) continue;
      residuals.push_back(values[i] - levels_[i % season_]);
      magnitude = std::max(magnitude, std::abs(values[i]));
    }
    scale_ = floored_scale(residuals, magnitude);
  }

  Point step(double y) {
    const std::size_t phase = phase_;
    phase_ = phase + 1 == season_ ? 0 : phase + 1;
    if (trained_) return judge(y, levels_[phase], tolerance_ * scale_, direction_);
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
  }

  void unpack(Unpacker& in) {
    trained_ = in.flag();
    scale_ = in.real();
    phase_ = in.count(season_ - 1);
    levels_ = in.reals();
    if (trained_ && (levels_.size() != season_ || !(scale_ > 0))) Unpacker::fail();
  }

 private:
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
