#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "detectors/catalog.hpp"
#include "detectors/quantile_coders.hpp"
#include "detectors/spectrum.hpp"
#include "detectors/synchroniser.hpp"
#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
using Settings = std::vector<std::pair<std::string, std::string>>;

TEST(Spectrum, IsTheFourierTransformUnderAHannWindowForAnyLength) {
  core::Random chance(4);
  for (const std::size_t n : {2U, 3U, 16U, 37U, 100U}) {
    std::vector<double> series(n);
    for (double& v : series) v = chance.normal();
    const std::vector<double> power = power_spectrum(series);
    ASSERT_EQ(power.size(), n / 2 + 1);
    for (std::size_t k = 0; k < power.size(); ++k) {
      std::complex<double> sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double hann = 0.5 - 0.5 * std::cos(kTurn * static_cast<double>(i) / static_cast<double>(n - 1));
        sum += series[i] * hann * std::polar(1.0, -kTurn * static_cast<double>(i * k) / static_cast<double>(n));
      }
      EXPECT_NEAR(power[k], std::norm(sum), 1e-10) << n;
    }
  }
}

TEST(Spectrum, FindsPeaksThatAreFarEnoughApart) {
  const std::vector<double> values = {9, 1, 3, 1, 5, 5, 5, 0, 4, 0, 2, 8};
  EXPECT_EQ(find_peaks(values, 1), (std::vector<std::size_t>{5, 8, 2}));  // the ends are none
  EXPECT_EQ(find_peaks(values, 4), (std::vector<std::size_t>{5}));
  EXPECT_TRUE(find_peaks(std::vector<double>{1, 1, 1}, 1).empty());
}

/// d loss / d parameter by differences, against what backward and add_gradients give.
TEST(Dense, GradientsAreThoseOfTheLoss) {
  core::Random chance(8);
  for (const Activation activation : {Activation::linear, Activation::sigmoid, Activation::relu}) {
    const Layer layer{.ins = 5, .outs = 6, .activation = activation};
    std::vector<float> parameters(layer.parameters()), in(5 * kLanes), out(6 * kLanes), weights(6 * kLanes);
    for (auto* all : {&parameters, &in, &weights}) {
      for (float& v : *all) v = static_cast<float>(chance.normal());
    }
    const auto loss = [&] {
      forward(layer, parameters.data(), in.data(), kLanes, out.data());
      double sum = 0;
      for (std::size_t i = 0; i < out.size(); ++i) sum += static_cast<double>(weights[i]) * static_cast<double>(out[i]);
      return sum;
    };
    loss();
    std::vector<float> d_out = weights, d_in(in.size(), 0.0F), gradients(parameters.size(), 0.0F);
    through_activation(layer, out.data(), kLanes, d_out.data());
    add_gradients(layer, in.data(), d_out.data(), kLanes, gradients.data());
    backward(layer, parameters.data(), d_out.data(), kLanes, d_in.data());
    const auto expect_slope = [&](float& at, float slope) {
      const float before = at, step = 1e-3F;
      at = before + step;
      const double up = loss();
      at = before - step;
      const double down = loss();
      at = before;
      EXPECT_NEAR((up - down) / (2 * static_cast<double>(step)), static_cast<double>(slope), 0.03);
    };
    for (std::size_t i = 0; i < parameters.size(); i += 3) expect_slope(parameters[i], gradients[i]);
    for (std::size_t i = 0; i < in.size(); i += 7) expect_slope(in[i], d_in[i]);
  }
}

TEST(QuantileCoders, LearnBoundsThatHoldTheShareTheyAreAskedFor) {
  core::Random chance(1);
  QuantileCoders coders;
  coders.build({.features = 3, .estimators = 4, .inputs = 2, .encoding_depth = 1, .latent = 1}, chance);
  QuantileCoders::Room room;
  constexpr std::size_t kRows = 100;
  std::vector<float> x(3 * padded(kRows), 0.0F);
  const auto draw = [&](std::size_t rows) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t i = 0; i < rows; ++i) x[j * padded(rows) + i] = static_cast<float>(chance.uniform());
    }
  };
  for (int step = 0; step < 4000; ++step) {
    draw(kRows);
    coders.train(x, kRows, 0.1F, room);
  }
  Judgement judged;
  QuantileCoders::Room other;
  double above = 0, below = 0;
  constexpr int kBlocks = 100;
  for (int block = 0; block < kBlocks; ++block) {
    x.resize(3 * kLanes);
    draw(kLanes);
    coders.judge(x, kLanes, other, judged);
    for (std::size_t i = 0; i < 3 * kLanes; ++i) {
      above += static_cast<double>(judged.is_above[i]);
      below += static_cast<double>(judged.is_below[i]);
      EXPECT_LT(judged.low[i], judged.high[i]);
    }
  }
  EXPECT_NEAR(above / (3 * kLanes * kBlocks), 0.1, 0.04);
  EXPECT_NEAR(below / (3 * kLanes * kBlocks), 0.1, 0.04);
}

/// Three channels that follow one wave, each behind the other, with a little noise.
std::vector<double> waves(std::size_t rows, double period, std::uint64_t seed = 6) {
  core::Random chance(seed);
  std::vector<double> out;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const double angle = kTurn * static_cast<double>(i) / period + static_cast<double>(j) * 0.4;
      out.push_back(0.5 + 0.4 * std::sin(angle) + 0.01 * chance.normal());
    }
  }
  return out;
}

TEST(Synchroniser, FindsTheWaveAndBringsTheChannelsIntoStep) {
  core::Random chance(5);
  const std::vector<double> rows = waves(4000, 80);
  const auto frequencies = find_frequencies(rows, 3, {.epochs = 20, .most = 1, .distance = 10}, chance);
  ASSERT_EQ(frequencies.size(), 1U);
  EXPECT_NEAR(frequencies[0], kTurn / 80, 1e-9);
  Synchroniser waves_of(3, frequencies);
  std::vector<double> times(4000);
  for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<double>(i);
  for (int epoch = 0; epoch < 3000; ++epoch) waves_of.train(rows, times);
  waves_of.turn_positive();
  double apart = 0, were_apart = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    const auto row = std::span(rows).subspan(i * 3, 3);
    std::vector<double> in_step(3);
    waves_of.apply(times[i], row, in_step);
    apart += std::abs(in_step[2] - in_step[0]);
    were_apart += std::abs(row[2] - row[0]);
    const auto back = waves_of.revert(2, row[2], in_step[2], {in_step[2] - 0.1, in_step[2] + 0.1});
    EXPECT_LE(back.low, row[2]);
    EXPECT_GE(back.high, row[2]);
  }
  EXPECT_LT(apart, 0.2 * were_apart);
}

/// How far the first and the last channel are apart in step, of how far they were, in the rows after the training.
double apart_later(const Synchroniser& waves_of, std::span<const double> rows, std::size_t trained) {
  double apart = 0, were_apart = 0;
  std::vector<double> in_step(3);
  for (std::size_t i = trained; i < rows.size() / 3; ++i) {
    const auto row = rows.subspan(i * 3, 3);
    waves_of.apply(static_cast<double>(i), row, in_step);
    apart += std::abs(in_step[2] - in_step[0]);
    were_apart += std::abs(row[2] - row[0]);
  }
  return apart / were_apart;
}

// The spectrum of n rows knows whole turns of n only: 20 where there are 20.3 or 19.7, and the waves drift apart by 0.3
// turns in every n rows. (The same sums in Python give 0.05 and 1.4.)
TEST(Synchroniser, FittedFrequenciesKeepTheChannelsInStepWhereTheSpectrumsDoNot) {
  constexpr std::size_t kTrained = 240;
  std::vector<double> times(kTrained);
  for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<double>(i);
  for (const double turns : {20.3, 19.7}) {
    const std::vector<double> rows = waves(2 * kTrained, kTrained / turns);
    const double found = kTurn * 20 / kTrained;
    Synchroniser fixed(3, {found}), fitted(3, {found});
    fitted.free_frequencies(times.front(), times.back());
    for (int step = 0; step < 2000; ++step) {
      fixed.train(std::span(rows).first(3 * kTrained), times);
      fitted.train(std::span(rows).first(3 * kTrained), times);
    }
    fixed.turn_positive();
    fitted.turn_positive();
    EXPECT_EQ(fixed.frequencies()[0], found);
    EXPECT_NEAR(fitted.frequencies()[0] * kTrained / kTurn, turns, 0.01);
    EXPECT_GT(apart_later(fixed, rows, kTrained), 1) << turns;
    EXPECT_LT(apart_later(fitted, rows, kTrained), 0.1) << turns;
  }
}

TEST(Synchroniser, IsNotNeededWhereNothingTurnsOften) {
  core::Random chance(5);
  std::vector<double> rows;
  for (int i = 0; i < 1000; ++i) rows.push_back(i);
  EXPECT_TRUE(find_frequencies(rows, 1, {}, chance).empty());
  EXPECT_TRUE(find_frequencies(std::vector<double>(50, 0.5), 1, {}, chance).empty());
}

/// Six channels of two numbers: both, their mean, half their difference, and both once more.
std::vector<double> related_row(double a, double b) { return {a, b, (a + b) / 2, (a - b + 1) / 2, a, b}; }

Frame related(std::size_t rows, std::uint64_t seed) {
  core::Random chance(seed);
  Frame frame({"a", "b", "mean", "difference", "a again", "b again"});
  for (std::size_t i = 0; i < rows; ++i) frame.append(related_row(chance.uniform(), chance.uniform()));
  return frame;
}

TEST(RanSynCoders, SeesARelationBrokenWhoseValuesAreUsual) {
  std::vector<double> row = related_row(0.5, 0.5);
  row[2] = 0.95;  // a mean that these two cannot have
  Frame odd = related(0, 1);
  odd.append(row);
  for (const std::string_view score : {"continuous", "fraction"}) {
    const Settings settings = {{"score", std::string(score)}, {"epochs", "800"},      {"activation", "linear"},
                               {"latent_dim", "2"},           {"max_features", "4"},  {"output_activation", "linear"},
                               {"encoding_depth", "0"},       {"decoding_depth", "0"}};
    const auto detector = make_detector("ransyncoders", settings);
    detector->train(related(300, 3));
    const Scores found = detector->score(odd);
    const Scores usual = detector->score(related(500, 4));
    double sum = 0, parts = 0;
    for (double s : usual.anomaly_score) sum += s;
    for (double part : found.channel_score) parts += part;
    EXPECT_GT(found.anomaly_score[0], 2 * sum / 500) << score;
    EXPECT_NEAR(parts, found.anomaly_score[0], 1e-6);
    EXPECT_GT(found.channel_score[2], 0.3 * found.anomaly_score[0]) << score;  // the mean is to blame
    if (score == "continuous") {
      EXPECT_GT(found.anomaly_score[0], 1);
    }
  }
}

TEST(RanSynCoders, ExpectsWhatTheChannelsUsuallyShow) {
  const auto detector = make_detector("ransyncoders", Settings{{"epochs", "2200"}, {"n_estimators", "3"}});
  const Frame training = related(300, 3);
  const Scores scores = detector->fit(training);
  std::size_t inside = 0;
  for (std::size_t i = 0; i < scores.y.size(); ++i)
    inside += scores.yhat_lower[i] <= scores.y[i] && scores.y[i] <= scores.yhat_upper[i] ? 1U : 0U;
  EXPECT_NEAR(static_cast<double>(inside) / static_cast<double>(scores.y.size()), 0.9, 0.08);
}

TEST(RanSynCoders, CountsRowsWhereWavesAreBroughtIntoStep) {
  const std::vector<double> rows = waves(1200, 60);
  Frame frame({"x", "y", "z"});
  for (std::size_t i = 0; i < 1200; ++i) frame.append(std::span(rows).subspan(i * 3, 3));
  const Settings settings = {{"synchronize", "true"}, {"min_dist", "5"}, {"epochs", "20"}};
  const auto detector = make_detector("ransyncoders", settings);
  detector->train(frame.view().slice(0, 800));
  ASSERT_EQ(detector->facts()[3].value, 5);  // frequencies
  const Scores at_once = detector->score(frame.view().slice(800, 400));
  auto late = load_detector(save_detector(*detector));
  late->update(frame.view().slice(800, 111));
  const Scores rest = late->score(frame.view().slice(911, 289));
  for (std::size_t i = 0; i < 289; ++i) EXPECT_EQ(rest.anomaly_score[i], at_once.anomaly_score[111 + i]);
  auto other_time = detector->clone();
  EXPECT_NE(other_time->score(frame.view().slice(911, 1)).anomaly_score[0], rest.anomaly_score[0]);
}

TEST(RanSynCoders, KeepsTheFrequenciesThatItFitted) {
  const std::vector<double> rows = waves(1200, 800 / 20.3);
  Frame frame({"x", "y", "z"});
  for (std::size_t i = 0; i < 1200; ++i) frame.append(std::span(rows).subspan(i * 3, 3));
  const auto trained = [&](const std::string& trainable) {
    auto detector = make_detector("ransyncoders", Settings{{"synchronize", "true"},
                                                           {"min_dist", "5"},
                                                           {"max_freqs", "1"},
                                                           {"epochs", "20"},
                                                           {"trainable_freq", trainable}});
    detector->train(frame.view().slice(0, 800));
    return detector;
  };
  const auto fitted = trained("true"), fixed = trained("false");
  ASSERT_GE(fitted->facts()[3].value, 1);  // there are frequencies
  const auto later = frame.view().slice(800, 400);
  const Scores scores = fitted->score(later);
  EXPECT_NE(scores.anomaly_score, fixed->score(later).anomaly_score);
  EXPECT_EQ(scores.anomaly_score, load_detector(save_detector(*fitted))->score(later).anomaly_score);
}

// As many as are given, whatever max_freqs allows to look for.
TEST(RanSynCoders, TakesFrequenciesThatAreKnown) {
  const std::vector<double> rows = waves(200, 100);
  Frame frame({"x", "y", "z"});
  for (std::size_t i = 0; i < 200; ++i) frame.append(std::span(rows).subspan(i * 3, 3));
  const auto frequencies = [&](const std::string& known) {
    auto detector = make_detector(
        "ransyncoders", Settings{{"synchronize", "true"}, {"epochs", "1"}, {"max_freqs", "1"}, {"freq_init", known}});
    detector->train(frame);
    return detector->facts()[3].value;
  };
  EXPECT_EQ(frequencies("[]"), 1);
  EXPECT_EQ(frequencies("[0.0628, 0.1]"), 2);
  for (const char* wrong : {"[0]", "[4]", "[nan]", "[\"x\"]", "0.1", "[0.1, 0.1]"})
    EXPECT_THROW(frequencies(wrong), core::Error) << wrong;
}

TEST(RanSynCoders, KeepsAUnitInEachLayerHoweverOftenItsWidthIsHalved) {
  // Three inputs, halved twice, are no unit at all where the width is not held at one.
  const auto detector = make_detector("ransyncoders", Settings{{"n_estimators", "4"},
                                                               {"max_features", "3"},
                                                               {"encoding_depth", "4"},
                                                               {"decoding_depth", "4"},
                                                               {"latent_dim", "2"},
                                                               {"epochs", "20"}});
  const Frame frame = related(100, 1);
  detector->train(frame);
  const Scores scores = detector->score(frame);
  ASSERT_EQ(scores.rows(), 100U);
  for (const double score : scores.anomaly_score) EXPECT_TRUE(std::isfinite(score));
}

TEST(RanSynCoders, RefusesEstimatorsThatSeeEverything) {
  const auto detector = make_detector("ransyncoders", Settings{{"max_features", "6"}});
  try {
    detector->train(related(100, 1));
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.field(), "max_features");
  }
}

TEST(RanSynCoders, RefusesAnEnsembleThatNoMemoryHolds) {
  std::vector<std::string> names;
  for (int i = 0; i < 400; ++i) names.push_back("c" + std::to_string(i));
  Frame wide(names);
  for (int i = 0; i < 3; ++i) wide.append(std::vector<double>(400, i));
  const auto detector = make_detector("ransyncoders", Settings{{"n_estimators", "1000"}, {"latent_dim", "1000"}});
  try {
    detector->train(wide);
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.field(), "n_estimators");
  }
}

}  // namespace
}  // namespace wakeful::detectors
