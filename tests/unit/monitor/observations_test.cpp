#include "monitor/observations.hpp"

#include <gtest/gtest.h>

#include "monitor/online_models.hpp"
#include "platform/core/error.hpp"
#include "platform/core/random.hpp"
#include "platform/search/dimensions.hpp"
#include "support/database.hpp"

namespace wakeful::monitor {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr core::Timestamp kNow = core::from_ms(1'700'000'000'000);

class Observations : public testing::EveryDatabase {
 protected:
  IngestReport push(std::string_view ndjson, std::size_t chunk = 1'000, const std::string& source = "src") {
    const auto known = db().read([&](db::Tx& tx) { return column_roles(tx, source); });
    RowBatch batch = read_rows(ndjson, {.format = RowFormat::ndjson, .unit = TimeUnit::seconds}, known);
    IngestReport total;
    for (const Chunk part : cut(batch, chunk)) {
      const IngestReport report = db().write([&](db::Tx& tx) {
        prepare_source(tx, source, batch, kNow);
        return store_chunk(tx, source, batch, part, kNow);
      });
      total.accepted += report.accepted;
      total.duplicates += report.duplicates;
      total.replaced += report.replaced;
      total.late += report.late;
    }
    return total;
  }
  static std::string row(int at, double v, std::string_view region = "") {
    return fmt::format("{{\"ts\":{},\"v\":{}{}}}\n", at, v,
                       region.empty() ? "" : fmt::format(",\"region\":\"{}\"", region));
  }
  std::string listed(ObservationSearch search = {}, std::int64_t page = 1'000) {
    if (search.source.empty()) search.source = "src";
    std::string all;
    std::string token;
    do {
      const auto found = db().read(
          [&](db::Tx& tx) { return list_observations(tx, search, {.max_results = page, .page_token = token}); });
      for (std::size_t i = 0; i < found.times.size(); ++i) {
        const auto& series = found.series[static_cast<std::size_t>(found.of_series[i])];
        all += fmt::format("{}:{}{} ", core::to_us(found.times[i]) / 1'000'000, found.values[i],
                           series.dims.empty() ? "" : "@" + series.dims[0].second);
      }
      token = found.next_page_token;
    } while (!token.empty());
    return all;
  }
  SourceSummary source() {
    return db().read([](db::Tx& tx) { return get_source(tx, "src", kNow); });
  }
};
WAKEFUL_ON_EVERY_DATABASE(Observations);

TEST_P(Observations, ComeBackInTimeOrderWhateverTheOrderOfArrival) {
  const auto report = push(row(30, 3) + row(10, 1, "eu") + row(20, 2) + row(10, 5));
  EXPECT_EQ(report.accepted, 4);
  EXPECT_EQ(listed(), "10:1@eu 10:5 20:2 30:3 ");
  EXPECT_EQ(listed({}, 1), "10:1@eu 10:5 20:2 30:3 ");
}

TEST_P(Observations, SaidAgainTheyAreDuplicatesOrReplacements) {
  push(row(10, 1) + row(20, 2));
  const auto again = push(row(10, 1) + row(20, 7) + row(30, 3) + row(5, 0));
  EXPECT_EQ(again.accepted, 2);
  EXPECT_EQ(again.duplicates, 1);
  EXPECT_EQ(again.replaced, 1);
  EXPECT_EQ(listed(), "5:0 10:1 20:7 30:3 ");
  EXPECT_EQ(source().rows, 4);
}

TEST_P(Observations, OnePushMaySayTheSameTwice) {
  const auto report = push(row(10, 1) + row(10, 1) + row(10, 2) + row(10, 2));
  EXPECT_EQ(report.accepted, 1);
  EXPECT_EQ(report.duplicates, 2);
  EXPECT_EQ(report.replaced, 1);
  EXPECT_EQ(listed(), "10:2 ");
}

TEST_P(Observations, ARowIsOneWhateverItsMetrics) {
  const auto first = push("{\"ts\":10,\"v\":1,\"w\":2}\n{\"ts\":20,\"v\":1,\"w\":2}\n");
  EXPECT_EQ(first.accepted, 2);
  const auto second = push("{\"ts\":10,\"v\":1,\"w\":3}\n{\"ts\":20,\"v\":1,\"x\":5}\n{\"ts\":20,\"v\":1,\"w\":2}\n");
  EXPECT_EQ(second.replaced, 1);  // w differs
  EXPECT_EQ(second.accepted, 1);  // x is new
  EXPECT_EQ(second.duplicates, 1);
  EXPECT_EQ(listed({.metric = "w"}), "10:3 20:2 ");
  EXPECT_EQ(source().metrics, (std::vector<std::string>{"v", "w", "x"}));
}

TEST_P(Observations, ChunksCountAsTheWholeDoes) {
  core::Random random(7);
  std::string body;
  for (int i = 0; i < 300; ++i)
    body += row(static_cast<int>(random.below(50)), static_cast<double>(random.below(3)), i % 2 == 0 ? "eu" : "us");
  const auto whole = push(body, 100'000);
  const auto pieces = push(body, 7, "other");
  EXPECT_EQ(whole.accepted, pieces.accepted);
  EXPECT_EQ(whole.replaced, pieces.replaced);
  EXPECT_EQ(whole.duplicates, pieces.duplicates);
  EXPECT_EQ(whole.accepted + whole.replaced + whole.duplicates, 300);
  EXPECT_EQ(listed(), listed({.source = "other"}));
  const auto again = push(body, 7);
  EXPECT_EQ(again.accepted, 0);
}

TEST_P(Observations, AreBoundedByTime) {
  push(row(10, 1) + row(20, 2) + row(30, 3));
  const auto at = [](int s) { return core::from_us(std::int64_t{s} * 1'000'000); };
  EXPECT_EQ(listed({.first = at(20)}), "20:2 30:3 ");
  EXPECT_EQ(listed({.before = at(20)}), "10:1 ");
  EXPECT_EQ(listed({.first = at(11), .before = at(30)}), "20:2 ");
}

TEST_P(Observations, AreNarrowedByDimensions) {
  push(row(10, 1, "eu") + row(10, 2, "us") + row(10, 3) + row(20, 4, "eu"));
  EXPECT_EQ(listed({.dims = {{"region", "eu"}}}), "10:1@eu 20:4@eu ");
  EXPECT_EQ(listed({.dims = {{"region", ""}}}), "10:3 ");
  EXPECT_EQ(listed({.filters = {search::parse_dimension_filter("region != 'eu'", "filters")}}), "10:2@us ");
  EXPECT_EQ(listed({.filters = {search::parse_dimension_filter("region IS NULL", "filters")}}), "10:3 ");
  EXPECT_EQ(listed({.dims = {{"region", "mars"}}}), "");
}

TEST_P(Observations, PagesGoOnWhileSeriesAppear) {
  push(row(10, 1, "eu") + row(20, 2, "eu") + row(10, 9, "us"));
  const ObservationSearch search{.source = "src", .filters = {search::parse_dimension_filter("region != 'us'", "f")}};
  const auto first =
      db().read([&](db::Tx& tx) { return list_observations(tx, search, {.max_results = 1, .page_token = {}}); });
  push(row(30, 3, "ap"));
  const auto second = db().read([&](db::Tx& tx) {
    return list_observations(tx, search, {.max_results = 10, .page_token = first.next_page_token});
  });
  ASSERT_EQ(second.values.size(), 2U);
  EXPECT_EQ(second.values[0], 2);
  EXPECT_EQ(second.values[1], 3);
}

TEST_P(Observations, WhatWasEvaluatedAlreadyIsLate) {
  push(row(60, 1));
  db().write([](db::Tx& tx) {
    put_on_watch(tx,
                 {.name = "m",
                  .detector = "d",
                  .metric = {.name = "v", .source = ObservationSource{"src"}},
                  .granularity = minutes(1),
                  .version = 1,
                  .last_evaluation = core::from_us(60'000'000)},
                 1);
  });
  const auto report = push(row(60, 2) + row(61, 1) + row(119, 1) + row(120, 1));
  EXPECT_EQ(report.replaced, 1);
  EXPECT_EQ(report.accepted, 3);
  EXPECT_EQ(report.late, 3);
}

TEST_P(Observations, ASourceSaysWhatItHolds) {
  push(row(10, 1, "eu") + row(20, 2, "us") + row(30, 3));
  const auto s = source();
  EXPECT_EQ(s.rows, 3);
  EXPECT_EQ(s.series, 3);
  EXPECT_EQ(s.dimensions, std::vector<std::string>{"region"});
  EXPECT_EQ(s.first, core::from_us(10'000'000));
  EXPECT_EQ(s.last, core::from_us(30'000'000));
  EXPECT_EQ(s.freshness_seconds, 1'699'999'970.0);
}

TEST_P(Observations, ADroppedSourceIsGoneAtOnceAndPurgedInPieces) {
  push(row(10, 1) + row(20, 2) + row(30, 3));
  push(row(10, 1), 1'000, "other");
  db().write([](db::Tx& tx) { drop_source(tx, "src"); });
  EXPECT_EQ(db().read([](db::Tx& tx) { return list_sources(tx, {}, kNow); }).rows.size(), 1U);
  EXPECT_THROW(listed(), core::Error);
  push(row(40, 4));
  EXPECT_EQ(listed(), "40:4 ");
  int rounds = 0;
  while (db().write([](db::Tx& tx) { return purge_sources(tx, 2); })) ++rounds;
  EXPECT_GE(rounds, 3);
  EXPECT_EQ(listed(), "40:4 ");
  EXPECT_EQ(listed({.source = "other"}), "10:1 ");
}

TEST_P(Observations, AChartKeepsTheExtremesOfEveryPixel) {
  std::string body;
  core::Random random(3);
  std::vector<double> values;
  for (int i = 0; i < 1'000; ++i) {
    values.push_back(random.uniform());
    body += row(i, values.back());
  }
  push(body);
  const auto found = db().read([](db::Tx& tx) { return chart(tx, {.source = "src"}, 10); });
  EXPECT_EQ(found.points, 1'000);
  EXPECT_FALSE(found.exact);
  ASSERT_EQ(found.series.size(), 1U);
  const auto& shown = found.series[0];
  EXPECT_LE(shown.values.size(), 20U);
  EXPECT_TRUE(std::is_sorted(shown.times.begin(), shown.times.end()));
  for (int pixel = 0; pixel < 10; ++pixel) {
    const auto part = std::span(values).subspan(static_cast<std::size_t>(pixel) * 100, 100);
    for (const double extreme :
         {*std::min_element(part.begin(), part.end()), *std::max_element(part.begin(), part.end())})
      EXPECT_NE(std::find(shown.values.begin(), shown.values.end(), extreme), shown.values.end()) << pixel;
  }
  const auto whole = db().read([](db::Tx& tx) { return chart(tx, {.source = "src"}, 5'000); });
  EXPECT_TRUE(whole.exact);
  EXPECT_EQ(whole.series[0].values, values);
}

TEST_P(Observations, TooManySeriesAreRefusedBeforeTheFirstChunkIsStored) {
  push(row(10, 1, "0") + row(10, 1, "new"));
  RowBatch batch{.metrics = {"v"}};
  const auto add = [&](std::int64_t i) {
    batch.values.push_back({.time = kNow, .value = 1, .dims = static_cast<std::uint32_t>(i)});
    batch.dims.push_back(fmt::format("{{\"region\":\"{}\"}}", i));
  };
  for (std::int64_t i = 0; i + 1 < kMaxSeries; ++i) add(i);
  db().read([&](db::Tx& tx) { check_room(tx, "src", batch); });  // "0" is there already
  add(kMaxSeries - 1);
  try {
    db().read([&](db::Tx& tx) { check_room(tx, "src", batch); });
    FAIL() << "there is no room";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.field(), "source");
  }
}

TEST_P(Observations, AnotherRoleForAColumnIsRefused) {
  push(row(10, 1, "eu"));
  RowBatch batch =
      read_rows("{\"ts\":10,\"region\":5}\n", {.format = RowFormat::ndjson, .unit = TimeUnit::seconds}, {});
  try {
    db().write([&](db::Tx& tx) { prepare_source(tx, "src", batch, kNow); });
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.field(), "region");
  }
}

}  // namespace
}  // namespace wakeful::monitor
