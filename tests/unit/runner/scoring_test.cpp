#include "runner/scoring.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "detectors/catalog.hpp"
#include "platform/core/random.hpp"
#include "runner/plain_names.hpp"
#include "runner/training_summary.hpp"

namespace wakeful::runner {
namespace {

using detectors::NamedDetector;
using namespace std::chrono_literals;

const double kNaN = std::nan("");
core::Timestamp minute(std::int64_t i) { return core::parse_rfc3339("2026-03-01T10:00:00Z") + i * 60s; }

Grid grid_of(std::vector<std::string> entities, std::vector<double> values, std::int64_t first = 0) {
  Grid grid;
  const auto rows = static_cast<std::int64_t>(values.size() / entities.size());
  grid.buckets = {minute(first), minute(first + rows - 1), 60s};
  grid.entities = std::move(entities);
  grid.values = std::move(values);
  return grid;
}

/// `rows` of standard normal values for each entity.
Grid noise(const std::vector<std::string>& entities, std::int64_t rows, std::uint64_t seed) {
  core::Random random(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < static_cast<std::size_t>(rows) * entities.size(); ++i) values.push_back(random.normal());
  return grid_of(entities, std::move(values));
}

monitor::Metric metric_by(std::vector<std::string> groupings) {
  monitor::Metric metric;
  metric.name = "latency";
  metric.dimension_groupings = std::move(groupings);
  return metric;
}

std::vector<NamedDetector> trained(const std::vector<std::string>& algorithms, const Grid& grid,
                                   const monitor::Metric& metric) {
  std::vector<NamedDetector> out;
  for (const std::string& name : algorithms) {
    auto detector = detectors::make_detector(name);
    detector->fit(frame_of(grid, metric));
    out.push_back({"my " + name, std::move(detector)});
  }
  return out;
}

TEST(Scoring, GivesOneScorePerEntityAndFilledBucket) {
  const auto metric = metric_by({"region"});
  auto detectors = trained({"univariate_baseline"}, noise({"eu", "us"}, 200, 1), metric);
  const auto scores = score_grid(detectors, grid_of({"eu", "us"}, {0.1, 100, kNaN, kNaN, kNaN, 0.2}), metric);
  ASSERT_EQ(scores.size(), 3U);
  EXPECT_EQ(scores[0].entity, "eu");
  EXPECT_EQ(scores[0].timestamp, minute(0));
  EXPECT_EQ(scores[0].algorithm, "my univariate_baseline");
  EXPECT_EQ(scores[0].value, 0.1);
  EXPECT_FALSE(scores[0].is_anomaly);
  EXPECT_EQ(scores[1].entity, "us");
  EXPECT_TRUE(scores[1].is_anomaly);
  EXPECT_GT(*scores[1].score, 1);
  EXPECT_LT(*scores[1].upper, 100);
  EXPECT_EQ(scores[2].entity, "us");
  EXPECT_EQ(scores[2].timestamp, minute(2)) << "the empty bucket between has no score";
}

TEST(Scoring, NamesTheOnlyEntityOfAMetricWithoutGroups) {
  const auto metric = metric_by({});
  auto detectors = trained({"univariate_baseline", "isolation_forest"}, noise({""}, 300, 2), metric);
  EXPECT_EQ(detectors[0].detector->channels()[0], "latency");
  EXPECT_EQ(entities_of(detectors[0].detector->channels(), metric), std::vector<std::string>{""});
  const auto scores = score_grid(detectors, grid_of({""}, {0.5}), metric);
  ASSERT_EQ(scores.size(), 2U);
  for (const auto& score : scores) {
    EXPECT_EQ(score.entity, "");
    EXPECT_EQ(score.value, 0.5);
  }
}

TEST(Scoring, GivesOneScoreForAllGroupsWhereAMethodLooksAtThemTogether) {
  const auto metric = metric_by({"region"});
  auto detectors = trained({"isolation_forest"}, noise({"eu", "us"}, 300, 3), metric);
  const auto scores = score_grid(detectors, grid_of({"eu", "us"}, {0, 0, 50, -50}), metric);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0].entity, "");
  EXPECT_EQ(scores[0].value, std::nullopt);
  EXPECT_LT(*scores[0].score, *scores[1].score);
}

TEST(Scoring, GivesTheSameInPartsAsAtOnce) {
  const auto metric = metric_by({"region"});
  const Grid training = noise({"eu", "us"}, 300, 4);
  Grid rows = noise({"eu", "us"}, 100, 5);
  rows.values[20] = rows.values[21] = rows.values[60] = kNaN;
  const std::vector<std::string> algorithms{"univariate_baseline", "ar_ridge", "ewma_residual", "isolation_forest"};
  auto whole = trained(algorithms, training, metric);
  auto parts = trained(algorithms, training, metric);
  const auto at_once = score_grid(whole, rows, metric);
  std::vector<monitor::Score> joined;
  for (std::int64_t first = 0; first < 100; first += 7) {
    const Grid part = cut(rows, minute(first), minute(std::min<std::int64_t>(first + 6, 99)));
    for (const auto& score : score_grid(parts, part, metric)) joined.push_back(score);
  }
  ASSERT_EQ(joined.size(), at_once.size());
  const auto key = [](const monitor::Score& s) { return std::tie(s.algorithm, s.timestamp, s.entity); };
  std::sort(joined.begin(), joined.end(), [&](const auto& l, const auto& r) { return key(l) < key(r); });
  auto sorted = at_once;
  std::sort(sorted.begin(), sorted.end(), [&](const auto& l, const auto& r) { return key(l) < key(r); });
  for (std::size_t i = 0; i < joined.size(); ++i) {
    ASSERT_EQ(joined[i].score, sorted[i].score) << i;
    ASSERT_EQ(joined[i].expected, sorted[i].expected) << i;
  }
  EXPECT_EQ(detectors::save_detectors(whole), detectors::save_detectors(parts)) << "the states are equal too";
}

TEST(Scoring, CountsBucketsThatFitInOneCommit) {
  const auto metric = metric_by({"region"});
  const auto detectors = trained({"univariate_baseline", "isolation_forest"}, noise({"eu", "us"}, 300, 6), metric);
  const Grid rows = grid_of({"eu", "us"}, {1, 1, kNaN, kNaN, 1, kNaN, 1, 1});  // 3, 0, 2 and 3 scores
  EXPECT_EQ(rows_within(detectors, rows, 100), 4);
  EXPECT_EQ(rows_within(detectors, rows, 8), 4);
  EXPECT_EQ(rows_within(detectors, rows, 7), 3);
  EXPECT_EQ(rows_within(detectors, rows, 4), 2);
  EXPECT_EQ(rows_within(detectors, rows, 1), 1) << "never none";
  EXPECT_EQ(filled_rows(rows), 3);
}

TEST(PlainNames, HoldNothingThatAPathOrAKeyRefuses) {
  EXPECT_EQ(plain_name("latency_ms"), "latency_ms");
  EXPECT_EQ(plain_name("scale.[\"a\",\"b/c\"]"), "scale.__a___b_c__");
  EXPECT_EQ(plain_name(".."), "_..");
  EXPECT_EQ(plain_name(""), "_");
  EXPECT_EQ(plain_name("..\\#%"), "..___");
  EXPECT_EQ(plain_name(std::string(500, 'x')).size(), 150U);
}

TEST(TrainingSummary, SaysWhatWasThere) {
  const std::string json = training_summary("latency", grid_of({"eu", "us"}, {1, kNaN, 2, kNaN, 6, kNaN}));
  const auto document = core::parse_json(json);
  const core::ObjectReader summary(document.root());
  EXPECT_EQ(summary.text("from"), "2026-03-01T10:00:00Z");
  EXPECT_EQ(summary.text("until"), "2026-03-01T10:02:00Z");
  EXPECT_EQ(summary.text("granularity"), "1m");
  EXPECT_EQ(summary.integer("rows"), 3);
  const auto entities = summary.objects("entities");
  ASSERT_EQ(entities.size(), 2U);
  EXPECT_EQ(entities[0].real("mean"), 3);
  EXPECT_NEAR(entities[0].real("standard_deviation"), std::sqrt(14.0 / 3), 1e-15);
  EXPECT_EQ(entities[0].real("minimum"), 1);
  EXPECT_EQ(entities[0].real("maximum"), 6);
  EXPECT_EQ(entities[1].integer("missing"), 3);
  EXPECT_FALSE(entities[1].has("mean"));
}

}  // namespace
}  // namespace wakeful::runner
