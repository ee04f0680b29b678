// How far a row lies from the training's mean, in units of the training's own spread in that direction.
//
// d = (x - m)' (S + ridge I)^-1 (x - m) over channels scaled by the training's range (cut at -4 and 5, so that one wild
// channel cannot make all others vanish); score = d / threshold, the (1 - contamination) quantile of the training's d.
// With `smoothing` a < 1, d is the running mean (1 - a) d + a d_now: slower, and steadier where anomalies last. A row
// with a missing value has no score and leaves the running mean alone. Contributions: each channel's part of d, the
// negative ones as 0, as shares of the score. Source: Mahalanobis 1936. Cost: channels² / 2 a row.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>

#include "detectors/algorithms.hpp"
#include "detectors/robust.hpp"
#include "detectors/row_scaler.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kLeastThreshold = 1e-9;

constexpr std::array<ParameterSpec, 3> kParameters = {{
    {.name = "ridge",
     .kind = ParameterKind::real,
     .fallback = "0.001",
     .least = 1e-9,
     .most = 10,
     .doc = "added to every channel's variance, in units of its squared range"},
    {.name = "contamination",
     .kind = ParameterKind::real,
     .fallback = "0.001",
     .least = 0,
     .most = 0.5,
     .doc = "share of the training rows above the threshold"},
    {.name = "smoothing",
     .kind = ParameterKind::real,
     .fallback = "1",
     .least = 0.001,
     .most = 1,
     .doc = "weight of the newest row in the running mean of the distances; 1: none but it"},
}};

class Mahalanobis final : public Detector {
 public:
  Mahalanobis(const CatalogRow& row, const Parameters& p) : Detector(row, p), smoothing_(p.real("smoothing")) {}

  std::unique_ptr<Detector> clone() const override { return std::make_unique<Mahalanobis>(*this); }
  std::vector<Fact> facts() const override { return {{"threshold", threshold_}}; }

 protected:
  Outputs outputs() const override { return {.channel_score = true, .expected = false}; }
  bool has_position() const override { return smoothing_ < 1; }
  void begin(std::size_t) override {}

  void learn(const FrameView& training) override {
    scaler_.learn(training, Scaling::range);
    prepare();
    const std::vector<double> rows = scaler_.whole_rows(training).values;
    learn_ellipsoid(rows);
    std::vector<double> distances;
    for (std::size_t first = 0; first < rows.size(); first += width()) {
      std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(first), width(), scaled_.begin());
      distances.push_back(smooth(distance()));
    }
    threshold_ = std::max(quantile(std::move(distances), 1 - parameters().real("contamination")), kLeastThreshold);
    running_.reset();
  }

  void step(std::span<const double> row, RowScore out) override {
    if (!scaler_.scale(row, scaled_)) return;
    const double now = distance();
    const double score = smooth(now) / threshold_;
    out.anomaly_score = std::min(score, kHighestScore);
    double all = 0;
    for (std::size_t c = 0; c < width(); ++c) all += out.channel_score[c] = part_of(c);
    for (double& share : out.channel_score) share = all > 0 ? share / all * out.anomaly_score : 0;
  }

  void save_state(ModelWriter& out, std::string_view prefix) const override {
    Packer numbers;
    scaler_.pack(numbers);
    numbers.real(threshold_);
    numbers.flag(running_.has_value());
    numbers.real(running_.value_or(0));
    numbers.reals(mean_);
    numbers.reals(inverse_);
    out.add_reals(std::string(prefix) + "ellipsoid", numbers.values());
  }

  void load_state(const ModelReader& in, std::string_view prefix) override {
    Unpacker numbers(in.reals(std::string(prefix) + "ellipsoid"));
    scaler_.unpack(numbers, channels().size());
    threshold_ = numbers.real();
    const bool runs = numbers.flag();
    const double running = numbers.real();
    if (!(threshold_ > 0) || !(running >= 0)) Unpacker::fail();
    running_ = runs ? std::optional(running) : std::nullopt;
    prepare();
    mean_ = numbers.reals(width());
    inverse_ = numbers.reals(width() * width());
    numbers.end();
    for (const double value : inverse_) {
      if (!std::isfinite(value)) Unpacker::fail();
    }
  }

 private:
  std::size_t width() const { return scaler_.channels(); }

  void prepare() {
    scaled_.assign(width(), 0.0);
    off_.assign(width(), 0.0);
    turned_.assign(width(), 0.0);
  }

  void learn_ellipsoid(std::span<const double> rows) {
    const std::size_t count = rows.size() / width();
    const auto n = static_cast<double>(count);
    mean_.assign(width(), 0.0);
    for (std::size_t i = 0; i < rows.size(); ++i) mean_[i % width()] += rows[i] / n;
    xt::xtensor<double, 2> spread = xt::zeros<double>({width(), width()});
    for (std::size_t first = 0; first < rows.size(); first += width()) {
      for (std::size_t a = 0; a < width(); ++a) {
        const double off = (rows[first + a] - mean_[a]) / n;
        for (std::size_t b = a; b < width(); ++b) spread(a, b) += off * (rows[first + b] - mean_[b]);
      }
    }
    for (std::size_t a = 0; a < width(); ++a) {
      for (std::size_t b = 0; b < a; ++b) spread(a, b) = spread(b, a);
      spread(a, a) += parameters().real("ridge");
    }
    const xt::xtensor<double, 2> inverse = xt::linalg::inv(spread);
    inverse_.assign(inverse.begin(), inverse.end());
  }

  /// Of scaled_; leaves the row's offsets and their product with the inverse behind.
  double distance() {
    double sum = 0;
    for (std::size_t c = 0; c < width(); ++c) off_[c] = scaled_[c] - mean_[c];
    for (std::size_t a = 0; a < width(); ++a) {
      const double* row = inverse_.data() + a * width();
      double turned = 0;
      for (std::size_t b = 0; b < width(); ++b) turned += row[b] * off_[b];
      turned_[a] = turned;
      sum += turned * off_[a];
    }
    return std::max(sum, 0.0);  // rounding, at the mean itself
  }

  double part_of(std::size_t c) const { return std::max(off_[c] * turned_[c], 0.0); }

  double smooth(double now) {
    running_ = running_ && smoothing_ < 1 ? *running_ + smoothing_ * (now - *running_) : now;
    return *running_;
  }

  double smoothing_;
  RowScaler scaler_;
  double threshold_ = 1;
  std::vector<double> mean_;
  std::vector<double> inverse_;  // of the covariance: width() × width()
  std::optional<double> running_;
  std::vector<double> scaled_, off_, turned_;
};

}  // namespace

std::span<const ParameterSpec> mahalanobis_parameters() { return kParameters; }

std::unique_ptr<Detector> make_mahalanobis(const CatalogRow& row, const Parameters& parameters) {
  return std::make_unique<Mahalanobis>(row, parameters);
}

}  // namespace wakeful::detectors
