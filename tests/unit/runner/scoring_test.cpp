#include "runner/scoring.hpp"

#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "detectors/catalog.hpp"
#include "platform/core/json.hpp"
#include "platform/core/random.hpp"
#include "runner/localisation.hpp"
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

/// The names of the channels that a row's metadata tells, by name.
std::vector<std::string> channels_told(const monitor::Score& score) {
  const auto metadata = core::parse_json(score.metadata);
  return core::ObjectReader(metadata.root()).object("channels").names();
}

TEST(Scoring, SaysWhichChannelsAnAnomalyOfAllTogetherWas) {
  const auto metric = metric_by({"sensor"});
  const std::vector<std::string> names{"s1", "s2", "s3", "s4"};
  auto detectors = trained({"ransyncoders", "mahalanobis", "one_class_svm"}, noise(names, 400, 8), metric);
  const auto scores = score_grid(detectors, grid_of(names, {0.1, 0.2, 0, 0.1, 0, 0.1, 60, -0.1}), metric);
  ASSERT_EQ(scores.size(), 6U);
  for (std::size_t odd = 1; odd < scores.size(); odd += 2) {
    EXPECT_EQ(scores[odd - 1].metadata, "") << scores[odd].algorithm;
    ASSERT_TRUE(scores[odd].is_anomaly) << scores[odd].algorithm;
    const auto document = core::parse_json(scores[odd].metadata);
    const core::ObjectReader metadata(document.root());
    EXPECT_EQ(metadata.integer("channel_count"), 4);
    const core::ObjectReader third = metadata.object("channels").object("s3");
    EXPECT_EQ(third.real("value"), 60);
    EXPECT_GT(third.real("contribution"), 0.5 * *scores[odd].score);
    const bool has_bounds = scores[odd].algorithm == "my ransyncoders";
    EXPECT_EQ(metadata.has("out_of_bounds"), has_bounds);
    EXPECT_EQ(third.has("upper"), has_bounds);
    if (!has_bounds) continue;
    EXPECT_GE(metadata.integer("out_of_bounds"), 1);
    EXPECT_LT(third.real("lower"), third.real("expected"));
    EXPECT_LT(third.real("expected"), third.real("upper"));
    EXPECT_LT(third.real("upper"), 60);
  }
}

TEST(Scoring, TellsTheChannelsThatContributeMostAndHowManyThereAre) {
  detectors::Scores found;
  found.channels = 30;
  std::vector<std::string> names;
  for (std::size_t row = 0; row < 2; ++row) {
    for (std::size_t c = 0; c < 30; ++c)
      found.channel_score.push_back(row == 1 && c < 12 ? 0.125 * static_cast<double>(c) : 0);
  }
  for (std::size_t c = 0; c < 30; ++c) names.push_back(fmt::format("s{:02}", c));
  found.y.assign(60, 5);
  found.yhat.assign(60, kNaN);
  found.yhat_lower.assign(60, kNaN);
  found.yhat_upper.assign(60, 6);
  found.yhat_upper[33] = found.yhat_upper[34] = 4;
  found.anomaly_score = {0.5, 8.25};
  monitor::Score told;
  told.metadata = metadata_of(found, 1, names);
  EXPECT_EQ(channels_told(told),
            (std::vector<std::string>{"s02", "s03", "s04", "s05", "s06", "s07", "s08", "s09", "s10", "s11"}));
  const auto document = core::parse_json(told.metadata);
  const core::ObjectReader metadata(document.root());
  EXPECT_EQ(metadata.integer("channel_count"), 30);
  EXPECT_EQ(metadata.integer("out_of_bounds"), 2);
  EXPECT_FALSE(metadata.object("channels").object("s11").has("lower")) << "a number that the method does not have";
  EXPECT_EQ(metadata.object("channels").object("s11").real("contribution"), 1.375);
  // Names of any length leave room for the rest of what travels.
  names[11].assign(9'000, 'x');
  told.metadata = metadata_of(found, 1, names);
  EXPECT_TRUE(channels_told(told).empty());
  found.channel_score.clear();
  EXPECT_EQ(metadata_of(found, 1, names), "");
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
