// How far a row lies outside the bounds that an ensemble of small autoencoders expects of each of its channels.
//
// Channels are scaled by the training's range; with `synchronize` their common waves are brought into step first, and
// the detector counts rows to know where in the waves it is. Each estimator gives each channel an upper and a lower
// bound (quantile_coders.hpp). score: `continuous` is the mean excess over the bounds, against the (1 - contamination)
// quantile of the training's; `fraction` is the share of bounds that are broken, as published, against `threshold`.
// Contributions are each channel's part of the score. Expected values and bounds are the estimators' means, in the
// channel's unit. A row with a missing value has no score; time goes on. Training rows with a missing value are left
// out. Differences from the published code: a model file keeps the clock; widths are at least 1; short trainings get
// more epochs (auto). Source: Abdulaal, Liu, Lancewicki, KDD 2021. Cost: some 2 µs a row at 25 channels.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include <fmt/core.h>

#include "detectors/algorithms.hpp"
#include "detectors/estimators.hpp"
#include "detectors/limit_parameters.hpp"
#include "detectors/per_channel.hpp"
#include "detectors/quantile_coders.hpp"
#include "detectors/robust.hpp"
#include "detectors/row_scaler.hpp"
#include "detectors/synchroniser.hpp"
#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::size_t kMostParameters = 50'000'000;
constexpr std::size_t kBlock = 128;  // rows judged together
constexpr std::size_t kSteps = 500;  // that epochs: auto reaches with short trainings, at least
constexpr std::size_t kUsualEpochs = 10, kMostEpochs = 500;
constexpr double kLeastThreshold = 1e-6;
constexpr std::array<std::string_view, 1> kAuto = {"auto"};
constexpr std::array<std::string_view, 3> kActivations = {"linear", "relu", "sigmoid"};
constexpr std::array<std::string_view, 2> kScoreWords = {"continuous", "fraction"};

constexpr ParameterSpec whole(std::string_view name, std::string_view fallback, double least, double most,
                              std::string_view doc) {
  return {.name = name,
          .kind = ParameterKind::integer,
          .fallback = fallback,
          .least = least,
          .most = most,
          .words = fallback == "auto" ? std::span<const std::string_view>(kAuto) : std::span<const std::string_view>(),
          .doc = doc};
}
constexpr ParameterSpec real(std::string_view name, std::string_view fallback, double least, double most,
                             std::string_view doc) {
  return {.name = name, .kind = ParameterKind::real, .fallback = fallback, .least = least, .most = most, .doc = doc};
}
constexpr ParameterSpec choice(std::string_view name, std::string_view fallback,
                               std::span<const std::string_view> words, std::string_view doc) {
  return {.name = name, .kind = ParameterKind::choice, .fallback = fallback, .words = words, .doc = doc};
}
constexpr ParameterSpec yes_no(std::string_view name, std::string_view fallback, std::string_view doc) {
  return {.name = name, .kind = ParameterKind::boolean, .fallback = fallback, .doc = doc};
}

constexpr std::array<ParameterSpec, 23> kParameters = {{
    whole("n_estimators", "auto", 1, 1000, "autoencoders; auto: 5 for every 15 channels, at least 10"),
    whole("max_features", "auto", 1, 1000, "channels that one sees; auto: as many as there are autoencoders"),
    whole("encoding_depth", "1", 0, 8, "hidden layers of an encoder"),
    whole("latent_dim", "auto", 1, 1000, "units between encoder and decoders; auto: half of max_features, less one"),
    whole("decoding_depth", "2", 0, 8, "hidden layers of a decoder"),
    choice("activation", "relu", kActivations, "of the hidden units"),
    choice("output_activation", "sigmoid", kActivations, "of the bounds; training values lie in 0 … 1"),
    real("delta", "0.05", 0.0001, 0.5, "share of the values below the lower bound, and above the upper one"),
    yes_no("synchronize", "false", "whether common waves are brought into step first"),
    whole("max_freqs", "5", 1, Synchroniser::kMostFrequencies, "waves, at most"),
    whole("min_periods", "3", 1, 1000, "a wave that turns less often in the training is a trend"),
    whole("min_dist", "60", 1, 1e6, "between two frequencies, in turns over the training"),
    {.name = "freq_init",
     .kind = ParameterKind::reals,
     .fallback = "[]",
     .least = 1e-6,
     .most = std::numbers::pi,
     .doc = "the waves' frequencies where they are known, in radians a row, the main one first; [] looks for them"},
    yes_no("trainable_freq", "false", "whether the frequencies are fitted too"),
    whole("epochs", "auto", 1, 10000, "auto: 10, and more where these are fewer than 500 steps"),
    whole("batch_size", "180", 1, 100000, "training rows of a step"),
    whole("freq_warmup", "5", 1, 1000, "epochs that look for the frequencies"),
    whole("sin_warmup", "5", 0, 1000, "epochs that fit the waves before all is fitted together"),
    choice("score", "continuous", kScoreWords, "how far bounds are broken, or how many are"),
    real("threshold", "0.5", 0.001, 1, "of score: fraction; the share of broken bounds that is an anomaly"),
    real("contamination", "0.001", 0, 0.5, "of score: continuous; share of the training rows above the threshold"),
    kDirectionParameter,
    whole("seed", "0", 0, 9007199254740992, "of the draws"),
}};

Activation activation_of(const std::string& word) {
  return word == "relu" ? Activation::relu : word == "sigmoid" ? Activation::sigmoid : Activation::linear;
}

class RanSynCoders final : public Detector {
 public:
  RanSynCoders(const CatalogRow& row, const Parameters& p)
      : Detector(row, p), direction_(direction_of(p)), is_fraction_(p.choice("score") == "fraction") {}

  std::unique_ptr<Detector> clone() const override { return std::make_unique<RanSynCoders>(*this); }

  std::vector<Fact> facts() const override {
    return {{"threshold", threshold_},
            {"estimators", static_cast<double>(coders_.shape().estimators)},
            {"parameters", static_cast<double>(coders_.parameters())},
            {"frequencies", static_cast<double>(waves_.frequencies().size())}};
  }

 protected:
  Outputs outputs() const override { return {.channel_score = true, .expected = true}; }
  bool has_position() const override { return waves_.active(); }
  void begin(std::size_t) override {}

  void learn(const FrameView& training) override {
    scaler_.learn(training, Scaling::range);
    alone_ = {};  // of another width
    core::Random chance(static_cast<std::uint64_t>(parameters().integer("seed")));
    coders_.build(shape_for(training.channels()), chance);
    waves_ = Synchroniser(width(), {});
    Training data = read(training);
    if (parameters().boolean("synchronize")) fit_waves(data, chance);
    fit_coders(data, chance);
    clock_ = 0;
    threshold_ = is_fraction_ ? parameters().real("threshold") : training_threshold(training);
    clock_ = 0;
  }

  void step(std::span<const double> row, RowScore out) override {
    if (alone_.lanes == 0) alone_ = room_for(kLanes);
    const bool is_whole = take(row, 0, alone_);
    judge(alone_);
    if (is_whole) finish(0, alone_, out);
  }

  void step_rows(const FrameView& rows, Scores& out) override {
    for_blocks(rows, [&](std::size_t i, std::size_t lane, const Block& block) { finish(lane, block, out.row(i)); });
  }

  void save_state(ModelWriter& out, std::string_view prefix) const override {
    const CoderShape& shape = coders_.shape();
    Packer numbers;
    for (const std::size_t part : {shape.estimators, shape.inputs, shape.latent}) numbers.count(part);
    numbers.real(threshold_);
    numbers.real(clock_);
    scaler_.pack(numbers);
    waves_.pack(numbers);
    coders_.pack(numbers);
    out.add_reals(std::string(prefix) + "coders_state", numbers.values());
    out.add_bytes(std::string(prefix) + "coders_weights", coders_.weight_bytes());
  }

  void load_state(const ModelReader& in, std::string_view prefix) override {
    Unpacker numbers(in.reals(std::string(prefix) + "coders_state"));
    CoderShape shape = shape_without_sizes(channels().size());
    shape.estimators = numbers.count(1000);
    shape.inputs = numbers.count(shape.features);
    shape.latent = numbers.count(1000);
    threshold_ = numbers.real();
    clock_ = numbers.real();
    if (shape.estimators == 0 || shape.inputs == 0 || shape.latent == 0 || !(threshold_ > 0) || !(clock_ >= 0))
      Unpacker::fail();
    scaler_.unpack(numbers, shape.features);
    waves_.unpack(numbers, shape.features);
    coders_.unpack(shape, numbers, in.bytes(std::string(prefix) + "coders_weights"));
    numbers.end();
  }

 private:
  /// The whole rows of the training and when they were.
  struct Training {
    std::vector<double> rows;
    std::vector<double> times;
    std::size_t count() const { return times.size(); }
  };
  /// Rows on their way through.
  struct Block {
    std::size_t lanes = 0;                // how many there is room for
    std::vector<double> scaled, in_step;  // of each row: width() numbers, one row behind the other
    std::vector<float> x;                 // in_step, feature by feature
    QuantileCoders::Room room;
    Judgement judged;
  };

  std::size_t width() const { return scaler_.channels(); }

  CoderShape shape_without_sizes(std::size_t channels) const {
    return {.features = channels,
            .encoding_depth = static_cast<std::size_t>(parameters().integer("encoding_depth")),
            .decoding_depth = static_cast<std::size_t>(parameters().integer("decoding_depth")),
            .hidden = activation_of(parameters().choice("activation")),
            .output = activation_of(parameters().choice("output_activation"))};
  }

  /// Errors: invalid, field "max_features": as many as there are channels, or more. A channel that every estimator sees
  /// explains itself.
  CoderShape shape_for(std::size_t channels) const {
    const auto given = [&](std::string_view name, std::size_t otherwise) {
      const auto value = parameters().find_integer(name);
      return value ? static_cast<std::size_t>(*value) : otherwise;
    };
    const std::size_t usual = std::max<std::size_t>(10, (channels + 7) / 15 * 5);
    const std::size_t most = std::max<std::size_t>(channels - 1, 1);
    CoderShape shape = shape_without_sizes(channels);
    shape.estimators = given("n_estimators", usual);
    shape.inputs = given("max_features", std::min(usual, most));
    shape.latent = given("latent_dim", std::max<std::size_t>(shape.inputs / 2, 2) - 1);
    if (shape.inputs > most)
      throw core::invalid(
          fmt::format("max_features must be less than the number of channels, {}, not {}", channels, shape.inputs),
          "max_features");
    if (QuantileCoders::parameters_of(shape) > kMostParameters)
      throw core::invalid(
          fmt::format("so many autoencoders of {} channels have more than {} parameters", channels, kMostParameters),
          "n_estimators");
    return shape;
  }

  Training read(const FrameView& training) const {
    RowScaler::Rows whole = scaler_.whole_rows(training);
    return {std::move(whole.values), {whole.from.begin(), whole.from.end()}};
  }

  std::size_t batch_size() const { return static_cast<std::size_t>(parameters().integer("batch_size")); }

  std::size_t epochs(std::size_t rows) const {
    if (const auto given = parameters().find_integer("epochs")) return static_cast<std::size_t>(*given);
    const std::size_t batches = (rows + batch_size() - 1) / batch_size();
    return std::clamp((kSteps + batches - 1) / batches, kUsualEpochs, kMostEpochs);
  }

  /// Calls `use` with the rows of each batch of an epoch, in chance's order.
  template <class Use>
  void for_batches(const Training& data, core::Random& chance, Training& batch, Use&& use) const {
    std::vector<std::size_t> order(data.count());
    std::iota(order.begin(), order.end(), std::size_t{0});
    core::shuffle(order, chance);
    for (std::size_t first = 0; first < order.size(); first += batch_size()) {
      batch.rows.clear();
      batch.times.clear();
      for (std::size_t i = first; i < std::min(first + batch_size(), order.size()); ++i) {
        const auto row = std::span(data.rows).subspan(order[i] * width(), width());
        batch.rows.insert(batch.rows.end(), row.begin(), row.end());
        batch.times.push_back(data.times[order[i]]);
      }
      use();
    }
  }

  void fit_waves(const Training& data, core::Random& chance) {
    const FrequencyTerms terms{.epochs = static_cast<std::size_t>(parameters().integer("freq_warmup")),
                               .batch = batch_size(),
                               .most = static_cast<std::size_t>(parameters().integer("max_freqs")),
                               .least_periods = static_cast<std::size_t>(parameters().integer("min_periods")),
                               .distance = static_cast<std::size_t>(parameters().integer("min_dist"))};
    const std::vector<double> known = read_reals(*parameters().find_nested("freq_init"));
    waves_ = Synchroniser(width(), known.empty() ? find_frequencies(data.rows, width(), terms, chance) : known);
    if (!waves_.active()) return;
    if (parameters().boolean("trainable_freq")) waves_.free_frequencies(data.times.front(), data.times.back());
    Training batch;
    for (std::int64_t epoch = 0; epoch < parameters().integer("sin_warmup"); ++epoch)
      for_batches(data, chance, batch, [&] { waves_.train(batch.rows, batch.times); });
    waves_.turn_positive();
  }

  void fit_coders(const Training& data, core::Random& chance) {
    const auto delta = static_cast<float>(parameters().real("delta"));
    QuantileCoders::Room room;
    Training batch;
    std::vector<double> in_step(width());
    std::vector<float> x;
    const std::size_t rounds = epochs(data.count());
    for (std::size_t epoch = 0; epoch < rounds; ++epoch) {
      for_batches(data, chance, batch, [&] {
        if (waves_.active()) waves_.train(batch.rows, batch.times);
        const std::size_t lanes = padded(batch.count());
        x.assign(width() * lanes, 0.0F);
        for (std::size_t i = 0; i < batch.count(); ++i) {
          waves_.apply(batch.times[i], std::span(batch.rows).subspan(i * width(), width()), in_step);
          for (std::size_t j = 0; j < width(); ++j) x[j * lanes + i] = static_cast<float>(in_step[j]);
        }
        coders_.train(x, batch.count(), delta, room);
      });
    }
  }

  double training_threshold(const FrameView& training) {
    std::vector<double> scores;
    for_blocks(training,
               [&](std::size_t, std::size_t lane, const Block& block) { scores.push_back(raw_score(lane, block)); });
    const double reached = quantile(std::move(scores), 1 - parameters().real("contamination"));
    return std::isnan(reached) ? kLeastThreshold : std::max(reached, kLeastThreshold);
  }

  Block room_for(std::size_t lanes) const {
    Block block;
    block.lanes = lanes;
    block.scaled.assign(lanes * width(), 0.0);
    block.in_step.assign(lanes * width(), 0.0);
    block.x.assign(lanes * width(), 0.0F);
    return block;
  }

  /// Calls `use` with each row that is whole, its place in its block, and the block, judged.
  template <class Use>
  void for_blocks(const FrameView& rows, Use&& use) {
    Block block = room_for(std::min(kBlock, padded(rows.rows())));
    std::array<bool, kBlock> is_whole{};
    for (std::size_t first = 0; first < rows.rows(); first += block.lanes) {
      const std::size_t count = std::min(block.lanes, rows.rows() - first);
      for (std::size_t i = 0; i < count; ++i) is_whole[i] = take(rows.row(first + i), i, block);
      judge(block);
      for (std::size_t i = 0; i < count; ++i) {
        if (is_whole[i]) use(first + i, i, block);
      }
    }
  }

  /// Puts a row at its place in the block; time goes on. False if a value is missing.
  bool take(std::span<const double> row, std::size_t lane, Block& block) {
    const auto scaled = std::span(block.scaled).subspan(lane * width(), width());
    const auto in_step = std::span(block.in_step).subspan(lane * width(), width());
    const bool is_whole = scaler_.scale(row, scaled);
    waves_.apply(clock_, scaled, in_step);
    clock_ += 1;
    for (std::size_t j = 0; j < width(); ++j) block.x[j * block.lanes + lane] = static_cast<float>(in_step[j]);
    return is_whole;
  }

  void judge(Block& block) const { coders_.judge(block.x, block.lanes, block.room, block.judged); }

  /// What channel j adds to the score, before the threshold.
  double part(std::size_t j, std::size_t lane, const Block& block) const {
    const std::size_t at = j * block.lanes + lane;
    const auto& above = is_fraction_ ? block.judged.is_above : block.judged.above;
    const auto& below = is_fraction_ ? block.judged.is_below : block.judged.below;
    double sum = 0;
    if (direction_ != Direction::down) sum += static_cast<double>(above[at]);
    if (direction_ != Direction::up) sum += static_cast<double>(below[at]);
    return sum / static_cast<double>(width());
  }

  double raw_score(std::size_t lane, const Block& block) const {
    double sum = 0;
    for (std::size_t j = 0; j < width(); ++j) sum += part(j, lane, block);
    return sum;
  }

  void finish(std::size_t lane, const Block& block, RowScore out) const {
    out.anomaly_score = std::min(raw_score(lane, block) / threshold_, kHighestScore);
    for (std::size_t j = 0; j < width(); ++j) {
      out.channel_score[j] = part(j, lane, block) / threshold_;
      if (!scaler_.is_known(j)) continue;
      const std::size_t at = j * block.lanes + lane, row = lane * width() + j;
      const Synchroniser::Bounds bounds =
          waves_.revert(j, block.scaled[row], block.in_step[row],
                        {static_cast<double>(block.judged.low[at]), static_cast<double>(block.judged.high[at])});
      out.yhat[j] = scaler_.unscale((bounds.low + bounds.high) / 2, j);
      if (direction_ != Direction::up) out.yhat_lower[j] = scaler_.unscale(bounds.low, j);
      if (direction_ != Direction::down) out.yhat_upper[j] = scaler_.unscale(bounds.high, j);
    }
  }

  Direction direction_;
  bool is_fraction_;
  RowScaler scaler_;
  Synchroniser waves_;
  QuantileCoders coders_;
  double threshold_ = 1;
  double clock_ = 0;  // the next row's time: rows since the training began
  Block alone_;       // where a single row is judged, kept so that the next one needs no new memory
};

}  // namespace

std::span<const ParameterSpec> ransyncoders_parameters() { return kParameters; }

std::unique_ptr<Detector> make_ransyncoders(const CatalogRow& row, const Parameters& parameters) {
  return std::make_unique<RanSynCoders>(row, parameters);
}

}  // namespace wakeful::detectors
