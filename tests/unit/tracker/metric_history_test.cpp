// Series, their marks and what is read from them, against the plain definition.
#include "tracker/metric_history.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "platform/core/random.hpp"
#include "support/database.hpp"
#include "tracker/experiments.hpp"
#include "tracker/runs.hpp"

namespace wakeful::tracker {
namespace {

class Histories : public wakeful::testing::EveryDatabase {
 protected:
  void SetUp() override {
    EveryDatabase::SetUp();
    if (IsSkipped()) return;
    db().write([](db::Tx& tx) { ensure_default_experiment(tx, Settings{}, core::from_ms(1)); });
    db().write([&](db::Tx& tx) { create_run(tx, {.experiment_id = "0"}, run_); });
  }

  void log(const std::vector<Point>& points) {
    Batch batch;
    for (const Point& point : points) {
      batch.metrics.push_back(
          {.key = "m", .value = value_of(point), .timestamp_ms = point.timestamp_ms, .step = point.step});
      expected_.insert(point);
    }
    const CheckedBatch checked(std::move(batch), {});
    db().write([&](db::Tx& tx) { log_batch(tx, run_, checked); });
  }

  History history(std::optional<std::int64_t> max_results = std::nullopt, const std::string& token = "") {
    return db().read([&](db::Tx& tx) { return get_history(tx, run_, "m", max_results, token); });
  }
  std::vector<Point> sample(std::int64_t most, std::optional<StepRange> range = std::nullopt) {
    return db().read([&](db::Tx& tx) { return sample_history(tx, run_, "m", most, range); });
  }
  Metric latest() {
    return db().read([&](db::Tx& tx) { return get_run(tx, run_); }).metrics.at(0);
  }

  std::vector<Point> in_time_order() const {
    std::vector<Point> points(expected_.begin(), expected_.end());
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
      return std::tie(a.timestamp_ms, a.step, a.value, a.is_nan) < std::tie(b.timestamp_ms, b.step, b.value, b.is_nan);
    });
    return points;
  }

  /// The definition: NTILE over the points in order, the first of each bucket, the last one at the end.
  std::vector<Point> plain_sample(std::size_t most, std::optional<StepRange> range = std::nullopt) const {
    std::vector<Point> points;
    for (const Point& point : expected_)
      if (!range || (point.step >= range->first && point.step <= range->last)) points.push_back(point);
    if (points.size() <= most) return points;
    std::vector<Point> kept;
    const std::size_t size = points.size() / most;
    const std::size_t longer = points.size() % most;
    std::size_t at = 0;
    for (std::size_t i = 0; i < most; ++i) {
      kept.push_back(points[at]);
      at += size + (i < longer ? 1 : 0);
    }
    kept.back() = points.back();
    return kept;
  }

  void expect_all_right() {
    EXPECT_EQ(history().points, in_time_order());
    const Point last = *expected_.rbegin();
    EXPECT_EQ(to_point(latest()), last);
    for (const std::size_t most : {1U, 2U, 5U, 7U, 100U}) {
      EXPECT_EQ(sample(static_cast<std::int64_t>(most)), plain_sample(most)) << most;
      for (const StepRange range : {StepRange{0, 0}, {3, 40}, {100, 1'500}, {-5, 100'000}, {700, 701}})
        EXPECT_EQ(sample(static_cast<std::int64_t>(most), range), plain_sample(most, range))
            << most << " of " << range.first << ".." << range.last;
    }
  }

  const RunId run_{"0123456789abcdef0123456789abcdef"};
  std::set<Point> expected_;
  core::Random random_{7};
};

TEST_P(Histories, AreEmptyWithoutPoints) {
  EXPECT_TRUE(history().points.empty());
  EXPECT_TRUE(sample(5).empty());
}

TEST_P(Histories, HoldWhatComesInOrder) {
  for (std::int64_t from = 0; from < 3'000; from += 300) {
    std::vector<Point> points;
    for (std::int64_t i = from; i < from + 300; ++i) points.push_back({i, 1'000 + i, static_cast<double>(i), false});
    log(points);
  }
  expect_all_right();
}

TEST_P(Histories, HoldWhatComesLateAndTwice) {
  for (int batch = 0; batch < 12; ++batch) {
    std::vector<Point> points;
    for (int i = 0; i < 250; ++i) {
      const auto step = static_cast<std::int64_t>(random_.below(2'000));
      const bool is_nan = random_.below(20) == 0;
      points.push_back(
          {step, static_cast<std::int64_t>(random_.below(50)), is_nan ? 0.0 : double(random_.below(3)), is_nan});
    }
    log(points);
    log({points.begin(), points.begin() + 20});
    if (batch % 4 == 3) expect_all_right();
  }
}

TEST_P(Histories, StayRightWhenLatePointsFollowManyInOrder) {
  std::vector<Point> points;
  for (std::int64_t i = 0; i < 1'000; ++i) points.push_back({2 * i, i, 0.5, false});
  log(points);
  log({{501, 3, 1, false}});
  expect_all_right();
  std::vector<Point> more;
  for (std::int64_t i = 1'000; i < 1'900; ++i) more.push_back({2 * i, i, 0.5, false});
  log(more);
  expect_all_right();
  log({{1'201, 3, 1, false}, {4'000, 1, 1, false}});
  expect_all_right();
}

TEST_P(Histories, HoldManyPointsAtOneStep) {
  for (std::int64_t from = 0; from < 1'200; from += 400) {
    std::vector<Point> points;
    for (std::int64_t i = from; i < from + 400; ++i) points.push_back({i < 1'000 ? 0 : 1, i, 0.25, false});
    log(points);
  }
  expect_all_right();
}

TEST_P(Histories, PageWithoutLossWhateverTheOrder) {
  for (int batch = 0; batch < 2; ++batch) {
    std::vector<Point> points;
    for (int i = 0; i < 40; ++i)
      points.push_back({batch == 0 ? i : 40 - i, static_cast<std::int64_t>(random_.below(6)), double(i % 3), false});
    log(points);
    for (const std::int64_t size : {1, 7, 39, 40, 1'000}) {
      std::vector<Point> seen;
      std::string token;
      do {
        const History page = history(size, token);
        EXPECT_LE(static_cast<std::int64_t>(page.points.size()), size);
        seen.insert(seen.end(), page.points.begin(), page.points.end());
        token = page.next_page_token;
      } while (!token.empty() && seen.size() < 1'000);
      EXPECT_EQ(seen, in_time_order()) << size;
    }
  }
}

TEST_P(Histories, RefuseTokensOfOthers) {
  log({{0, 0, 1, false}, {1, 1, 1, false}});
  const std::string token = history(1).next_page_token;
  ASSERT_FALSE(token.empty());
  EXPECT_THROW(db().read([&](db::Tx& tx) { return get_history(tx, run_, "other", 1, token); }), core::Error);
  EXPECT_THROW(history(0), core::Error);
}

WAKEFUL_ON_EVERY_DATABASE(Histories);

TEST(Points, AreStoredAsMlflowStoresThem) {
  EXPECT_EQ(to_point({.key = "m", .value = std::nan("")}), (Point{0, 0, 0, true}));
  EXPECT_EQ(to_point({.key = "m", .value = INFINITY}).value, 1.7976931348623157e308);
  EXPECT_EQ(to_point({.key = "m", .value = -INFINITY}).value, -1.7976931348623157e308);
  EXPECT_FALSE(std::signbit(to_point({.key = "m", .value = -0.0}).value));
  EXPECT_TRUE(std::isnan(value_of({0, 0, 0, true})));
}

}  // namespace
}  // namespace wakeful::tracker
