#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "platform/core/id.hpp"
#include "platform/core/text.hpp"
#include "runner/metric_store/expression.hpp"
#include "runner/metric_store/query.hpp"
#include "runner/metric_store/tables.hpp"
#include "support/database.hpp"
#include "unit/runner/stage.hpp"

namespace wakeful::runner {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTables = R"(
tables:
  - name: fct_sales
    type: fact
    source: sales.csv
    columns:
      - {name: sale_id, data_type: int}
      - {name: shop_id, data_type: int}
      - {name: ts, data_type: timestamp}
      - {name: dim_payment, data_type: str}
      - {name: m_total, data_type: float}
  - name: dim_shops
    type: dim
    source: shops.csv
    columns:
      - {name: shop_id, data_type: int}
      - {name: dim_region, data_type: str}
metrics:
  - {name: sales, definition: COUNT(sale_id)}
  - {name: amount, definition: SUM(m_total)}
  - {name: mean, definition: SUM(m_total) / COUNT(sale_id)}
  - {name: shops, definition: count(distinct shop_id)}
  - {name: lost, definition: SUM(m_lost)}
)";

// Two at the ends of 2023: one that belongs to it, and one that does not.
constexpr const char* kSales =
    "1,1,2023-01-01 00:00:00,cash,1.5\n"
    "2,1,2023-01-31 23:59:59,card,2\n"
    "3,2,2023-02-01T00:00:00Z,cash,4\n"
    "4,2,2023-02-15 12:00:00,cash,\n"
    "5,3,2023-12-31 23:59:59,card,8\n"
    "6,1,2024-01-01 00:00:00,cash,16\n"
    "7,9,2023-06-05 10:30:00,card,32\n";
constexpr const char* kShops = "1,EU\n2,NA\n3,EU\n";

core::Timestamp at(const std::string& text) { return core::parse_rfc3339(text); }

class MetricStoreTest : public ::testing::Test {
 protected:
  MetricStoreTest() { fs::create_directories(folder_); }
  ~MetricStoreTest() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  void write_all(const std::string& tables = kTables) {
    write("store.yaml", tables);
    write("sales.csv", kSales);
    write("shops.csv", kShops);
  }
  MetricQuestion question(std::string metric) {
    return {.metric = std::move(metric), .start = at("2023-01-01T00:00:00Z"), .end = at("2024-01-01T00:00:00Z")};
  }
  std::vector<std::string> lines(db::Database& database, const MetricQuestion& asked) {
    std::vector<std::string> out;
    const auto store = read_metric_store(folder_);
    for (const MetricRow& row : ask(database, build_query(store, asked, database.dialect()), {})) {
      std::string line = row.time;
      for (const auto& dim : row.dimensions) line += " " + dim.value_or("-");
      out.push_back(line + " " + (row.value ? core::format_real(*row.value) : "-"));
    }
    return out;
  }
  std::vector<std::string> lines(const MetricQuestion& asked) {
    Connections connections;
    return lines(*open_tables(read_metric_store(folder_), connections), asked);
  }
  /// "field: message" of what is refused.
  template <class F>
  std::string refusal(F&& act) {
    try {
      act();
    } catch (const core::Error& e) {
      return e.field() + ": " + e.what();
    }
    return "taken";
  }
  std::string refused(const MetricQuestion& asked) {
    return refusal([&] { lines(asked); });
  }

  fs::path folder_ = fs::temp_directory_path() / core::new_hex_id();
};

using Lines = std::vector<std::string>;

TEST_F(MetricStoreTest, CountsByMonthAndLeavesTheEndOut) {
  write_all();
  EXPECT_EQ(lines(question("sales")), (Lines{"2023-01-01T00:00:00Z 2", "2023-02-01T00:00:00Z 2",
                                             "2023-06-01T00:00:00Z 1", "2023-12-01T00:00:00Z 1"}));
  auto january = question("sales");
  january.end = at("2023-02-01T00:00:00Z");
  auto february = question("sales");
  february.start = january.end;
  february.end = at("2023-03-01T00:00:00Z");
  EXPECT_EQ(lines(january), Lines{"2023-01-01T00:00:00Z 2"});
  EXPECT_EQ(lines(february), Lines{"2023-02-01T00:00:00Z 2"});  // the sale at midnight is in one of them only
}

TEST_F(MetricStoreTest, CutsTimesByEveryGrain) {
  write_all();
  const std::pair<Grain, const char*> cases[] = {
      {Grain::minute, "2023-06-05T10:30:00Z 1"}, {Grain::hour, "2023-06-05T10:00:00Z 1"},
      {Grain::day, "2023-06-05T00:00:00Z 1"},    {Grain::week, "2023-06-05T00:00:00Z 1"},
      {Grain::month, "2023-06-01T00:00:00Z 1"},  {Grain::quarter, "2023-04-01T00:00:00Z 1"},
      {Grain::year, "2023-01-01T00:00:00Z 1"}};
  for (const auto& [grain, line] : cases) {
    auto asked = question("sales");
    asked.grain = grain;
    asked.start = at("2023-06-01T00:00:00Z");
    asked.end = at("2023-07-01T00:00:00Z");
    EXPECT_EQ(lines(asked), Lines{line});
    const auto start = core::parse_rfc3339(std::string(line).substr(0, 20));
    EXPECT_EQ(start_of(grain, at("2023-06-05T10:30:59Z")), start) << line;
    EXPECT_EQ(start_of(grain, end_of(grain, start) - core::Duration(1)), start) << line;
    EXPECT_EQ(start_of(grain, end_of(grain, start)), end_of(grain, start)) << line;
  }
  auto week = question("sales");  // the first of January 2023 was a Sunday
  week.grain = Grain::week;
  week.end = at("2023-01-08T00:00:00Z");
  EXPECT_EQ(lines(week), Lines{"2022-12-26T00:00:00Z 1"});
}

TEST_F(MetricStoreTest, JoinsTheDimensionTableAndKeepsFactsWithoutARow) {
  write_all();
  auto asked = question("amount");
  asked.grain = Grain::year;
  asked.dimensions = {"dim_region"};
  auto found = lines(asked);
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (Lines{"2023-01-01T00:00:00Z - 32", "2023-01-01T00:00:00Z EU 11.5", "2023-01-01T00:00:00Z NA 4"}));
  asked.dimensions = {"dim_payment", "dim_region"};
  asked.filters = {"dim_region = 'EU'", "dim_payment = 'card'"};
  EXPECT_EQ(lines(asked), Lines{"2023-01-01T00:00:00Z card EU 10"});
  asked.filters = {"dim_region = 'EU'' OR 1=1 --'"};
  EXPECT_EQ(lines(asked), Lines{});  // a value, whatever it says
}

TEST_F(MetricStoreTest, KnowsRatiosAndDistinctCounts) {
  write_all();
  auto asked = question("mean");
  asked.grain = Grain::year;
  EXPECT_EQ(lines(asked), Lines{"2023-01-01T00:00:00Z " + core::format_real(47.5 / 6)});
  asked.metric = "shops";
  EXPECT_EQ(lines(asked), Lines{"2023-01-01T00:00:00Z 4"});
}

TEST_F(MetricStoreTest, SaysWhichSourceItCannotDetermine) {
  write_all();
  EXPECT_EQ(refused(question("salez")), "metric: unknown metric 'salez'; did you mean 'sales'?");
  EXPECT_EQ(refused(question("lost")), "metric: cannot determine source of 'lost': no fact table has m_lost");
  auto asked = question("sales");
  asked.dimensions = {"dim_regoin"};
  EXPECT_NE(refused(asked).find("dimension: cannot determine source of 'dim_regoin'"), std::string::npos);
  EXPECT_NE(refused(asked).find("did you mean 'dim_region'?"), std::string::npos);
  asked.dimensions = {"dim_region\" FROM x; --"};
  EXPECT_NE(refused(asked).find("cannot determine source"), std::string::npos);
  asked.dimensions = {};
  asked.end = asked.start;
  EXPECT_NE(refused(asked).find("start: the span is empty"), std::string::npos);
  std::string two = kTables;
  const auto facts =
      two.substr(two.find("  - name: fct_sales"), two.find("  - name: dim_shops") - two.find("  - name: fct_sales"));
  write_all(std::string(kTables).replace(two.find("  - name: dim_shops"), 0,
                                         std::string(facts).replace(facts.find("fct_sales"), 9, "fct_other")));
  EXPECT_EQ(
      refused(question("sales")),
      "metric: cannot determine source of 'sales': more than one fact table has what it needs: fct_sales, fct_other");
}

TEST_F(MetricStoreTest, RefusesTablesWithoutTheirAnchorAndColumnsWithoutARole) {
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = kTables;
    text.replace(text.find(from), from.size(), to);
    write_all(text);
    return refusal([&] { read_metric_store(folder_); });
  };
  EXPECT_NE(with("{name: ts, data_type: timestamp}", "{name: m_x, data_type: float}").find("has 0 columns ts"),
            std::string::npos);
  EXPECT_NE(with("dim_region, data_type: str", "other_id, data_type: int").find("has 2 keys"), std::string::npos);
  EXPECT_NE(with("name: m_total", "name: total").find("has no role"), std::string::npos);
  EXPECT_NE(with("type: fact", "type: facts").find("neither fact nor dim"), std::string::npos);
  EXPECT_NE(with("data_type: float", "data_type: flaot").find("did you mean 'float'?"), std::string::npos);
  EXPECT_NE(with("name: amount", "name: sales").find("there twice"), std::string::npos);
  write_all();
  write("sales.csv", "1,1,2023-01-01 00:00:00,cash,much\n");
  EXPECT_NE(refused(question("sales")).find("sales.csv: line 1: 'much' is no number of column 'm_total'"),
            std::string::npos);
}

TEST(MetricExpressions, AreWrittenAnewOrRefusedWithAPosition) {
  const auto sql = [](const std::string& text) {
    return parse_metric_expression(text, "f").sql([](const std::string& c) { return "<" + c + ">"; });
  };
  EXPECT_EQ(sql("sum( m_a*2 )-Count(*)"),
            "CAST(SUM(<m_a> * CAST(2 AS DOUBLE PRECISION)) AS DOUBLE PRECISION) - CAST(COUNT(*) AS DOUBLE PRECISION)");
  const std::pair<const char*, const char*> cases[] = {
      {"m_a", "at character 1 of \"m_a\": column 'm_a' stands outside an aggregate"},
      {"SUMM(m_a)", "did you mean SUM?"},
      {"SUM(MAX(m_a))", "an aggregate within an aggregate"},
      {"SUM(m_a", "a ')' is missing"},
      {"SUM(m_a); DROP TABLE x", "';"},
      {"1 + 2", "there is no aggregate"},
      {"SUM('x')", "does not belong there"},
      {"SUM(m_a) /", "it ends too early"},
      {"", "it ends too early"}};
  for (const auto& [text, says] : cases) {
    try {
      parse_metric_expression(text, "f");
      ADD_FAILURE() << text;
    } catch (const core::Error& e) {
      EXPECT_NE(std::string(e.what()).find(says), std::string::npos) << e.what();
    }
  }
}

/// The same answers from a real table in a database of every kind.
class MetricStoreOnDatabases : public MetricStoreTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(MetricStoreOnDatabases, AnswerAlike) {
  if (!testing::Store::is_available(GetParam())) GTEST_SKIP() << "no server for " << GetParam() << " (see scripts/pg)";
  write_all();
  testing::Store place(GetParam());
  const auto database = place.open();
  const bool postgres = place.is_postgres();
  database->write([&](db::Tx& tx) {
    tx.execute({"test.facts", postgres ? "CREATE TABLE fct_sales (sale_id BIGINT, shop_id BIGINT, ts TIMESTAMP, "
                                         "dim_payment TEXT, m_total NUMERIC(9, 2))"
                                       : "CREATE TABLE fct_sales (sale_id, shop_id, ts, dim_payment, m_total)"});
    tx.execute({"test.dims", "CREATE TABLE dim_shops (shop_id BIGINT, dim_region TEXT)"});
    tx.execute({"test.fill",
                "INSERT INTO fct_sales VALUES (1, 1, '2023-01-01 00:00:00', 'cash', 1.5), "
                "(2, 1, '2023-01-31 23:59:59.999', 'card', 2), (3, 2, '2023-02-01 00:00:00', 'cash', 4), "
                "(6, 1, '2024-01-01 00:00:00', 'cash', 16), (7, 9, '2023-06-05 10:30:00', 'card', 32)"});
    tx.execute({"test.fill_dims", "INSERT INTO dim_shops VALUES (1, 'EU'), (2, 'NA')"});
    return 0;
  });
  auto asked = question("amount");
  asked.dimensions = {"dim_region"};
  asked.filters = {"dim_region IN ('EU', 'NA')"};
  for (const Grain grain : {Grain::month, Grain::quarter, Grain::week, Grain::minute}) {
    asked.grain = grain;
    auto csv = asked;
    csv.end = at("2023-02-02T00:00:00Z");  // where the files have no more than the tables
    EXPECT_EQ(lines(*database, csv), lines(csv)) << name_of(grain);
  }
  asked.grain = Grain::month;
  EXPECT_EQ(lines(*database, asked), (Lines{"2023-01-01T00:00:00Z EU 3.5", "2023-02-01T00:00:00Z NA 4"}));
}

TEST_P(MetricStoreOnDatabases, HoldTheSameFiles) {
  if (!testing::Store::is_available(GetParam())) GTEST_SKIP() << "no server for " << GetParam() << " (see scripts/pg)";
  write_all();
  testing::Store place(GetParam());
  const auto database = place.open();
  load_tables(*database, read_metric_store(folder_));
  const auto facts = database->read([](db::Tx& tx) {
    return tx.list({"test.facts_read", "SELECT ts, m_total FROM fct_sales ORDER BY sale_id"}, {},
                   [](const db::Row& row) {
                     const auto total = row.find_real(1);
                     return std::string(row.text(0)) + " " + (total ? core::format_real(*total) : "-");
                   });
  });
  ASSERT_EQ(facts.size(), 7U);
  EXPECT_EQ(facts[1], "2023-01-31T23:59:59Z 2");
  EXPECT_EQ(facts[3], "2023-02-15T12:00:00Z -");
}

TEST_P(MetricStoreOnDatabases, HoldNoTableOfFilesThatAreRefused) {
  if (!testing::Store::is_available(GetParam())) GTEST_SKIP() << "no server for " << GetParam() << " (see scripts/pg)";
  write_all();
  write("shops.csv", "1,EU,more\n");
  testing::Store place(GetParam());
  const auto database = place.open();
  const auto store = read_metric_store(folder_);
  EXPECT_NE(refusal([&] { load_tables(*database, store); }).find("shops.csv: line 1"), std::string::npos);
  write("shops.csv", kShops);
  load_tables(*database, store);  // as if for the first time
}
INSTANTIATE_TEST_SUITE_P(Databases, MetricStoreOnDatabases,
                         ::testing::Values("sqlite_file", "postgres", "postgres_locale"),
                         [](const auto& one) { return one.param; });

TEST_F(MetricStoreTest, IsASourceWhosePullsJoinWithoutSeam) {
  write_all();
  Stage stage;
  const client::Server server = stage.server();
  Connections connections;
  const SourceSettings settings{.csv_root = folder_.string()};
  monitor::Metric metric{.name = "sales", .source = monitor::MetricStoreSource{.config = ".", .grain = "day"}};
  metric.dimension_groupings = {"dim_payment"};
  const SourceContext context{server, connections, settings};
  const auto source = make_source(metric, context);
  const auto shown = [](const Observations& o) {
    Lines out;
    for (const auto& row : o.rows)
      out.push_back(core::format_rfc3339(row.time) + " " + o.groups[row.group][0] + " " + core::format_real(row.value));
    return out;
  };
  const auto last = [](const std::string& day) { return at(day + "T00:00:00Z") - core::Duration(1); };
  const auto never = core::Deadline::never();
  const Lines all = shown(source->pull({last("2023-01-01"), last("2024-01-01")}, never));
  EXPECT_EQ(all.size(), 6U);
  EXPECT_EQ(all.front(), "2023-01-01T00:00:00Z cash 1");
  Lines joined = shown(source->pull({last("2023-01-01"), last("2023-02-01")}, never));
  for (const auto& line : shown(source->pull({last("2023-02-01"), last("2024-01-01")}, never))) joined.push_back(line);
  EXPECT_EQ(joined, all);
  metric.source = monitor::MetricStoreSource{.config = "/etc", .grain = "day"};
  EXPECT_NE(refusal([&] { make_source(metric, context); }).find("source.metric_store.config"), std::string::npos);
}

}  // namespace
}  // namespace wakeful::runner
