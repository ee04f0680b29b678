#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "detectors/catalog.hpp"
#include "detectors/gaussian_kernel.hpp"
#include "detectors/one_class_solver.hpp"
#include "platform/core/random.hpp"

namespace wakeful::detectors {
namespace {

double exact_kernel(std::span<const double> a, std::span<const double> b, double gamma) {
  double squares = 0;
  for (std::size_t c = 0; c < a.size(); ++c) squares += (a[c] - b[c]) * (a[c] - b[c]);
  return std::exp(-gamma * squares);
}

std::vector<double> random_rows(std::size_t rows, std::size_t width) {
  core::Random chance(3);
  std::vector<double> out(rows * width);
  for (double& v : out) v = 2 * chance.normal();
  return out;
}

std::size_t support_of(const OneClassSolution& solved) {
  return static_cast<std::size_t>(
      std::count_if(solved.weights.begin(), solved.weights.end(), [](double w) { return w > 0; }));
}

TEST(GaussianKernel, IsTheExponentialOfTheDistance) {
  for (const std::size_t rows : {1U, 63U, 64U, 65U, 200U}) {
    const auto points = random_rows(rows, 3);
    const GaussianKernel kernel(points, 3, 0.4);
    const std::vector<double> row = {0.3, -1, 2}, weights(rows, 0.5);
    std::vector<float> against(rows);
    kernel.against(row, against);
    double sum = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      const double expected = exact_kernel(std::span(points).subspan(i * 3, 3), row, 0.4);
      EXPECT_NEAR(against[i], expected, 1e-7 * expected);
      sum += 0.5 * expected;
    }
    EXPECT_NEAR(kernel.weighted(row, weights), sum, 1e-14 * sum);
  }
}

TEST(GaussianKernel, KeepsItsDigitsFarAway) {
  const GaussianKernel kernel(std::vector<double>{0}, 1, 1);
  const std::vector<double> one = {1};
  for (double x : {0.0, 1e-9, 0.3, 1.0, 5.0, 20.0, 26.0}) {
    const double found = kernel.weighted(std::vector{x}, one);
    EXPECT_NEAR(found / std::exp(-x * x), 1, 4e-16) << x;
  }
  EXPECT_LT(kernel.weighted(std::vector{1e200}, one), 1e-300);
}

const std::vector<double>& tiny() {
  static const std::vector<double> points = {0, .1, .2, .3, .4, .5, .6, .7, .8, 10};
  return points;
}

// Of libsvm, by way of scikit-learn: x = 0, .1 … .8, 10, nu .1, gamma .1.
TEST(OneClassSolver, SolvesTheTinyExample) {
  const auto& points = tiny();
  const GaussianKernel kernel(points, 1, 0.1);
  const auto solved = solve_one_class(kernel, {.nu = 0.1});
  EXPECT_NEAR(std::accumulate(solved.weights.begin(), solved.weights.end(), 0.0), 1, 1e-12);
  EXPECT_NEAR(solved.rho, 0.49215, 5e-4);
  EXPECT_GT(solved.weights[0], 0);
  EXPECT_GT(solved.weights[8], 0);
  EXPECT_GT(solved.weights[9], 0);
  EXPECT_EQ(support_of(solved), 3U);
  // scikit-learn 1.9.1's decision_function, which may be off by the tolerance of 1e-3 as this one may.
  const std::vector<double> decisions = {-3.19e-4, 3.079e-3, 5.538e-3, 7.043e-3, 7.586e-3,
                                         7.163e-3, 5.778e-3, 3.439e-3, 1.60e-4,  1.60e-4};
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double decision = kernel.weighted(std::vector{points[i]}, solved.weights) - solved.rho;
    EXPECT_NEAR(decision, decisions[i], 5e-4) << points[i];
  }
}

// Solved further, the three support vectors lie on the outline (scikit-learn 1.9.1, tol 1e-10).
TEST(OneClassSolver, SolvesTheTinyExampleExactly) {
  const GaussianKernel kernel(tiny(), 1, 0.1);
  const auto solved = solve_one_class(kernel, {.nu = 0.1, .tolerance = 1e-10});
  EXPECT_NEAR(solved.rho, 0.49219264, 1e-7);
  EXPECT_NEAR(solved.weights[0], 0.25459316, 1e-5);
  EXPECT_NEAR(solved.weights[8], 0.25327918, 1e-5);
  EXPECT_NEAR(solved.weights[9], 0.49212766, 1e-5);
  for (const std::size_t i : {0U, 8U, 9U})
    EXPECT_NEAR(kernel.weighted(std::vector{tiny()[i]}, solved.weights), solved.rho, 1e-7) << tiny()[i];
}

// nu says how many may lie outside, here one at most: far away alone is on the outline, and is not flagged.
TEST(OneClassSvm, DoesNotFlagTheFarRowOfTheTinyExample) {
  Frame frame({"x"});
  for (const double x : tiny()) frame.append(std::vector{x});
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"scaling", "none"}, {"gamma", "0.1"}, {"nu", "0.1"}};
  const Scores scores = make_detector("one_class_svm", settings)->fit(frame);
  EXPECT_LE(scores.anomaly_score[9], 1);
  for (std::size_t i = 1; i < 9; ++i) EXPECT_LE(scores.anomaly_score[i], 1) << tiny()[i];
  EXPECT_NEAR(scores.anomaly_score[0], 1, 2e-3);  // libsvm has it outside by less than its tolerance
}

// The calendar of 28 days × 3 × 3 × 3 codes: figures of libsvm.
TEST(OneClassSolver, SolvesTheCalendarExample) {
  std::vector<double> rows;
  for (int day = 0; day < 28; ++day) {
    for (int code = 0; code < 27; ++code) {
      // 2025-01-01 is a Wednesday.
      const int features[] = {(day + 2) % 7, day + 1, 1, 1, code / 9, code / 3 % 3, code % 3};
      rows.insert(rows.end(), std::begin(features), std::end(features));
    }
  }
  const GaussianKernel kernel(rows, 7, 0.1);
  const auto solved = solve_one_class(kernel, {.nu = 0.1});
  EXPECT_NEAR(std::accumulate(solved.weights.begin(), solved.weights.end(), 0.0), 75.6, 1e-9);
  EXPECT_NEAR(solved.rho, 4.60749, 1e-3);
  EXPECT_NEAR(static_cast<double>(support_of(solved)), 112, 3);
  std::size_t outside = 0;
  for (std::size_t i = 0; i < 756; ++i)
    outside += kernel.weighted(std::span(rows).subspan(i * 7, 7), solved.weights) < solved.rho - 1e-3 ? 1U : 0U;
  EXPECT_LE(outside, 56U);
}

TEST(OneClassSolver, MeetsTheOptimalityConditions) {
  const auto points = random_rows(300, 2);
  const GaussianKernel kernel(points, 2, 0.5);
  for (const double nu : {0.003, 0.05, 0.5, 1.0}) {
    const auto solved = solve_one_class(kernel, {.nu = nu, .tolerance = 1e-6, .cache_bytes = 300 * 4 * 5});
    EXPECT_NEAR(std::accumulate(solved.weights.begin(), solved.weights.end(), 0.0), nu * 300, 1e-9);
    for (std::size_t i = 0; i < 300; ++i) {
      const double gradient = kernel.weighted(std::span(points).subspan(i * 2, 2), solved.weights);
      EXPECT_GE(solved.weights[i], 0);
      EXPECT_LE(solved.weights[i], 1);
      if (solved.weights[i] < 1) {
        EXPECT_GE(gradient, solved.rho - 1e-5) << nu;
      }
      if (solved.weights[i] > 0) {
        EXPECT_LE(gradient, solved.rho + 1e-5) << nu;
      }
    }
  }
}

TEST(OneClassSvm, FlagsAShareOfTheTrainingAndNamesTheChannelThatIsOff) {
  core::Random chance(9);
  Frame frame({"count", "share"});
  for (int i = 0; i < 400; ++i) frame.append(std::vector{5000 + 800 * chance.normal(), 0.2 + 0.01 * chance.normal()});
  const std::vector<std::pair<std::string, std::string>> settings = {{"nu", "0.1"}};
  const auto detector = make_detector("one_class_svm", settings);
  const Scores scores = detector->fit(frame);
  const auto flagged =
      std::count_if(scores.anomaly_score.begin(), scores.anomaly_score.end(), [](double s) { return s > 1; });
  EXPECT_NEAR(static_cast<double>(flagged), 40, 8);
  Frame odd({"count", "share"});
  odd.append(std::vector{5000.0, 0.4});
  const Scores found = detector->score(odd);
  EXPECT_GT(found.anomaly_score[0], 1);
  EXPECT_GT(found.channel_score[1], 0.9 * found.anomaly_score[0]);
}

// What the example pipelines had: no scaling, and counts of thousands under gamma .1, where every row is far from all.
TEST(OneClassSvm, CanBeToldNotToScale) {
  Frame frame({"value"});
  for (int i = 0; i < 60; ++i) frame.append(std::vector{i * 100.0});
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"scaling", "none"}, {"gamma", "0.1"}, {"nu", "0.1"}};
  const auto detector = make_detector("one_class_svm", settings);
  detector->train(frame);
  Frame between({"value"});
  between.append(std::vector{150.0});
  EXPECT_GT(detector->score(between).anomaly_score[0], 1e6);
}

}  // namespace
}  // namespace wakeful::detectors
