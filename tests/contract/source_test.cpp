// What every runner::Source does, whatever it reads: the same rows under the same spans, filters and groupings.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "client/watch.hpp"
#include "monitor/api.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/http/router.hpp"
#include "runner/source.hpp"
#include "support/database.hpp"

namespace wakeful::runner {
namespace {

namespace fs = std::filesystem;

/// What is stored: times in order of storage, not of time.
struct Stored {
  const char* time;
  const char* region;  // null: missing
  const char* stage;
  const char* value;  // null: missing
};
constexpr Stored kRows[] = {
    {"2026-03-01 10:06:00", "eu", "prod", "1.5"},
    {"2026-03-01 10:05:59", "eu", "prod", "100"},
    {"2026-03-01 10:06:30", "us", "prod", "2"},
    {"2026-03-01 10:06:30", "us", "test", "50"},
    {"2026-03-01 10:07:59", "it's", "prod", "3"},
    {"2026-03-01 10:07:10", nullptr, "prod", "4"},
    {"2026-03-01 10:07:20", "eu", "prod", nullptr},
    {"2026-03-01 10:08:00", "eu", "prod", "200"},
    {"2026-03-01 10:06:10", "x' OR '1'='1", nullptr, "9"},
};

/// A source over kRows in its own form.
class Ground {
 public:
  virtual ~Ground() = default;
  virtual monitor::Source source() const = 0;
  virtual void connect() const {}
  virtual client::Server server() const {
    return client::Server([](http::Request) -> http::Response { throw core::internal("no server is asked"); });
  }
  /// Whether it can tell a column that is not there from one without values.
  virtual bool has_columns() const { return true; }
};

/// The built-in store, behind the server's own routes.
class StoreGround final : public Ground {
 public:
  StoreGround() : database_(testing::open_test_database()) {
    router_.add(monitor::routes(*database_, clock_));
    std::string lines;
    for (const Stored& row : kRows) {
      core::JsonWriter json;
      json.begin_object().member("ts", core::format_rfc3339(core::parse_rfc3339(row.time)));
      if (row.region) json.member("region", row.region);
      if (row.stage) json.member("stage", row.stage);
      json.member(row.value ? "latency" : "other", row.value ? core::to_real(row.value) : 0);
      lines += json.end_object().text() + "\n";
    }
    const auto report = client::ingest(server(), "checkout", lines);
    EXPECT_EQ(report.accepted, static_cast<std::int64_t>(std::size(kRows)));
  }
  monitor::Source source() const override { return monitor::ObservationSource{"checkout"}; }
  client::Server server() const override { return client::Server(router_.transport()); }
  bool has_columns() const override { return false; }

 private:
  core::Telemetry telemetry_;
  core::ManualClock clock_{core::parse_rfc3339("2026-03-01T11:00:00Z")};
  std::unique_ptr<db::Database> database_;
  http::Router router_{telemetry_};
};

class CsvGround final : public Ground {
 public:
  CsvGround() : folder_(fs::temp_directory_path() / ("wakeful-" + core::new_hex_id())) {
    fs::create_directories(folder_);
    std::ofstream file(folder_ / "rows.csv");
    file << "ts,region,stage,latency\n";
    for (const Stored& row : kRows) {
      file << row.time << ",\"" << (row.region ? row.region : "") << "\"," << (row.stage ? row.stage : "") << ","
           << (row.value ? row.value : "") << "\n";
    }
  }
  ~CsvGround() override { fs::remove_all(folder_); }
  monitor::Source source() const override { return monitor::CsvSource{.path = (folder_ / "rows.csv").string()}; }

 private:
  fs::path folder_;
};

/// How the time column of a table is declared and written.
struct TimeStyle {
  std::string type;
  std::function<std::string(std::string_view)> literal;
};

std::string integer_of(std::string_view time, std::int64_t per_second) {
  return std::to_string(core::to_us(core::parse_rfc3339(time)) / 1'000'000 * per_second);
}

std::string text_with(std::string_view time, char separator, std::string_view suffix) {
  std::string text(time);
  text[10] = separator;
  return fmt::format("'{}{}'", text, suffix);
}

class SqlGround final : public Ground {
 public:
  SqlGround(const std::string& kind, const TimeStyle& style, bool as_query) : store_(kind), as_query_(as_query) {
    const auto database = store_.open();
    database->write([&](db::Tx& tx) {
      const std::string create =
          fmt::format("CREATE TABLE rows (happened {}, region TEXT, stage TEXT, latency DOUBLE PRECISION)", style.type);
      tx.execute(db::Sql("test.create", create));
      for (const Stored& row : kRows) {
        const std::string insert = fmt::format("INSERT INTO rows VALUES ({}, $1, $2, {})", style.literal(row.time),
                                               row.value ? row.value : "NULL");
        const auto text = [](const char* value) { return value ? db::Param(value) : db::Param(db::Null{}); };
        tx.execute(db::Sql("test.insert", insert), {text(row.region), text(row.stage)});
      }
    });
  }

  void connect() const override {
    ::setenv("WAKEFUL_CONNECTION_WARE_HOUSE", store_.uri().c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }

  monitor::Source source() const override {
    monitor::SqlSource sql{.connection = "ware-house"};
    if (as_query_) {
      sql.query =
          "SELECT happened AS ts, region, stage, latency FROM rows -- :from\n"
          "WHERE happened > :from AND happened <= :until AND ':from' <> 'x';";
    } else {
      sql.table = "rows";
      sql.time_column = "happened";
    }
    return sql;
  }

 private:
  testing::Store store_;
  bool as_query_;
};

struct Case {
  std::string name;
  std::string kind;  // of the database, or "" without one
  std::function<std::unique_ptr<Ground>()> make;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

/// Made once each, because making a database takes longer than asking it; nothing is written to them.
std::map<std::string, std::unique_ptr<Ground>>& grounds() {
  static std::map<std::string, std::unique_ptr<Ground>> made;
  return made;
}
class GroundsEnd final : public ::testing::Environment {
 public:
  void TearDown() override { grounds().clear(); }
};
const auto* const kGroundsEnd = ::testing::AddGlobalTestEnvironment(new GroundsEnd);

std::vector<Case> cases() {
  std::vector<Case> all{{"csv", "", [] { return std::make_unique<CsvGround>(); }},
                        {"observations", "", [] { return std::make_unique<StoreGround>(); }}};
  const auto add = [&](std::string name, std::string kind, TimeStyle style, bool as_query) {
    all.push_back({std::move(name), kind, [=] { return std::make_unique<SqlGround>(kind, style, as_query); }});
  };
  const TimeStyle spaced{"TEXT", [](auto time) { return text_with(time, ' ', ""); }};
  const TimeStyle rfc{"TEXT", [](auto time) { return text_with(time, 'T', "Z"); }};
  const TimeStyle fraction{"TEXT", [](auto time) { return text_with(time, 'T', ".000+00:00"); }};
  const TimeStyle seconds{"BIGINT", [](auto time) { return integer_of(time, 1); }};
  const TimeStyle nanos{"BIGINT", [](auto time) { return integer_of(time, 1'000'000'000); }};
  add("sqlite_table_of_texts", "sqlite_file", spaced, false);
  add("sqlite_table_of_rfc3339", "sqlite_file", rfc, false);
  add("sqlite_table_of_fractions", "sqlite_file", fraction, false);
  add("sqlite_table_of_seconds", "sqlite_file", seconds, false);
  add("sqlite_table_of_nanoseconds", "sqlite_file", nanos, false);
  add("sqlite_query", "sqlite_file", spaced, true);
  add("sqlite_query_of_rfc3339", "sqlite_file", rfc, true);
  for (const char* type : {"TIMESTAMPTZ", "TIMESTAMP"}) {
    const TimeStyle native{type, [](auto time) { return text_with(time, ' ', "+00"); }};
    add(fmt::format("postgres_table_of_{}", type), "postgres", native, false);
    add(fmt::format("postgres_query_of_{}", type), "postgres", native, true);
  }
  add("postgres_table_of_milliseconds", "postgres", {"BIGINT", [](auto time) { return integer_of(time, 1'000); }},
      false);
  add("postgres_table_of_texts", "postgres_locale", rfc, false);
  return all;
}

class SourceContract : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!GetParam().kind.empty() && !testing::Store::is_available(GetParam().kind))
      GTEST_SKIP() << "no server for " << GetParam().kind << " (see scripts/pg)";
    if (!grounds()[GetParam().name]) grounds()[GetParam().name] = GetParam().make();
    ground().connect();
    metric_.name = "latency";
    metric_.source = ground().source();
  }
  static Ground& ground() { return *grounds()[GetParam().name]; }

  Observations pull(std::string_view after = "2026-03-01T10:05:59Z", std::string_view until = "2026-03-01T10:07:59Z") {
    Connections connections({}, &testing::ran_statements());
    const client::Server server = ground().server();
    const SourceContext context{server, connections, settings_};
    return make_source(metric_, context)
        ->pull({core::parse_rfc3339(after), core::parse_rfc3339(until)}, core::Deadline::never());
  }
  std::string shown(const Observations& found) {
    std::string text;
    for (const auto& row : found.rows) {
      text += text.empty() ? "" : " | ";
      text += core::format_rfc3339(row.time).substr(11, 8);
      for (const std::string& value : found.groups[row.group]) text += " " + value;
      text += fmt::format(" {}", row.value);
    }
    return text;
  }

  SourceSettings settings_;
  monitor::Metric metric_;
};

TEST_P(SourceContract, GivesTheRowsBehindAfterUpToUntilInTheOrderOfTime) {
  EXPECT_EQ(shown(pull()), "10:06:00 1.5 | 10:06:10 9 | 10:06:30 2 | 10:06:30 50 | 10:07:10 4 | 10:07:59 3");
}

TEST_P(SourceContract, TakesSpansBetweenSeconds) {
  EXPECT_EQ(shown(pull("2026-03-01T10:05:59.999999Z", "2026-03-01T10:06:09.999999Z")), "10:06:00 1.5");
  EXPECT_EQ(shown(pull("2026-03-01T10:06:00Z", "2026-03-01T10:06:10Z")), "10:06:10 9");
  EXPECT_EQ(shown(pull("2026-03-01T10:06:10Z", "2026-03-01T10:06:10Z")), "");
}

TEST_P(SourceContract, GivesEverythingThereIsForALongSpan) {
  EXPECT_EQ(pull("1900-01-01T00:00:00Z", "2100-01-01T00:00:00Z").rows.size(), 8U);
}

TEST_P(SourceContract, GroupsAndCountsWhatHasNoGroup) {
  metric_.dimension_groupings = {"region"};
  const Observations found = pull();
  EXPECT_EQ(shown(found),
            "10:06:00 eu 1.5 | 10:06:10 x' OR '1'='1 9 | 10:06:30 us 2 | 10:06:30 us 50 | 10:07:59 it's 3");
  EXPECT_EQ(found.ungrouped, 1);
}

TEST_P(SourceContract, GroupsByTwoDimensions) {
  metric_.dimension_groupings = {"stage", "region"};
  const Observations found = pull();
  EXPECT_EQ(shown(found), "10:06:00 prod eu 1.5 | 10:06:30 prod us 2 | 10:06:30 test us 50 | 10:07:59 prod it's 3");
  EXPECT_EQ(found.ungrouped, 2);
}

TEST_P(SourceContract, FiltersByValueNeverByText) {
  const auto filtered = [&](std::vector<std::string> filters) {
    metric_.dimension_filters = std::move(filters);
    return shown(pull());
  };
  EXPECT_EQ(filtered({"stage = 'prod'"}), "10:06:00 1.5 | 10:06:30 2 | 10:07:10 4 | 10:07:59 3");
  EXPECT_EQ(filtered({"stage = 'prod'", "region = 'eu'"}), "10:06:00 1.5");
  EXPECT_EQ(filtered({"region IN ('us', 'eu') AND stage != 'test'"}), "10:06:00 1.5 | 10:06:30 2");
  EXPECT_EQ(filtered({"region IS NULL"}), "10:07:10 4");
  EXPECT_EQ(filtered({"stage IS NULL"}), "10:06:10 9");
  EXPECT_EQ(filtered({"region LIKE 'e%'"}), "10:06:00 1.5");
  EXPECT_EQ(filtered({"region = \"it's\""}), "10:07:59 3");
  EXPECT_EQ(filtered({"region = \"x' OR '1'='1\""}), "10:06:10 9") << "a value, not SQL";
  EXPECT_EQ(filtered({"region = \"'; DROP TABLE rows;--\""}), "");
  EXPECT_EQ(filtered({"region = '\xE2\x80\x99 OR 1=1'"}), "") << "a typographic quote";
}

TEST_P(SourceContract, FiltersByAListOfTwoThousandValues) {
  std::string list = "'eu'";
  for (int i = 0; i < 2'000; ++i) list += fmt::format(",'r{}'", i);
  metric_.dimension_filters = {"region IN (" + list + ")"};
  EXPECT_EQ(shown(pull()), "10:06:00 1.5");
}

TEST_P(SourceContract, RefusesColumnsThatAreNotThere) {
  if (!ground().has_columns()) GTEST_SKIP() << "rows have the dimensions that they were pushed with";
  metric_.dimension_groupings = {"regoin"};
  try {
    pull();
    FAIL() << "a column that is not there was read";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid) << e.what();
    EXPECT_NE(std::string(e.what()).find("regoin"), std::string::npos) << e.what();
  }
}

// Rows that a database reads in vain count, so that a limit never cuts off rows that belong to the span.
TEST_P(SourceContract, RefusesToStopInTheMiddleOfItsRows) {
  settings_.max_rows = 9;
  EXPECT_EQ(pull().rows.size(), 6U);
  settings_.max_rows = 5;
  try {
    pull();
    FAIL() << "more rows than the limit";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid) << e.what();
  }
}

TEST_P(SourceContract, GivesTheSameTwice) {
  metric_.dimension_groupings = {"region"};
  EXPECT_EQ(shown(pull()), shown(pull()));
}

INSTANTIATE_TEST_SUITE_P(Sources, SourceContract, ::testing::ValuesIn(cases()),
                         [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace wakeful::runner
