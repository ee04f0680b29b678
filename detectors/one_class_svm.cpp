// How little a row resembles the rows that hold up the training's outline: a one-class support vector machine.
//
// With s = sum a_i exp(-gamma |x_i - x|²) over the support vectors, score = rho / s: above 1 where scikit-learn's
// decision_function, s - rho, is negative. A row is judged by itself; rows with a missing value have no score and are
// not learned from. Channels are standardised first unless `scaling` says none: a kernel of one width cannot measure
// counts and shares at once. Contributions are given where the score is above 1: the shares of the channels in the
// squared distance to the nearest support vector. Ties at the outline count as inside (kSlack): training rows lie on
// it. Source: Schölkopf et al. 2001. Cost: support vectors × channels a row.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "detectors/algorithms.hpp"
#include "detectors/gaussian_kernel.hpp"
#include "detectors/one_class_solver.hpp"
#include "detectors/row_scaler.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kSlack = 1e-9;
constexpr std::size_t kMostSupport = 10'000'000;
constexpr std::array<std::string_view, 2> kGammaWords = {"scale", "auto"};
constexpr std::array<std::string_view, 2> kScalings = {"standard", "none"};

constexpr std::array<ParameterSpec, 4> kParameters = {{
    {.name = "nu",
     .kind = ParameterKind::real,
     .fallback = "0.01",
     .least = 1e-6,
     .most = 1,
     .doc = "share of the training rows that may lie outside, and the least share of support vectors"},
    {.name = "gamma",
     .kind = ParameterKind::real,
     .fallback = "scale",
     .least = 1e-12,
     .most = 1e12,
     .words = kGammaWords,
     .doc = "of the kernel exp(-gamma d²); scale: 1 / (channels * variance of all values), auto: 1 / channels"},
    {.name = "tolerance",
     .kind = ParameterKind::real,
     .fallback = "0.001",
     .least = 1e-12,
     .most = 1,
     .doc = "how far from optimal the solution may be"},
    {.name = "scaling",
     .kind = ParameterKind::choice,
     .fallback = "standard",
     .words = kScalings,
     .doc = "whether channels are brought to mean 0 and deviation 1 first"},
}};

class OneClassSvm final : public Detector {
 public:
  OneClassSvm(const CatalogRow& row, const Parameters& p) : Detector(row, p) {}

  std::unique_ptr<Detector> clone() const override { return std::make_unique<OneClassSvm>(*this); }

  std::vector<Fact> facts() const override {
    return {{"support_vectors", static_cast<double>(weights_.size())}, {"rho", rho_}, {"gamma", gamma_}};
  }

 protected:
  Outputs outputs() const override { return {.channel_score = true, .expected = false}; }
  bool has_position() const override { return false; }
  void begin(std::size_t) override {}

  void learn(const FrameView& training) override {
    scaler_.learn(training, parameters().choice("scaling") == "none" ? Scaling::none : Scaling::standard);
    const std::vector<double> rows = scaler_.whole_rows(training).values;
    gamma_ = gamma_of(rows);
    const GaussianKernel all(rows, scaler_.channels(), gamma_);
    const OneClassSolution solved =
        solve_one_class(all, {.nu = parameters().real("nu"), .tolerance = parameters().real("tolerance")});
    rho_ = solved.rho;
    keep_support(rows, solved.weights);
    prepare();
  }

  void step(std::span<const double> row, RowScore out) override {
    if (!scaler_.scale(row, scratch_)) return;
    const double likeness = kernel_.weighted(scratch_, weights_);
    const double score = rho_ * (1 - kSlack) / std::max(likeness, std::numeric_limits<double>::min());
    out.anomaly_score = std::clamp(score, 0.0, kHighestScore);
    std::fill(out.channel_score.begin(), out.channel_score.end(), 0.0);
    if (out.anomaly_score > 1) explain(out);
  }

  void save_state(ModelWriter& out, std::string_view prefix) const override {
    Packer numbers;
    numbers.real(gamma_);
    numbers.real(rho_);
    scaler_.pack(numbers);
    numbers.reals(weights_);
    numbers.reals(support_);
    out.add_reals(std::string(prefix) + "svm_state", numbers.values());
  }

  void load_state(const ModelReader& in, std::string_view prefix) override {
    Unpacker numbers(in.reals(std::string(prefix) + "svm_state"));
    gamma_ = numbers.real();
    rho_ = numbers.real();
    scaler_.unpack(numbers, channels().size());
    weights_ = numbers.reals();
    if (!(gamma_ > 0) || !std::isfinite(rho_) || weights_.empty() || weights_.size() > kMostSupport) Unpacker::fail();
    support_ = numbers.reals(weights_.size() * channels().size());
    for (const double weight : weights_) {
      if (!(weight >= 0)) Unpacker::fail();
    }
    numbers.end();
    prepare();
  }

 private:
  double gamma_of(std::span<const double> rows) const {
    if (const auto given = parameters().find_real("gamma")) return *given;
    const auto width = static_cast<double>(scaler_.channels());
    if (parameters().text("gamma") == "auto") return 1 / width;
    double mean = 0, squares = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) mean += (rows[i] - mean) / static_cast<double>(i + 1);
    for (const double value : rows) squares += (value - mean) * (value - mean);
    const double variance = squares / static_cast<double>(rows.size());
    return variance > 0 && std::isfinite(variance) ? 1 / (width * variance) : 1;
  }

  void keep_support(std::span<const double> rows, std::span<const double> weights) {
    const std::size_t width = scaler_.channels();
    weights_.clear();
    support_.clear();
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] <= 0) continue;
      weights_.push_back(weights[i]);
      const auto row = rows.subspan(i * width, width);
      support_.insert(support_.end(), row.begin(), row.end());
    }
  }

  void prepare() {
    kernel_ = GaussianKernel(support_, channels().size(), gamma_);
    scratch_.assign(channels().size(), 0.0);
  }

  /// scratch_ holds the row.
  void explain(RowScore out) const {
    const std::size_t width = scratch_.size();
    const double* nearest = support_.data();
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const double* at = support_.data() + i * width;
      double squares = 0;
      for (std::size_t c = 0; c < width; ++c) squares += (at[c] - scratch_[c]) * (at[c] - scratch_[c]);
      if (squares < least) {
        least = squares;
        nearest = at;
      }
    }
    if (!(least > 0) || !std::isfinite(least)) return;
    for (std::size_t c = 0; c < width; ++c) {
      const double off = nearest[c] - scratch_[c];
      out.channel_score[c] = off * off / least * out.anomaly_score;
    }
  }

  RowScaler scaler_;
  double gamma_ = 1;
  double rho_ = 0;
  std::vector<double> weights_;  // of the support vectors
  std::vector<double> support_;  // one behind the other, scaled
  GaussianKernel kernel_;        // over support_
  std::vector<double> scratch_;
};

}  // namespace

std::span<const ParameterSpec> one_class_svm_parameters() { return kParameters; }

std::unique_ptr<Detector> make_one_class_svm(const CatalogRow& row, const Parameters& parameters) {
  return std::make_unique<OneClassSvm>(row, parameters);
}

}  // namespace wakeful::detectors
