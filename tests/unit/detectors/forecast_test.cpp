#include <gtest/gtest.h>

#include <cmath>

#include "detectors/autoregression.hpp"
#include "detectors/catalog.hpp"
#include "detectors/limit.hpp"
#include "detectors/robust.hpp"
#include "platform/core/random.hpp"

namespace wakeful::detectors {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

Frame series(std::span<const double> values) {
  Frame frame({"value"});
  for (double v : values) frame.append(std::vector{v});
  return frame;
}

std::vector<double> second_order(std::size_t rows, double a, double b, std::uint64_t seed) {
  core::Random chance(seed);
  std::vector<double> x = {0, 0};
  while (x.size() < rows) x.push_back(a * x[x.size() - 1] + b * x[x.size() - 2] + chance.normal());
  return x;
}

TEST(Autoregression, FindsTheWeightsThatMadeTheSeries) {
  const std::vector<double> x = second_order(20000, 1.2, -.5, 1);
  const std::vector<std::size_t> lags = {1, 2, 3};
  const auto weights = fit_autoregression(x, lags, 0);
  EXPECT_NEAR(weights[0], 1.2, .03);
  EXPECT_NEAR(weights[1], -.5, .03);
  EXPECT_NEAR(weights[2], 0, .03);
  EXPECT_LT(std::abs(fit_autoregression(x, lags, 1e9)[0]), .01);
}

// The normal equations, term by term: what the Toeplitz sums must be equal to.
TEST(Autoregression, SolvesTheNormalEquationsWithGapsBetweenLags) {
  const std::vector<double> x = second_order(300, .7, .1, 2);
  const std::vector<std::size_t> lags = {1, 2, 3, 4, 12, 24};
  const double ridge = 2.5;
  const auto weights = fit_autoregression(x, lags, ridge);
  for (std::size_t i = 0; i < lags.size(); ++i) {
    double left = ridge * weights[i], right = 0;
    for (std::size_t t = 24; t < x.size(); ++t) {
      for (std::size_t j = 0; j < lags.size(); ++j) left += x[t - lags[i]] * x[t - lags[j]] * weights[j];
      right += x[t - lags[i]] * x[t];
    }
    EXPECT_NEAR(left, right, 1e-8);
  }
}

TEST(Autoregression, GivesNoWeightsToTooFewRowsAndSurvivesDegenerateOnes) {
  const std::vector<std::size_t> lags = {1, 2, 3};
  EXPECT_EQ(fit_autoregression(std::vector<double>{1, 2, 3}, lags, 1), (std::vector<double>{0, 0, 0}));
  for (double w : fit_autoregression(std::vector<double>(50, 0.0), lags, 0)) EXPECT_EQ(w, 0);
  for (double w : fit_autoregression(std::vector<double>(50, 1.0), lags, 0)) EXPECT_TRUE(std::isfinite(w));
}

TEST(ArRidge, ExpectsWhatTheSeriesWouldDoNext) {
  std::vector<double> wave;
  for (int i = 0; i < 600; ++i) wave.push_back(100 + 10 * std::sin(i * .2));
  const auto detector = make_detector("ar_ridge", Settings{{"lags", "10"}});
  const Scores scores = detector->fit(series(wave));
  for (std::size_t i = 20; i < 600; ++i) EXPECT_NEAR(scores.yhat[i], wave[i], .5) << i;
  EXPECT_TRUE(std::isnan(scores.anomaly_score[9]));
  EXPECT_FALSE(std::isnan(scores.anomaly_score[10]));
}

TEST(ArRidge, LearnsASeasonThatIsLongerThanItsLags) {
  core::Random chance(4);
  std::vector<double> days;
  for (int i = 0; i < 96 * 12; ++i) days.push_back((i % 96 == 40 ? 50 : 0) + chance.normal());
  const auto without = make_detector("ar_ridge", Settings{{"lags", "4"}});
  const auto with = make_detector("ar_ridge", Settings{{"lags", "4"}, {"season", "96"}});
  without->fit(series(days));
  with->fit(series(days));
  std::vector<double> next;
  for (int i = 0; i < 96; ++i) next.push_back((i == 40 ? 50 : 0) + chance.normal());
  EXPECT_NEAR(with->score(series(next)).yhat[40], 50, 8);
  EXPECT_NEAR(without->score(series(next)).yhat[40], 0, 8);
}

/// An outlier of 30 scales in white noise, then noise.
template <class After>
void expect_no_echo(const std::string& algorithm, After after) {
  core::Random chance(8);
  std::vector<double> noise;
  for (int i = 0; i < 1000; ++i) noise.push_back(chance.normal());
  const auto detector = make_detector(algorithm);
  detector->fit(series(noise));
  std::vector<double> next = {30};
  for (int i = 0; i < 100; ++i) next.push_back(chance.normal());
  after(detector->update(series(next)));
}

TEST(Residuals, OfAnOutlierLeaveNoEcho) {
  for (const std::string algorithm : {"ar_ridge", "ewma_residual"}) {
    expect_no_echo(algorithm, [&](const Scores& scores) {
      EXPECT_GT(scores.anomaly_score[0], 3) << algorithm;
      for (std::size_t i = 1; i < scores.rows(); ++i) EXPECT_LT(scores.anomaly_score[i], 1) << algorithm << " " << i;
    });
  }
}

TEST(Residuals, OfALastingChangeAreLearned) {
  core::Random chance(9);
  std::vector<double> low, high;
  for (int i = 0; i < 1000; ++i) low.push_back(chance.normal());
  for (int i = 0; i < 1000; ++i) high.push_back(40 + chance.normal());
  for (const std::string algorithm : {"ar_ridge", "ewma_residual"}) {
    const auto detector = make_detector(algorithm);
    detector->fit(series(low));
    const Scores scores = detector->update(series(high));
    EXPECT_GT(scores.anomaly_score[0], 3) << algorithm;
    std::size_t late = 0;
    for (std::size_t i = 500; i < 1000; ++i) late += scores.anomaly_score[i] > 1 ? 1U : 0U;
    EXPECT_LT(late, 5U) << algorithm;
  }
}

TEST(Limit, StartsAsHubersScaleAndNormalTails) {
  core::Random chance(6);
  std::vector<double> residuals(5000);
  for (double& r : residuals) r = 3 * chance.normal();
  Limit limit({.tolerance = 1, .risk = 1e-3, .rate = .01});
  limit.learn(residuals, 10);
  EXPECT_DOUBLE_EQ(limit.scale(), huber_scale(residuals));
  EXPECT_NEAR(limit.tolerance(), 3.29, .3);  // the two-sided normal quantile of 1e-3
}

TEST(Limit, FollowsTheScaleOfItsResidualsButNotOfOneWildOne) {
  core::Random chance(7);
  std::vector<double> residuals(5000);
  for (double& r : residuals) r = chance.normal();
  Limit limit({.tolerance = 5, .risk = 1e-3, .rate = .01});
  limit.learn(residuals, 10);
  const double before = limit.value();
  limit.step(1e12);
  EXPECT_LT(limit.value(), before * 1.05);
  limit.step(std::nan(""));
  for (int i = 0; i < 3000; ++i) limit.step(4 * chance.normal());
  EXPECT_NEAR(limit.scale(), 4, .5);
  for (int i = 0; i < 5000; ++i) limit.step(0);
  EXPECT_GT(limit.scale(), .2);  // a quiet time does not make the next noise an alarm
}

TEST(Limit, AllowsHeavyTailsTheirRate) {
  core::Random chance(8);
  const auto heavy = [&] {  // two-sided exponential
    const double size = -std::log(1 - chance.uniform());
    return chance.below(2) == 0 ? size : -size;
  };
  std::vector<double> residuals(5000);
  for (double& r : residuals) r = heavy();
  Limit limit({.tolerance = 3, .risk = 1e-3, .rate = .001});
  limit.learn(residuals, 10);
  int above = 0;
  const int rows = 100000;
  for (int i = 0; i < rows; ++i) {
    const double r = heavy();
    above += std::abs(r) > limit.value() ? 1 : 0;
    limit.step(r);
  }
  EXPECT_GT(above, rows / 1000 / 3);
  EXPECT_LT(above, rows / 1000 * 3);
}

}  // namespace
}  // namespace wakeful::detectors
