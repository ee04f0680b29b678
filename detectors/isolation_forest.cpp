// How few random cuts it takes to isolate a row from those of the training.
//
// s = 2^(-mean depth / c(sample)), as scikit-learn's -score_samples; score = s / threshold. The threshold is the
// (1 - contamination) quantile of the training rows' s, or 0.5 for contamination auto. With a window w the row is the
// last w rows side by side: the forest then sees shapes. A channel that stood still in the training offers no cut; a
// row in which it moves counts as isolated by one. A row with a missing value has no score; for the rows after it the
// channel's last value stands in. Contributions are given where the score is above 1: the depth that cuts in a channel
// saved, as shares of the score. Fewer than 8 rows of training per window row shorten the window.
// Source: Liu, Ting, Zhou 2008; Saabas 2014 for the shares. Cost: trees * log2(sample) steps a row.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "detectors/algorithms.hpp"
#include "detectors/forest.hpp"
#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::size_t kRowsPerWindowRow = 8;
constexpr std::size_t kAutoWindow = 8;  // for one channel; several see each other, and get 1
constexpr std::size_t kBlock = 64;      // rows scored together
constexpr double kAutoThreshold = 0.5;
constexpr std::int64_t kMostSampled = 10'000'000;  // rows over all trees; a node or two of 12 bytes each
constexpr double kResolution = 1e-6;
constexpr std::array<std::string_view, 1> kAuto = {"auto"};

constexpr std::array<ParameterSpec, 5> kParameters = {{
    {.name = "trees",
     .kind = ParameterKind::integer,
     .fallback = "100",
     .least = 1,
     .most = 10000,
     .doc = "how many trees"},
    {.name = "sample",
     .kind = ParameterKind::integer,
     .fallback = "256",
     .least = 2,
     .most = Forest::kMostSample,
     .doc = "training rows per tree, drawn without replacement"},
    {.name = "contamination",
     .kind = ParameterKind::real,
     .fallback = "0.001",
     .least = 0,
     .most = 0.5,
     .words = kAuto,
     .doc = "share of the training rows above the threshold; auto puts the threshold at the raw score 0.5"},
    {.name = "window",
     .kind = ParameterKind::integer,
     .fallback = "auto",
     .least = 1,
     .most = 1000,
     .words = kAuto,
     .doc = "rows that are looked at together; auto: 8 for one channel, 1 for several. Tables want 1"},
    {.name = "seed",
     .kind = ParameterKind::integer,
     .fallback = "0",
     .least = 0,
     .most = 9007199254740992,
     .doc = "of the random cuts"},
}};

class IsolationForest final : public Detector {
 public:
  IsolationForest(const CatalogRow& row, const Parameters& p) : Detector(row, p) {
    if (p.integer("trees") * p.integer("sample") > kMostSampled)
      throw core::invalid(fmt::format("'trees' times 'sample' is more than {}", kMostSampled), "trees");
  }

  std::unique_ptr<Detector> clone() const override { return std::make_unique<IsolationForest>(*this); }

  std::vector<Fact> facts() const override {
    return {{"threshold", threshold_},
            {"window", static_cast<double>(window_)},
            {"trees", static_cast<double>(forest_.trees())}};
  }

 protected:
  Outputs outputs() const override { return {.channel_score = true, .expected = false}; }
  bool has_position() const override { return window_ > 1; }

  void learn(const FrameView& training) override {
    const auto wanted = parameters().find_integer("window");
    window_ = wanted ? static_cast<std::size_t>(*wanted) : training.channels() == 1 ? kAutoWindow : 1;
    window_ = std::clamp<std::size_t>(training.rows() / kRowsPerWindowRow, 1, window_);
    if (window_ * training.channels() > Forest::kMostFeatures) {
      throw core::invalid("window times channels is more than 65535", "window");
    }
    learn_ranges(training);
    const std::vector<float> rows = embed(training);
    core::Random chance(static_cast<std::uint64_t>(parameters().integer("seed")));
    forest_.grow(rows, features(), static_cast<std::size_t>(parameters().integer("trees")),
                 static_cast<std::size_t>(parameters().integer("sample")), chance);
    const auto contamination = parameters().find_real("contamination");
    threshold_ = contamination ? training_quantile(rows, 1 - *contamination) : kAutoThreshold;
    restart();
  }

  void begin(std::size_t) override {}

  void step(std::span<const double> row, RowScore out) override {
    const Seen seen = see(row, scratch_);
    if (!seen.whole || seen.early) return;
    double depth = 0;
    forest_.add_depths(scratch_, std::span(&depth, 1));
    finish(seen, depth, scratch_, out);
  }

  void step_rows(const FrameView& rows, Scores& out) override {
    std::vector<float> block(kBlock * features());
    std::array<double, kBlock> depths;
    std::array<Seen, kBlock> seen;
    for (std::size_t first = 0; first < rows.rows(); first += kBlock) {
      const std::size_t count = std::min(kBlock, rows.rows() - first);
      for (std::size_t i = 0; i < count; ++i) {
        seen[i] = see(rows.row(first + i), std::span(block).subspan(i * features(), features()));
      }
      depths.fill(0);
      forest_.add_depths(block, std::span(depths).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        if (!seen[i].whole || seen[i].early) continue;
        finish(seen[i], depths[i], std::span(block).subspan(i * features(), features()), out.row(first + i));
      }
    }
  }

  void save_state(ModelWriter& out, std::string_view prefix) const override {
    Packer numbers;
    numbers.count(window_);
    numbers.real(threshold_);
    numbers.count(rows_seen_);
    numbers.reals(middle_);
    numbers.reals(factor_);
    numbers.reals(std::vector<double>(recent_.begin(), recent_.end()));
    forest_.pack(numbers);
    out.add_reals(std::string(prefix) + "forest_state", numbers.values());
    out.add_bytes(std::string(prefix) + "forest_nodes", forest_.node_bytes());
    out.add_bytes(std::string(prefix) + "forest_depths", forest_.depth_bytes());
  }

  void load_state(const ModelReader& in, std::string_view prefix) override {
    Unpacker numbers(in.reals(std::string(prefix) + "forest_state"));
    window_ = numbers.count(1000);
    threshold_ = numbers.real();
    rows_seen_ = numbers.count(1000);
    middle_ = numbers.reals(channels().size());
    factor_ = numbers.reals(channels().size());
    if (window_ == 0 || !(threshold_ > 0)) Unpacker::fail();
    const std::vector<double> recent = numbers.reals(features());
    recent_.assign(recent.begin(), recent.end());
    scratch_.assign(features(), 0.0F);
    forest_.unpack(numbers, in.bytes(std::string(prefix) + "forest_nodes"),
                   in.bytes(std::string(prefix) + "forest_depths"), features());
    numbers.end();
  }

 private:
  struct Seen {
    bool whole = true;   // no value is missing
    bool early = false;  // the window is not full
    bool moved = false;  // a channel that stood still in the training
  };

  std::size_t features() const { return window_ * middle_.size(); }

  /// Values are shifted and scaled to [-1, 1] before they become floats: cuts do not care, digits do.
  void learn_ranges(const FrameView& training) {
    middle_.assign(training.channels(), 0.0);
    factor_.assign(training.channels(), 0.0);
    for (std::size_t c = 0; c < training.channels(); ++c) {
      const std::vector<double> known = finite_of(training.channel(c));
      if (known.empty()) continue;
      const auto [low, high] = std::minmax_element(known.begin(), known.end());
      middle_[c] = *low / 2 + *high / 2;
      const double half = *high / 2 - *low / 2;
      const double magnitude = std::max(std::abs(*low), std::abs(*high));
      // A negative factor marks a channel that stood still: what counts as moving, in its unit.
      factor_[c] = half > 0 ? 1 / half : -std::max(kResolution * magnitude, 1e-300);
    }
  }

  void restart() {
    recent_.assign(features(), 0.0F);
    scratch_.assign(features(), 0.0F);
    rows_seen_ = 0;
  }

  /// Takes a row in; `out` becomes the features, newest row first. A missing value repeats the one before.
  Seen see(std::span<const double> row, std::span<float> out) {
    const std::size_t width = row.size();
    if (window_ > 1)
      std::copy_backward(recent_.begin(), recent_.end() - static_cast<std::ptrdiff_t>(width), recent_.end());
    Seen seen;
    for (std::size_t c = 0; c < width; ++c) {
      if (factor_[c] == 0) continue;  // never seen in the training: the forest does not know it
      if (std::isnan(row[c])) {
        seen.whole = false;
        continue;  // recent_ still holds the channel's last value
      }
      const double off = row[c] - middle_[c];
      if (factor_[c] < 0) {
        seen.moved = seen.moved || std::abs(off) > -factor_[c];
      } else {
        recent_[c] = static_cast<float>(std::clamp(off * factor_[c], -1e30, 1e30));
      }
    }
    rows_seen_ = std::min(rows_seen_ + 1, window_);
    seen.early = rows_seen_ < window_;
    std::copy(recent_.begin(), recent_.end(), out.begin());
    return seen;
  }

  /// The training as the forest sees it: whole rows from the first full window on; all rows if none is whole.
  std::vector<float> embed(const FrameView& training) {
    std::vector<float> out;
    for (const bool all : {false, true}) {
      restart();
      out.reserve(training.rows() * features());
      for (std::size_t i = 0; i < training.rows(); ++i) {
        const Seen seen = see(training.row(i), scratch_);
        if ((seen.whole || all) && !seen.early) out.insert(out.end(), scratch_.begin(), scratch_.end());
      }
      if (!out.empty()) break;
    }
    return out;
  }

  double raw_score(double depth) const {
    if (forest_.trees() == 0) return kAutoThreshold;
    return std::exp2(-depth / (static_cast<double>(forest_.trees()) * forest_.usual_depth()));
  }

  double training_quantile(std::span<const float> rows, double p) const {
    std::vector<double> depths(rows.size() / features(), 0.0);
    for (std::size_t first = 0; first < depths.size(); first += kBlock) {
      const std::size_t count = std::min(kBlock, depths.size() - first);
      forest_.add_depths(rows.subspan(first * features(), count * features()), std::span(depths).subspan(first, count));
    }
    if (depths.empty()) return kAutoThreshold;
    for (double& d : depths) d = raw_score(d);
    return quantile(std::move(depths), p);
  }

  void finish(const Seen& seen, double depth, std::span<const float> row, RowScore out) const {
    if (seen.moved) depth = std::min(depth, static_cast<double>(forest_.trees()));
    const double raw = raw_score(depth);
    out.anomaly_score = raw / threshold_;
    if (raw > threshold_ && out.anomaly_score <= 1) out.anomaly_score = std::nextafter(1.0, 2.0);
    std::fill(out.channel_score.begin(), out.channel_score.end(), 0.0);
    if (out.anomaly_score > 1) explain(row, out);
  }

  void explain(std::span<const float> row, RowScore out) const {
    std::vector<double> savings(features(), 0.0);
    forest_.add_savings(row, savings);
    double all = 0;
    for (std::size_t f = 0; f < savings.size(); ++f) {
      out.channel_score[f % out.channel_score.size()] += std::max(savings[f], 0.0);
      all += std::max(savings[f], 0.0);
    }
    for (double& share : out.channel_score) share = all > 0 ? share / all * out.anomaly_score : 0;
  }

  std::size_t window_ = 1;
  double threshold_ = kAutoThreshold;
  std::vector<double> middle_;
  std::vector<double> factor_;
  std::vector<float> recent_;  // the last window_ rows, newest first
  std::vector<float> scratch_;
  std::size_t rows_seen_ = 0;
  Forest forest_;
};

}  // namespace

std::span<const ParameterSpec> isolation_forest_parameters() { return kParameters; }

std::unique_ptr<Detector> make_isolation_forest(const CatalogRow& row, const Parameters& parameters) {
  return std::make_unique<IsolationForest>(row, parameters);
}

}  // namespace wakeful::detectors
