#include <gtest/gtest.h>

#include <cmath>

#include "detectors/catalog.hpp"
#include "detectors/row_scaler.hpp"
#include "platform/core/random.hpp"

namespace wakeful::detectors {
namespace {

Frame pairs(std::initializer_list<std::pair<double, double>> rows) {
  Frame frame({"a", "b"});
  for (const auto& [a, b] : rows) frame.append(std::vector{a, b});
  return frame;
}

TEST(RowScaler, BringsChannelsToOneScaleAndBack) {
  RowScaler scaler;
  const Frame training = pairs({{10, 5}, {30, 5}, {20, 5}});
  std::vector<double> out(2);
  scaler.learn(training, Scaling::range);
  EXPECT_TRUE(scaler.scale(std::vector<double>{15, 5}, out));
  EXPECT_DOUBLE_EQ(out[0], 0.25);
  EXPECT_DOUBLE_EQ(scaler.unscale(out[0], 0), 15);
  EXPECT_EQ(out[1], 0);
  scaler.scale(std::vector<double>{1e9, 5.1}, out);
  EXPECT_EQ(out[0], 5);
  EXPECT_EQ(out[1], 5);  // a channel that stood still: any move is a large one
  EXPECT_FALSE(scaler.scale(std::vector<double>{NAN, 5}, out));
  EXPECT_EQ(out[0], 0.5);
  scaler.learn(training, Scaling::standard);
  scaler.scale(std::vector<double>{20 + std::sqrt(200.0 / 3), 5}, out);
  EXPECT_NEAR(out[0], 1, 1e-15);
}

TEST(RowScaler, LeavesOutAChannelWithoutValues) {
  RowScaler scaler;
  const Frame training = pairs({{1, NAN}, {2, NAN}});
  for (const Scaling scaling : {Scaling::none, Scaling::standard, Scaling::range}) {
    scaler.learn(training, scaling);
    std::vector<double> out(2);
    EXPECT_TRUE(scaler.scale(std::vector<double>{1, 77}, out));
    EXPECT_EQ(out[1], 0);
    EXPECT_TRUE(scaler.scale(std::vector<double>{1, NAN}, out));
    EXPECT_FALSE(scaler.is_known(1));
    EXPECT_EQ(scaler.whole_rows(training).values.size(), 4U);
  }
}

// By hand: a = b on the training, so the spread is all along the diagonal, and the ridge alone across it.
TEST(Mahalanobis, MeasuresInUnitsOfTheSpread) {
  const std::vector<std::pair<std::string, std::string>> settings = {{"ridge", "0.01"}, {"contamination", "0"}};
  const auto detector = make_detector("mahalanobis", settings);
  detector->train(pairs({{0, 0}, {1, 1}, {0.5, 0.5}}));
  const double threshold = detector->facts()[0].value;
  const double variance = 0.5 / 3;  // of each channel, and of both together
  EXPECT_NEAR(threshold, 0.5 / (2 * variance + 0.01), 1e-12);
  const auto distance = [&](double a, double b) {
    return detector->score(pairs({{a, b}})).anomaly_score[0] * threshold;
  };
  EXPECT_NEAR(distance(1, 0), 0.5 / 0.01, 1e-9);  // both within their range, and never seen together
  EXPECT_NEAR(distance(0.5, 0.5), 0, 1e-12);
  EXPECT_GT(detector->score(pairs({{1, 0}})).anomaly_score[0], 10);
}

TEST(Mahalanobis, SmoothsOverRowsAndForgets) {
  core::Random chance(2);
  Frame training({"a", "b"});
  for (int i = 0; i < 500; ++i) training.append(std::vector{chance.normal(), chance.normal()});
  const std::vector<std::pair<std::string, std::string>> settings = {{"smoothing", "0.5"}};
  const auto detector = make_detector("mahalanobis", settings);
  detector->train(training);
  const Scores scores = detector->update(pairs({{0, 0}, {9, -9}, {0, 0}, {0, 0}, {NAN, 0}, {0, 0}}));
  EXPECT_GT(scores.anomaly_score[1], 1);
  EXPECT_NEAR(scores.anomaly_score[2] / scores.anomaly_score[1], 0.5, 0.05);
  EXPECT_NEAR(scores.anomaly_score[5] / scores.anomaly_score[3], 0.5, 0.05);  // the missing row is no row
  EXPECT_NEAR(scores.channel_score[2] + scores.channel_score[3], scores.anomaly_score[1], 1e-9);
}

}  // namespace
}  // namespace wakeful::detectors
