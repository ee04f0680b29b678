#include <gtest/gtest.h>

#include <cmath>

#include "detectors/catalog.hpp"

namespace wakeful::detectors {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

Frame series(std::span<const double> values) {
  Frame frame({"value"});
  for (double v : values) frame.append(std::vector{v});
  return frame;
}

double score_of(const Detector& detector, double value) {
  return detector.score(series(std::vector{value})).anomaly_score[0];
}

const std::vector<double> kAlternating = {-1, 2, -3, 4, -5, 6, -7, 8, -9, 10};
constexpr double kScale = 7.0325164835262095;  // golden of robust_test

TEST(UnivariateBaseline, ScoresResidualsInUnitsOfToleranceTimesScale) {
  const auto detector = make_detector("UnivariateModelAnomalyDetection");
  detector->fit(series(kAlternating));
  EXPECT_NEAR(score_of(*detector, -20), 20 / (5 * kScale), 1e-9);
  EXPECT_GT(score_of(*detector, 35.163), 1);
  EXPECT_LE(score_of(*detector, 35.162), 1);
  EXPECT_TRUE(std::isnan(score_of(*detector, std::nan(""))));
}

TEST(UnivariateBaseline, CountsTheDirectionThatIsAskedFor) {
  const auto up = make_detector("univariate_baseline", Settings{{"direction", "up"}, {"tolerance", "2"}});
  up->fit(series(kAlternating));
  EXPECT_GT(score_of(*up, 15), 1);
  EXPECT_EQ(score_of(*up, -15), 0);
  const auto down = make_detector("univariate_baseline", Settings{{"direction", "down"}, {"tolerance", "2"}});
  down->fit(series(kAlternating));
  EXPECT_EQ(score_of(*down, 15), 0);
  EXPECT_GT(score_of(*down, -15), 1);
  const Scores scores = down->score(series(std::vector<double>{1}));
  EXPECT_NEAR(scores.yhat_lower[0], -2 * kScale, 1e-6);
  EXPECT_TRUE(std::isnan(scores.yhat_upper[0]));
}

TEST(UnivariateBaseline, DoesNotTakeEveryCountOfASparseSeriesForAnAnomaly) {
  std::vector<double> counts(400, 0.0);
  for (std::size_t i = 0; i < counts.size(); i += 9) counts[i] = 1;
  const auto detector = make_detector("univariate_baseline");
  detector->fit(series(counts));
  EXPECT_LT(score_of(*detector, 1), 1);
  EXPECT_GT(score_of(*detector, 50), 1);
}

TEST(UnivariateBaseline, TakesAnExpectationFromItsModel) {
  std::vector<double> days;
  for (int i = 0; i < 24 * 7; ++i) days.push_back(100 + 50 * (i % 24 == 9) + (i % 5) * .1);
  const auto median = make_detector("univariate_baseline", Settings{{"model", "median"}});
  median->fit(series(days));
  const auto seasonal = make_detector("univariate_baseline", Settings{{"model", "seasonal"}, {"season", "24"}});
  seasonal->fit(series(days));
  EXPECT_GT(score_of(*seasonal, 150), 1);  // at hour 0, where it does not belong
  seasonal->update(series(std::vector<double>(9, 100.2)));
  EXPECT_LT(score_of(*seasonal, 150), 1);  // at hour 9
  EXPECT_GT(score_of(*median, 150), 1);
  EXPECT_LT(score_of(*median, 100.3), 1);
}

}  // namespace
}  // namespace wakeful::detectors
