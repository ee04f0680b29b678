#include "runner/grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "platform/core/random.hpp"

namespace wakeful::runner {
namespace {

using monitor::Aggregate;
using monitor::Fill;
using namespace std::chrono_literals;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr core::Duration kMinute = 60s;

/// Bucket i of this test's hour.
core::Timestamp minute(std::int64_t i) { return core::parse_rfc3339("2026-03-01T10:00:00Z") + i * kMinute; }
Buckets minutes(std::int64_t first, std::int64_t last) { return {minute(first), minute(last), kMinute}; }

/// One group without dimensions.
Observations series(std::initializer_list<std::pair<core::Timestamp, double>> rows) {
  Observations out{.groups = {{}}};
  for (const auto& [time, value] : rows) out.rows.push_back({time, 0, value});
  return out;
}

/// Groups "a", "b", …: one observation per given (minute, group, value).
struct Cell {
  std::int64_t minute;
  std::uint32_t group;
  double value;
};
Observations groups(std::initializer_list<Cell> cells, std::uint32_t count = 2) {
  Observations out;
  for (std::uint32_t i = 0; i < count; ++i) out.groups.push_back({std::string(1, static_cast<char>('a' + i))});
  for (const Cell& cell : cells) out.rows.push_back({minute(cell.minute), cell.group, cell.value});
  return out;
}

std::string shown(const Grid& grid) {
  std::string text;
  for (std::int64_t row = 0; row < grid.rows(); ++row) {
    if (row > 0) text += " | ";
    for (std::size_t column = 0; column < grid.columns(); ++column) {
      const double value = grid.at(row, column);
      text += (column > 0 ? " " : "") + (std::isnan(value) ? std::string("-") : fmt::format("{}", value));
    }
  }
  return text;
}

TEST(Grid, AggregatesTheObservationsOfABucket) {
  const Observations rows =
      series({{minute(0), 4}, {minute(0) + 20s, 1}, {minute(0) + 59s + 999'999us, 7}, {minute(1), 100}});
  const auto value = [&](Aggregate aggregate) {
    return make_grid(rows, {.aggregate = aggregate}, minutes(0, 0)).at(0, 0);
  };
  EXPECT_EQ(value(Aggregate::mean), 4);
  EXPECT_EQ(value(Aggregate::sum), 12);
  EXPECT_EQ(value(Aggregate::count), 3);
  EXPECT_EQ(value(Aggregate::min), 1);
  EXPECT_EQ(value(Aggregate::max), 7);
  EXPECT_EQ(value(Aggregate::last), 7);
}

TEST(Grid, HasANegativeMaximumAndAPositiveMinimum) {
  const Observations rows = series({{minute(0), -4}, {minute(0) + 1s, -9}, {minute(1), 4}, {minute(1) + 1s, 9}});
  EXPECT_EQ(make_grid(rows, {.aggregate = Aggregate::max}, minutes(0, 0)).at(0, 0), -4);
  EXPECT_EQ(make_grid(rows, {.aggregate = Aggregate::min}, minutes(1, 1)).at(0, 0), 4);
}

TEST(Grid, TakesWhatIsNotFiniteAsMissing) {
  const Observations rows = series({{minute(0), kNaN},
                                    {minute(0), 2},
                                    {minute(1), std::numeric_limits<double>::infinity()},
                                    {minute(2), 1.7e308},
                                    {minute(2), 1.7e308},
                                    {minute(3), 1}});
  EXPECT_EQ(shown(make_grid(rows, {.aggregate = Aggregate::sum}, minutes(0, 3))), "2 | - | - | 1");
  EXPECT_EQ(shown(make_grid(rows, {.aggregate = Aggregate::count}, minutes(0, 3))), "1 | - | 2 | 1");
}

TEST(Grid, PivotsByGroupInTheOrderOfTheirNames) {
  const Observations rows = groups({{0, 1, 10}, {0, 0, 1}, {1, 1, 20}});
  const Grid grid = make_grid(rows, {}, minutes(0, 1));
  EXPECT_EQ(grid.entities, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(shown(grid), "1 10 | - 20");
}

TEST(Grid, KeepsGroupsApartWhoseValuesWouldJoinToTheSameText) {
  Observations rows;
  rows.groups = {{"a__b", "c"}, {"a", "b__c"}};
  rows.rows = {{minute(0), 0, 1}, {minute(0), 1, 2}};
  const Grid grid = make_grid(rows, {}, minutes(0, 0));
  ASSERT_EQ(grid.columns(), 2U);
  EXPECT_NE(grid.entities[0], grid.entities[1]);
}

TEST(Grid, JoinsSeriesOfTheSameGroup) {
  Observations rows;
  rows.groups = {{"eu"}, {"eu"}};
  rows.rows = {{minute(0), 0, 1}, {minute(0), 1, 3}};
  const Grid grid = make_grid(rows, {.aggregate = Aggregate::sum}, minutes(0, 0));
  EXPECT_EQ(grid.entities, std::vector<std::string>{"eu"});
  EXPECT_EQ(grid.at(0, 0), 4);
}

TEST(Grid, LeavesAGapWhereNothingWasObserved) {
  EXPECT_EQ(shown(make_grid(series({{minute(0), 1}, {minute(3), 4}}), {}, minutes(0, 3))), "1 | - | - | 4");
}

// monitoring.md §6.4: group B's bucket is missing while A's is there.
TEST(Grid, FillsZeroOnlyWhereTheSourceWasAlive) {
  const Observations rows = groups({{0, 0, 5}, {0, 1, 6}, {1, 0, 7}, {3, 1, 8}});
  const GridRule rule{.aggregate = Aggregate::count, .fill = {Fill::Kind::zero}};
  const Grid grid = make_grid(rows, rule, minutes(0, 3));
  EXPECT_EQ(shown(grid), "1 1 | 1 0 | - - | 0 1");
  EXPECT_EQ(grid.settled, minute(3));
}

TEST(Grid, CountsAnUnknownGroupAsASignOfLifeOnly) {
  const Observations rows = groups({{0, 0, 5}, {1, 1, 7}});
  const GridRule rule{.aggregate = Aggregate::count, .fill = {Fill::Kind::zero}};
  const Grid grid = make_grid(rows, rule, minutes(0, 2), std::vector<std::string>{"a"});
  EXPECT_EQ(shown(grid), "1 | 0 | -");
  EXPECT_EQ(grid.unknown, std::vector<std::string>{"b"});
  EXPECT_EQ(grid.settled, minute(0));
}

TEST(Grid, HoldsTheLastValueForSoManyBucketsOnly) {
  const Observations rows = series({{minute(0), 1}, {minute(4), 5}});
  const GridRule rule{.fill = {Fill::Kind::hold, 2}};
  EXPECT_EQ(shown(make_grid(rows, rule, minutes(0, 4))), "1 | 1 | 1 | - | 5");
  EXPECT_EQ(shown(make_grid(rows, rule, minutes(1, 4))), "1 | 1 | - | 5");
  EXPECT_EQ(shown(make_grid(rows, rule, minutes(2, 4))), "1 | - | 5");
  EXPECT_EQ(shown(make_grid(rows, rule, minutes(3, 4))), "- | 5");
}

TEST(Grid, InterpolatesGapsThatAreShortEnough) {
  const Observations rows = series({{minute(0), 1}, {minute(3), 4}, {minute(7), 8}});
  const GridRule rule{.fill = {Fill::Kind::linear, 2}};
  EXPECT_EQ(shown(make_grid(rows, rule, minutes(0, 7))), "1 | 2 | 3 | 4 | - | - | - | 8");
  EXPECT_EQ(shown(make_grid(rows, rule, minutes(2, 4))), "3 | 4 | -") << "with the neighbours in the lead";
}

TEST(Grid, IsSettledUpToTheLastBucketWithAValue) {
  EXPECT_EQ(make_grid(series({{minute(0), 1}, {minute(2), 4}}), {}, minutes(0, 9)).settled, minute(2));
  EXPECT_EQ(make_grid(series({{minute(0), 1}}), {}, minutes(1, 9)).settled, std::nullopt);
  EXPECT_EQ(make_grid(series({}), {}, minutes(0, 9)).settled, std::nullopt);
}

TEST(Grid, WaitsForTheValueBehindALinearGapUntilTheGapIsTooLong) {
  const GridRule rule{.fill = {Fill::Kind::linear, 2}};
  const Observations two = groups({{0, 0, 1}, {0, 1, 1}, {1, 0, 2}, {2, 0, 3}});
  EXPECT_EQ(make_grid(two, rule, minutes(0, 2)).settled, minute(0)) << "b may still come";
  const Observations three = groups({{0, 0, 1}, {0, 1, 1}, {1, 0, 2}, {2, 0, 3}, {3, 0, 4}});
  EXPECT_EQ(make_grid(three, rule, minutes(0, 3)).settled, minute(3)) << "three empty buckets are a gap";
}

TEST(Grid, SaysWhichColumnsGotNothing) {
  const Grid grid = make_grid(groups({{0, 0, 1}}), {}, minutes(0, 0), std::vector<std::string>{"a", "b"});
  EXPECT_EQ(grid.missing, std::vector<std::string>{"b"});
  EXPECT_EQ(shown(grid), "1 -");
}

TEST(Grid, IgnoresObservationsOutsideItsBuckets) {
  const Observations rows = series({{minute(0) - 1us, 100}, {minute(0), 1}, {minute(2), 100}});
  const Grid grid = make_grid(rows, {}, minutes(0, 1));
  EXPECT_EQ(shown(grid), "1 | -");
}

TEST(Grid, RefusesMoreCellsThanItMayHold) {
  const Observations rows = series({{minute(0), 1}});
  try {
    make_grid(rows, {}, {minute(0), minute(0) + (kMaxCells + 1) * 1ms, 1ms});
    FAIL() << "a grid without bounds";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
  }
}

TEST(Grid, HasNoRowsWithoutBuckets) {
  const Grid grid = make_grid(series({{minute(0), 1}}), {}, minutes(1, 0));
  EXPECT_EQ(grid.rows(), 0);
  EXPECT_TRUE(grid.values.empty());
}

/// Two groups with gaps of every length, now and then both at once.
Observations ragged(std::uint64_t seed, std::int64_t buckets) {
  core::Random random(seed);
  Observations rows;
  rows.groups = {{"a"}, {"b"}};
  bool silent[2] = {false, false};
  for (std::int64_t i = 0; i < buckets; ++i) {
    for (std::uint32_t group = 0; group < 2; ++group) {
      if (random.below(4) == 0) silent[group] = !silent[group];
      const std::uint64_t count = silent[group] ? 0 : random.below(3);
      for (std::uint64_t k = 0; k < count; ++k)
        rows.rows.push_back({minute(i) + static_cast<std::int64_t>(k * 7) * 1s, group, random.normal()});
    }
  }
  std::stable_sort(rows.rows.begin(), rows.rows.end(), [](const auto& l, const auto& r) { return l.time < r.time; });
  return rows;
}

/// What an evaluation at bucket `until` can have pulled.
Observations up_to(const Observations& all, core::Timestamp until) {
  Observations part{.groups = all.groups};
  for (const auto& row : all.rows) {
    if (row.time < until + kMinute) part.rows.push_back(row);
  }
  return part;
}

struct Cutting : ::testing::TestWithParam<Fill> {};

TEST_P(Cutting, LeavesTheUnionOfThePartsEqualToTheWhole) {
  const std::vector<std::string> columns{"a", "b"};
  const GridRule rule{.aggregate = Aggregate::mean, .fill = GetParam()};
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Observations all = ragged(seed, 60);
    const Grid whole = make_grid(all, rule, minutes(0, 59), columns);
    if (!whole.settled) continue;
    core::Random random(seed + 1'000);
    std::vector<double> joined;
    core::Timestamp next = minute(0);
    for (std::int64_t now = 0; now < 60; now += 1 + static_cast<std::int64_t>(random.below(7))) {
      const Buckets buckets{next, minute(now), kMinute};
      const Grid grid = make_grid(up_to(all, minute(now)), rule, buckets, columns);
      if (!grid.settled) continue;
      const Grid part = cut(grid, next, *grid.settled);
      joined.insert(joined.end(), part.values.begin(), part.values.end());
      next = *grid.settled + kMinute;
    }
    const Grid same = cut(whole, minute(0), next - kMinute);
    ASSERT_EQ(joined.size(), same.values.size());
    for (std::size_t i = 0; i < joined.size(); ++i) {
      const bool equal = joined[i] == same.values[i] || (std::isnan(joined[i]) && std::isnan(same.values[i]));
      ASSERT_TRUE(equal) << "seed " << seed << ", cell " << i << ": " << joined[i] << " and " << same.values[i];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryFill, Cutting,
                         ::testing::Values(Fill{Fill::Kind::gap}, Fill{Fill::Kind::zero}, Fill{Fill::Kind::hold, 3},
                                           Fill{Fill::Kind::linear, 3}));

TEST(Digest, DiffersWithValueTimeAndName) {
  const Grid grid = make_grid(series({{minute(0), 1}, {minute(1), 2}}), {}, minutes(0, 1));
  const std::string digest = digest_of(grid);
  EXPECT_EQ(digest_of(grid), digest);
  EXPECT_NE(digest_of(make_grid(series({{minute(0), 1}, {minute(1), 3}}), {}, minutes(0, 1))), digest);
  EXPECT_NE(digest_of(cut(grid, minute(0), minute(0))), digest);
  Grid renamed = grid;
  renamed.entities = {"x"};
  EXPECT_NE(digest_of(renamed), digest);
}

}  // namespace
}  // namespace wakeful::runner
