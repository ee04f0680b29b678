#include "detectors/evaluate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "platform/core/random.hpp"

namespace wakeful::detectors {
namespace {

using Scores = std::vector<double>;
using Labels = std::vector<std::uint8_t>;

TEST(Refractory, LetsThroughOnlyWhatIsAboveTheSpanBefore) {
  EXPECT_EQ(refractory(Scores{1, 3, 2, 3, 4, 1}, 3), (Scores{1, 3, 0, 0, 4, 0}));
  EXPECT_EQ(refractory(Scores{5, 1, 2, 1, 3}, 1), (Scores{5, 0, 2, 0, 3}));
  EXPECT_EQ(refractory(Scores{5, 1, 2}, 0), (Scores{5, 1, 2}));
  EXPECT_EQ(refractory(Scores{}, 3), Scores{});
}

TEST(Refractory, PassesOverMissingScores) {
  const Scores out = refractory(Scores{2, std::nan(""), 1, 3}, 2);
  EXPECT_EQ(out[0], 2);
  EXPECT_TRUE(std::isnan(out[1]));
  EXPECT_EQ(out[2], 0);
  EXPECT_EQ(out[3], 3);
}

TEST(Refractory, AgreesWithItsDefinition) {
  core::Random chance(3);
  Scores scores(400);
  for (double& s : scores) s = static_cast<double>(chance.below(50));
  const std::size_t span = 17;
  const Scores out = refractory(scores, span);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    bool above = true;
    for (std::size_t j = i < span ? 0 : i - span; j < i; ++j) above = above && scores[i] > scores[j];
    EXPECT_EQ(out[i], above ? scores[i] : 0) << i;
  }
}

TEST(Windows, CountEachDetectedOnceAndFalseAlarmsByEpisode) {
  const std::vector<Interval> windows = {{10, 20}, {50, 60}};
  const WindowResult result = compare_with_windows(std::vector<std::size_t>{5, 10, 20, 21, 25, 40}, windows, 10);
  EXPECT_EQ(result.windows, 2U);
  EXPECT_EQ(result.detected, 1U);
  EXPECT_EQ(result.true_alarms, 2U);
  EXPECT_EQ(result.false_alarms, 4U);
  EXPECT_EQ(result.false_episodes, (std::vector<Interval>{{5, 5}, {21, 25}, {40, 40}}));
}

TEST(Alarms, AreScoresAboveOne) {
  EXPECT_EQ(alarms(Scores{1, 1.1, std::nan(""), 0, 9}), (std::vector<std::size_t>{1, 4}));
}

// By hand: rows ranked 9(+), 8, 7(+), 6(+), 1.
const Scores kScores = {9, 8, 7, 6, 1};
const Labels kLabels = {1, 0, 1, 1, 0};

TEST(Quality, AgreesWithHandComputation) {
  const Quality at = quality_at(kScores, kLabels, 6.5);
  EXPECT_DOUBLE_EQ(at.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(at.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(at.f1, 2.0 / 3);
  const Quality best = best_f1(kScores, kLabels);
  EXPECT_DOUBLE_EQ(best.f1, 6.0 / 7);
  EXPECT_EQ(quality_at(kScores, kLabels, best.threshold).f1, best.f1);
  EXPECT_DOUBLE_EQ(average_precision(kScores, kLabels), (1 + 2.0 / 3 + 3.0 / 4) / 3);
  EXPECT_DOUBLE_EQ(auroc(kScores, kLabels), 4.0 / 6);
}

TEST(Quality, TakesTiesTogetherAndRanksMissingScoresLast) {
  EXPECT_DOUBLE_EQ(auroc(Scores{1, 1, 1, 1}, Labels{1, 0, 1, 0}), .5);
  EXPECT_DOUBLE_EQ(average_precision(Scores{1, 1, 1, 1}, Labels{1, 0, 0, 0}), .25);
  EXPECT_DOUBLE_EQ(auroc(Scores{std::nan(""), 1, 2}, Labels{0, 1, 1}), 1);
  EXPECT_DOUBLE_EQ(average_precision(Scores{std::nan(""), 1, 2}, Labels{1, 0, 1}), (1 + 2.0 / 3) / 2);
  EXPECT_TRUE(std::isnan(auroc(Scores{1, 2}, Labels{1, 1})));
  EXPECT_TRUE(std::isnan(average_precision(Scores{1, 2}, Labels{0, 0})));
  EXPECT_EQ(best_f1(Scores{1, 2}, Labels{0, 0}).f1, 0);
  EXPECT_EQ(best_f1(Scores{}, Labels{}).f1, 0);
}

TEST(Quality, PointAdjustCreditsAWholeSegmentForOneHit) {
  const Scores scores = {0, 0, 5, 0, 0, 3, 0, 0};
  const Labels labels = {0, 1, 1, 1, 0, 0, 1, 1};
  EXPECT_DOUBLE_EQ(point_adjusted_at(scores, labels, 4).recall, 3.0 / 5);
  EXPECT_DOUBLE_EQ(point_adjusted_at(scores, labels, 4).precision, 1);
  const Quality best = best_point_adjusted_f1(scores, labels);
  EXPECT_DOUBLE_EQ(best.f1, 2 * 5.0 / 13);  // all rows flagged beats 3 of 5 found
  EXPECT_DOUBLE_EQ(best_point_adjusted_f1(Scores{0, 0, 5, 0, 0, 3, 4, 0}, labels).f1, 1);
  EXPECT_EQ(segments(labels), (std::vector<Interval>{{1, 3}, {6, 7}}));
}

TEST(Quality, AdjustsOnlySegmentsOfWhichEnoughIsFlagged) {
  const Scores scores = {5, 0, 0, 0, 0, 9, 5, 5, 0, 0};
  const Labels labels = {1, 1, 1, 1, 1, 0, 1, 1, 0, 0};
  EXPECT_DOUBLE_EQ(point_adjusted_at(scores, labels, 4).recall, 1);
  EXPECT_DOUBLE_EQ(point_adjusted_at(scores, labels, 4, 0.2).f1, point_adjusted_at(scores, labels, 4).f1);
  const Quality strict = point_adjusted_at(scores, labels, 4, 0.4);
  EXPECT_DOUBLE_EQ(strict.recall, 3.0 / 7);  // the first segment keeps its one hit
  EXPECT_DOUBLE_EQ(strict.precision, 3.0 / 4);
  EXPECT_DOUBLE_EQ(point_adjusted_at(scores, labels, 4, 1).f1, quality_at(scores, labels, 4).f1);
}

TEST(Quality, JudgesStretchesOfRows) {
  const Scores scores = {0, 5, 0, 0, 0, 0, 5, 0, 0, 5};
  const Labels labels = {1, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  const Quality found = windowed_at(scores, labels, 4, 3);  // rows 0-2 hit, 3-5 missed, 6-8 false, 9 hit
  EXPECT_DOUBLE_EQ(found.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(found.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(windowed_at(scores, labels, 4, 1).f1, quality_at(scores, labels, 4).f1);
}

TEST(Quality, SaysHowLateSegmentsAreFound) {
  const Scores scores = {5, 0, 0, 5, 5, 0, 0, 5, 0};
  const Labels labels = {0, 1, 1, 1, 1, 0, 0, 1, 1};
  EXPECT_DOUBLE_EQ(mean_detection_latency(scores, labels, 4), 1);  // 2 rows and 0
  EXPECT_TRUE(std::isnan(mean_detection_latency(scores, labels, 6)));
}

TEST(Quality, SmoothsAsPublishedTablesDo) {
  const Scores scores = {5, 5, 0};
  const Labels labels = {1, 0, 1};
  const Quality q = smoothed_quality_at(scores, labels, 4);
  EXPECT_DOUBLE_EQ(q.precision, 1 / (2 + 1e-5));
  EXPECT_DOUBLE_EQ(q.recall, 1 / (2 + 1e-5));
  EXPECT_DOUBLE_EQ(q.f1, 2 * q.precision * q.recall / (q.precision + q.recall + 1e-5));
  EXPECT_EQ(smoothed_quality_at(scores, labels, 9).f1, 0);
}

TEST(Quality, SearchesTheBestThresholdExactly) {
  core::Random chance(11);
  Scores scores(120);
  Labels labels(120);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = static_cast<double>(chance.below(20));
    labels[i] = chance.below(5) == 0 ? 1 : 0;
  }
  double best = 0, best_adjusted = 0;
  for (double t = -1; t < 21; t += .5) {
    best = std::max(best, quality_at(scores, labels, t).f1);
    best_adjusted = std::max(best_adjusted, point_adjusted_at(scores, labels, t).f1);
  }
  EXPECT_DOUBLE_EQ(best_f1(scores, labels).f1, best);
  EXPECT_DOUBLE_EQ(best_point_adjusted_f1(scores, labels).f1, best_adjusted);
}

TEST(Nab, GivesHundredForPerfectionAndNothingForSilence) {
  const std::vector<Interval> windows = {{100, 149}, {300, 349}};
  EXPECT_NEAR(nab(std::vector<std::size_t>{100, 300}, windows, 50).score(), 100, 1e-9);
  EXPECT_EQ(nab({}, windows, 50).score(), 0);
  // The later in the window, the less; only the earliest counts.
  const double late = nab(std::vector<std::size_t>{140, 300}, windows, 50).score();
  EXPECT_LT(late, 95);
  EXPECT_EQ(nab(std::vector<std::size_t>{140, 145, 300}, windows, 50).score(), late);
  // By hand: one false alarm far from any window costs 0.11 of the span from -2 to 2.
  EXPECT_NEAR(nab(std::vector<std::size_t>{60, 100, 300}, windows, 50).score(), 100 * (2 - .11 + 2) / 4, 1e-9);
  EXPECT_NEAR(nab(std::vector<std::size_t>{20, 100, 300}, windows, 50).score(), 100, 1e-9);
  EXPECT_NEAR(nab(std::vector<std::size_t>{60, 100, 300}, windows, 50, kNabLowFalsePositives).score(),
              100 * (2 - .22 + 2) / 4, 1e-9);
}

}  // namespace
}  // namespace wakeful::detectors
