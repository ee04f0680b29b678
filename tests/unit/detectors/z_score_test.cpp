#include <gtest/gtest.h>

#include <cmath>

#include "detectors/catalog.hpp"

namespace wakeful::detectors {
namespace {

Frame series(std::initializer_list<double> values) {
  Frame frame({"value"});
  for (const double value : values) frame.append(std::vector{value});
  return frame;
}

std::unique_ptr<Detector> trained(std::initializer_list<double> values,
                                  std::span<const std::pair<std::string, std::string>> settings = {}) {
  auto detector = make_detector("z_score", settings);
  detector->train(series(values));
  return detector;
}

double score(const Detector& detector, double value) { return detector.score(series({value})).anomaly_score[0]; }

// By hand: mean 31.5 / 3, deviation sqrt((0.25 + 0 + 0.25) / 3), limit 10.5 + 3 * 0.408248.
TEST(ZScore, LearnsMeanAndThePopulationsDeviation) {
  const std::vector<std::pair<std::string, std::string>> up = {{"direction", "up"}};
  const auto detector = trained({10, 10.5, 11}, up);
  const auto facts = detector->facts();
  EXPECT_DOUBLE_EQ(10.5, facts[0].value);
  EXPECT_NEAR(0.408248290463863, facts[1].value, 1e-15);
  EXPECT_NEAR(11.7247448713916, detector->score(series({0})).yhat_upper[0], 1e-13);
  EXPECT_LE(score(*detector, 10.5), 1);
  EXPECT_GT(score(*detector, 22.5), 1);
  EXPECT_EQ(0, score(*detector, -1000));
}

TEST(ZScore, TheLimitItselfIsNoAnomaly) {
  const auto detector = trained({-1, 1});  // mean 0, deviation 1
  EXPECT_LE(score(*detector, 3), 1);
  EXPECT_GT(score(*detector, std::nextafter(3.0, 4.0)), 1);
  EXPECT_GT(score(*detector, -3.001), 1);
}

TEST(ZScore, StandsFirmWhereValuesAreHugeOrStandStill) {
  EXPECT_GT(score(*trained({7, 7, 7}), 7.1), 1);
  EXPECT_LE(score(*trained({7, 7, 7}), 7), 1);
  EXPECT_LE(score(*trained({1e300, -1e300, 1e300}), 1e300), 1);
}

}  // namespace
}  // namespace wakeful::detectors
