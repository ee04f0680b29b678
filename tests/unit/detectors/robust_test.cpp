#include "detectors/robust.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "platform/core/random.hpp"

namespace wakeful::detectors {
namespace {

// Goldens: computed by an independent implementation of proposal 2 (location 0, c = 1.5, tolerance 1e-8).
TEST(HuberScale, GivesTheGoldenNumbers) {
  const std::vector<double> alternating = {-1, 2, -3, 4, -5, 6, -7, 8, -9, 10};
  EXPECT_NEAR(huber_scale(alternating), 7.0325164835262095, 1e-7);
  const std::vector<double> contaminated = {.1, -.2, .3, -.1, .05, -.3, .2, -.05, .15, -.25, 10};
  EXPECT_NEAR(huber_scale(contaminated), 0.24209115921059124, 1e-9);
  EXPECT_NEAR(huber_scale(std::vector<double>(10, 3.0)), 3.400177966387461, 1e-7);
}

TEST(HuberScale, IsZeroWhenMoreThanHalfOfTheResidualsAre) {
  EXPECT_EQ(huber_scale(std::vector<double>{0, 0, 0, 0, 0, 0, 1, -1, 2, -2}), 0);
  EXPECT_EQ(huber_scale({}), 0);
}

TEST(HuberScale, IsOneForNormalResidualsAndFollowsTheirUnit) {
  core::Random chance(1);
  std::vector<double> residuals(20000);
  for (double& r : residuals) r = chance.normal();
  const double scale = huber_scale(residuals);
  EXPECT_NEAR(scale, 1, .02);
  for (double& r : residuals) r *= 1e-200;
  EXPECT_NEAR(huber_scale(residuals) / 1e-200, scale, 1e-9);
  for (double& r : residuals) r = r * 1e200 * 1e200;
  EXPECT_NEAR(huber_scale(residuals) / 1e200, scale, 1e-9);
}

TEST(FlooredScale, TakesTheMovingResidualsWhereMostStandStill) {
  std::vector<double> sparse(1000, 0.0);
  for (std::size_t i = 0; i < 50; ++i) sparse[i * 20] = 1 + static_cast<double>(i % 3);
  const double scale = floored_scale(sparse, 3);
  EXPECT_GT(scale, 1);  // so that 5 scales are more than any of the usual counts
  EXPECT_LT(scale, 4);
}

TEST(FlooredScale, NeverIsZero) {
  EXPECT_DOUBLE_EQ(floored_scale(std::vector<double>(20, 0.0), 5), 5e-6);
  EXPECT_EQ(floored_scale(std::vector<double>(20, 0.0), 0), 1e-9);
  EXPECT_EQ(floored_scale({}, 0), 1e-9);
  EXPECT_EQ(floored_scale(std::vector<double>(20, 1e-300), 1), 1e-9);
  EXPECT_TRUE(std::isfinite(floored_scale(std::vector<double>(20, 1.7e308), 1.7e308)));
}

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
  EXPECT_EQ(quantile({3, 1, 2, 4}, 0), 1);
  EXPECT_EQ(quantile({3, 1, 2, 4}, 1), 4);
  EXPECT_EQ(quantile({3, 1, 2, 4}, .5), 2.5);
  EXPECT_DOUBLE_EQ(quantile({3, 1, 2, 4}, .9), 3.7);
  EXPECT_TRUE(std::isnan(quantile({}, .5)));
  EXPECT_EQ(median({5, 1, 3}), 3);
  EXPECT_EQ(median({5, 1, 3, 4}), 3.5);
  EXPECT_TRUE(std::isnan(median({})));
}

}  // namespace
}  // namespace wakeful::detectors
