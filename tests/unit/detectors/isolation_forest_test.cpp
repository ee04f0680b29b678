// The conventions of scikit-learn's IsolationForest, on data whose trees are the same whatever chance says: where a
// feature has two values there is one cut. Its numbers are those of scikit-learn 1.9.1, score = -score_samples.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "detectors/catalog.hpp"
#include "detectors/forest.hpp"
#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

Frame column(std::initializer_list<double> values) {
  Frame frame({"x"});
  for (const double value : values) frame.append(std::vector{value});
  return frame;
}

std::unique_ptr<Detector> trained(const Frame& frame, Settings settings) {
  settings.emplace_back("window", "1");
  auto detector = make_detector("isolation_forest", settings);
  detector->train(frame);
  return detector;
}

double threshold_of(const Detector& detector) { return detector.facts()[0].value; }

/// s, between 0 and 1, of one value.
double raw(const Detector& detector, double value) {
  return detector.score(column({value})).anomaly_score[0] * threshold_of(detector);
}

TEST(IsolationForest, MeasuresDepthsAgainstAnUnsuccessfulSearch) {
  EXPECT_EQ(average_depth(0), 0);
  EXPECT_EQ(average_depth(1), 0);
  EXPECT_EQ(average_depth(2), 1);
  // scikit-learn's _average_path_length: the harmonic number by its logarithm.
  EXPECT_NEAR(average_depth(3), 1.207392357589623, 1e-14);
  EXPECT_NEAR(average_depth(4), 1.8516559071392855, 1e-14);
  EXPECT_NEAR(average_depth(5), 2.327020052042847, 1e-14);
  EXPECT_NEAR(average_depth(256), 10.244770920119917, 1e-13);
  double harmonic = 1;  // H(n - 1)
  for (int n = 3; n < 10'000; ++n) {
    harmonic += 1.0 / (n - 1);
    EXPECT_NEAR(average_depth(n), 2 * harmonic - 2.0 * (n - 1) / n, 1.0 / (n - 1)) << n;
  }
}

TEST(IsolationForest, ScoresAsTheNegativeOfScoreSamples) {
  const auto one_odd = trained(column({0, 0, 0, 0, 1}), {{"contamination", "auto"}});
  EXPECT_NEAR(raw(*one_odd, 0), 0.42766292668674916, 1e-7);  // four rows stay together: 1 + c(4)
  EXPECT_NEAR(raw(*one_odd, 1), 0.7423985733390756, 1e-7);   // alone after one cut
  EXPECT_NEAR(raw(*one_odd, 1), std::exp2(-1 / average_depth(5)), 1e-7);
  EXPECT_EQ(raw(*one_odd, 77), raw(*one_odd, 1));  // cuts lie within the training
  const auto a_third = trained(column({0, 0, 0, 0, 0, 0, 1, 1, 1}), {{"contamination", "auto"}, {"trees", "7"}});
  EXPECT_NEAR(raw(*a_third, 0), 0.4835056185173423, 1e-7);
  EXPECT_NEAR(raw(*a_third, 1), 0.6487145219521576, 1e-7);
}

TEST(IsolationForest, AddsTheDepthsOfTreesMadeByHand) {
  constexpr float kEnd = std::numeric_limits<float>::infinity();
  // Two trees on four rows each. The first: x0 > 0.5 leaves one row, the others stay together. The second: x1 > 2
  // leaves two rows, which x0 > 0 parts.
  const std::array<Forest::Node, 8> nodes = {
      {{0.5F, 0, 1}, {kEnd, 0, 1}, {kEnd, 0, 2}, {2, 1, 1}, {kEnd, 0, 1}, {0, 0, 3}, {kEnd, 0, 3}, {kEnd, 0, 4}}};
  const auto c = [](double n) { return static_cast<float>(average_depth(n)); };
  const std::array<float, 8> depths = {c(4), 1 + c(3), 1, c(4), 1 + c(2), c(2), 2, 2};
  Packer numbers;
  numbers.count(2);
  numbers.real(average_depth(4));
  numbers.reals(std::vector<double>{0, 3});
  Unpacker in(numbers.values());
  Forest forest;
  forest.unpack(in, std::as_bytes(std::span(nodes)), std::as_bytes(std::span(depths)), 2);
  std::vector<float> rows;
  for (int i = 0; i < 3; ++i)                                        // eight walk together, the rest one by one
    rows.insert(rows.end(), {0.5F, 2, 0.6F, 2, 0.5F, 2.5F, -1, 9});  // a value at a threshold is not above it
  std::array<double, 12> sums{};
  forest.add_depths(rows, sums);
  const std::array<double, 4> by_hand = {1 + c(3) + 2, 1 + 2, 1 + c(3) + 2, 1 + c(3) + 2};
  for (std::size_t i = 0; i < sums.size(); ++i) EXPECT_NEAR(sums[i], by_hand[i % 4], 1e-6) << i;
}

TEST(IsolationForest, StopsAtTheLogarithmOfTheSample) {
  const std::vector<float> rows = {1, 2, 4, 8, 16, 32};
  std::set<float> found;
  core::Random chance(1);
  for (int i = 0; i < 200; ++i) {
    Forest forest;
    forest.grow(rows, 1, 1, 6, chance);
    std::array<double, 6> depths{};
    forest.add_depths(rows, depths);
    for (const double depth : depths) found.insert(static_cast<float>(depth));
  }
  // At depth 3 as many as three rows are left together; a row by itself at 4 or 5 would have been cut on.
  EXPECT_EQ(found, (std::set<float>{1, 2, 3, 3 + 1, static_cast<float>(3 + average_depth(3))}));
}

TEST(IsolationForest, PutsTheThresholdAtAQuantileOfTheTraining) {
  const Frame five = column({0, 0, 0, 0, 1});
  // -offset_ of scikit-learn, by linear interpolation between the scores 0.4277 (four times) and 0.7424.
  EXPECT_NEAR(threshold_of(*trained(five, {{"contamination", "0.1"}})), 0.61650431467814505, 1e-7);
  EXPECT_NEAR(threshold_of(*trained(five, {{"contamination", "0.5"}})), 0.42766292668674916, 1e-7);
  EXPECT_NEAR(threshold_of(*trained(five, {{"contamination", "0"}})), 0.7423985733390756, 1e-7);
  EXPECT_EQ(threshold_of(*trained(five, {{"contamination", "auto"}})), 0.5);

  core::Random chance(4);
  Frame many({"x"});
  for (int i = 0; i < 1'000; ++i) many.append(std::vector{chance.normal()});
  for (const double contamination : {0.0, 0.01, 0.1}) {
    const auto detector = trained(many, {{"contamination", std::to_string(contamination)}, {"sample", "64"}});
    std::vector<double> scores = detector->score(many).anomaly_score;
    EXPECT_NEAR(quantile(scores, 1 - contamination), 1, 1e-12);
    const auto above = std::count_if(scores.begin(), scores.end(), [](double score) { return score > 1; });
    EXPECT_LE(static_cast<double>(above), contamination * 1'000);
    EXPECT_GE(static_cast<double>(above), contamination * 1'000 * 0.9);  // equal scores may lie at the threshold
  }
}

TEST(IsolationForest, IsTheSameForASeedAndAnotherForAnother) {
  core::Random chance(8);
  Frame frame({"a", "b"});
  for (int i = 0; i < 300; ++i) frame.append(std::vector{chance.normal(), chance.uniform()});
  const auto saved = [&](const char* seed) { return save_detector(*trained(frame, {{"seed", seed}})); };
  EXPECT_EQ(saved("16"), saved("16"));
  EXPECT_NE(saved("16"), saved("17"));
  const auto scored = [&](const char* seed) { return trained(frame, {{"seed", seed}})->score(frame).anomaly_score; };
  EXPECT_EQ(scored("16"), scored("16"));
  EXPECT_NE(scored("16"), scored("17"));
}

}  // namespace
}  // namespace wakeful::detectors
