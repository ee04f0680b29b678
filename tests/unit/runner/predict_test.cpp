// Rows of a table judged by interval, from and to each kind of database: features are fitted once, outputs are
// replaced, models of groups know nothing of each other.
#include <gtest/gtest.h>

#include <set>

#include "client/files.hpp"
#include "client/watch.hpp"
#include "detectors/features.hpp"
#include "runner/runner.hpp"
#include "support/database.hpp"
#include "unit/runner/stage.hpp"

namespace wakeful::runner {
namespace {

using monitor::Job;
using monitor::JobKind;
using monitor::JobState;

core::Timestamp day(int n) { return core::parse_rfc3339("2026-01-05T00:00:00Z") + std::chrono::hours(24 * n); }
std::string date(int n) { return core::format_rfc3339(day(n)).substr(0, 10); }

class Predict : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr int kTrained = 60;

  void SetUp() override {
    if (!testing::Store::is_available(GetParam())) GTEST_SKIP() << "no server for " << GetParam();
    store_ = std::make_unique<testing::Store>(GetParam());
    database_ = store_->open({.exclusive = false});
    database_->write([](db::Tx& tx) {
      tx.execute(db::Sql("test.users", "CREATE TABLE users (created_at DATE, country TEXT, users BIGINT)"));
    });
    for (int d = 0; d < kTrained + 8; ++d) {
      for (const char* country : {"de", "fr", "it"}) add(d, country, 100 + (d * 7 + country[0]) % 40);
    }
  }
  void add(int d, const std::string& country, std::int64_t users) {
    database_->write([&](db::Tx& tx) {
      tx.execute(db::Sql("test.add", "INSERT INTO users VALUES ($1, $2, $3)"), {date(d), country, users});
    });
  }
  void apply(const std::string& name, const std::string& more, const std::string& table = "predictions") {
    client::apply_detector(
        server_, name,
        fmt::format(
            R"({{"name":"{}","time_spec":{{"granularity":"1d"}},"metrics":[{{"name":"users","source":{{"sql":)"
            R"({{"connection":"w","table":"users","time_column":"created_at"}}}},"aggregate":"sum",)"
            R"("dimension_groupings":["country"]}}],"algorithms":{{"one_class_svm":{{"nu":0.05,"scaling":"none"}}}},)"
            R"("predict":{{"output":{{"connection":"w","table":"{}"}}}},{}}})",
            name, table, more));
  }
  Job finish(const Job& job) {
    Runner runner(stage_.transport(), stage_.telemetry(), {.connections = {{"w", store_->uri()}}});
    while (runner.run_one()) {
    }
    return client::get_job(server_, job.id);
  }
  void train(const std::string& name) {
    const Job job = finish(client::run_detector(server_, name, {.kind = JobKind::train, .until = day(kTrained)}));
    ASSERT_EQ(job.state, JobState::succeeded) << job.error;
  }
  Job predict(const std::string& name, int from, int until) {
    return finish(
        client::run_detector(server_, name, {.kind = JobKind::predict, .until = day(until), .from = day(from)}));
  }
  std::vector<std::string> rows(const std::string& columns = "created_at, country, users, prediction, model_version",
                                const std::string& where = "1 = 1") {
    const std::string text =
        fmt::format("SELECT {} FROM predictions WHERE {} ORDER BY detector, created_at, country", columns, where);
    return database_->read([&](db::Tx& tx) {
      return tx.list(db::Sql("test.rows", text), {}, [](const db::Row& row) {
        std::string line;
        for (int i = 0; i < row.columns(); ++i) line += (i == 0 ? "" : "|") + std::string(row.text(i));
        return line;
      });
    });
  }
  std::int64_t count(const std::string& where = "1 = 1") {
    return static_cast<std::int64_t>(rows("run_id", where).size());
  }

  static constexpr const char* kOfGroups = R"("model_per":"group","features":{"scale":"standard"})";
  static constexpr const char* kCalendar =
      R"("features":{"calendar":["day_of_week"],"encode":["country"],"scale":"standard"})";

  Stage stage_;
  client::Server server_ = stage_.server();
  std::unique_ptr<testing::Store> store_;
  std::unique_ptr<db::Database> database_;
};

TEST_P(Predict, WritesARowForEachWithWhatJudgedIt) {
  apply("d", kCalendar);
  train("d");
  add(kTrained + 3, "it", 100'000);
  const Job job = predict("d", kTrained, kTrained + 7);
  ASSERT_EQ(job.state, JobState::succeeded) << job.error;
  const auto found = rows("created_at, country, prediction, model, model_version, run_id, detector, algorithm");
  ASSERT_EQ(found.size(), 21U);
  EXPECT_EQ(found[11],
            fmt::format("{}|it|outlier|d__users__country_online|1|{}|d|one_class_svm", date(kTrained + 3), job.run_id));
  EXPECT_EQ(count("prediction = 'outlier' AND score <= 1") + count("prediction = 'correct' AND score > 1"), 0);
  const auto outliers = count("prediction = 'outlier'");
  EXPECT_EQ(
      job.result,
      fmt::format(R"({{"model_versions":"1","models":1,"outliers":{},"output":"w:predictions","rows":21}})", outliers));
}

TEST_P(Predict, ReplacesItsIntervalAndNothingElse) {
  apply("d", kCalendar);
  apply("e", kCalendar);
  train("d");
  train("e");
  predict("d", kTrained, kTrained + 6);
  predict("e", kTrained, kTrained + 6);
  const auto before = rows();
  EXPECT_EQ(before.size(), 36U);
  const Job again = predict("d", kTrained + 2, kTrained + 4);
  EXPECT_EQ(rows(), before);
  EXPECT_EQ(count(fmt::format("run_id = '{}'", again.run_id)), 6);  // the end of an interval is outside
  database_->write([](db::Tx& tx) { tx.execute(db::Sql("test.gone", "DELETE FROM users WHERE country = 'it'")); });
  predict("d", kTrained + 2, kTrained + 4);
  EXPECT_EQ(count("detector = 'd'"), 16);  // what is no longer there is no longer predicted
  EXPECT_EQ(count("detector = 'e'"), 18);
}

TEST_P(Predict, KeepsItsCodesWhereAWeekHasOneCountryOnly) {
  apply("d", kCalendar);
  train("d");
  predict("d", kTrained, kTrained + 6);
  const auto before = rows("created_at, country, score", "country = 'it'");
  database_->write([](db::Tx& tx) { tx.execute(db::Sql("test.gone", "DELETE FROM users WHERE country <> 'it'")); });
  predict("d", kTrained, kTrained + 6);
  EXPECT_EQ(rows("created_at, country, score"), before);
}

TEST_P(Predict, RefusesACountryThatTheTrainingDidNotShow) {
  apply("d", kCalendar);
  train("d");
  predict("d", kTrained, kTrained + 6);
  const auto before = rows();
  add(kTrained + 1, "es", 120);
  const Job job = predict("d", kTrained, kTrained + 6);
  EXPECT_EQ(job.state, JobState::failed);
  EXPECT_NE(job.error.find("has not shown 'es' as a country"), std::string::npos) << job.error;
  EXPECT_EQ(rows(), before);
}

TEST_P(Predict, JudgesEachGroupByItsOwnModelAndNumbers) {
  apply("d", kOfGroups);
  train("d");
  const auto status = client::get_detector(server_, "d");
  ASSERT_EQ(status.models.size(), 3U);
  for (const auto& model : status.models) {
    EXPECT_EQ(model.metric.group.size(), 1U);
    const std::string bytes = client::download(server_, model.artifact_uri, 1U << 20U);
    EXPECT_EQ(detectors::find_features(bytes)->names(), std::vector<std::string>{"users"});
  }
  add(kTrained + 1, "fr", 5'000);
  const Job job = predict("d", kTrained, kTrained + 6);
  ASSERT_EQ(job.state, JobState::succeeded) << job.error;
  EXPECT_EQ(count(), 18);
  EXPECT_EQ(rows("created_at, model", "prediction = 'outlier' AND users > 1000"),
            std::vector<std::string>{date(kTrained + 1) + "|d__users__fr_online"});
}

TEST_P(Predict, NamesGroupsThatHaveNoModel) {
  apply("d", kOfGroups);
  train("d");
  add(kTrained + 1, "es", 120);
  const Job job = predict("d", kTrained, kTrained + 6);
  ASSERT_EQ(job.state, JobState::succeeded) << job.error;
  EXPECT_EQ(count(), 18);
  EXPECT_NE(job.result.find(R"("unknown_groups":["es"])"), std::string::npos) << job.result;
}

TEST_P(Predict, EvaluatesTheSameRowsToTheSameScores) {
  for (const char* features : {kCalendar, kOfGroups}) {
    apply("d", features);
    train("d");
    const Job job = finish(client::run_detector(server_, "d", {.kind = JobKind::evaluate, .until = day(kTrained + 6)}));
    ASSERT_EQ(job.state, JobState::succeeded) << job.error;
    predict("d", kTrained, kTrained + 6);
    std::multiset<double> evaluated;
    std::multiset<double> predicted;
    for (const auto& model : client::get_detector(server_, "d").models) {
      for (const auto& score : client::list_scores(server_, model.name).rows) {
        EXPECT_FALSE(score.entity.empty());
        evaluated.insert(score.score.value());
      }
    }
    database_->read([&](db::Tx& tx) {
      tx.query(db::Sql("test.scores", "SELECT score FROM predictions"), {},
               [&](const db::Row& row) { predicted.insert(row.real(0)); });
    });
    EXPECT_EQ(predicted.size(), 18U);
    EXPECT_EQ(evaluated, predicted);
  }
}

TEST_P(Predict, WritesEachDayThatASchedulePassedWithoutARunner) {
  stage_.clock().advance(day(kTrained) + std::chrono::hours(1) - stage_.clock().now());
  apply("d", std::string(kCalendar) + R"(,"schedule":{"every":"1d"})");
  train("d");
  stage_.clock().advance(std::chrono::hours(24 * 4));
  Runner runner(stage_.transport(), stage_.telemetry(), {.connections = {{"w", store_->uri()}}});
  while (runner.run_one()) {
  }
  EXPECT_EQ(count(), 3 * 4);  // from the day on that the first tick after it was applied would have predicted
  EXPECT_EQ(rows("created_at").front(), date(kTrained));
  stage_.clock().advance(std::chrono::hours(24 * 3));
  while (runner.run_one()) {
  }
  EXPECT_EQ(count(), 3 * 7);
  EXPECT_EQ(rows("created_at").back(), date(kTrained + 6));
  std::set<std::string> runs;
  for (const std::string& run : rows("run_id")) runs.insert(run);
  EXPECT_EQ(runs.size(), 7U);
}

TEST_P(Predict, RunsAgainWithoutATraceWhenItsEndWasNotHeard) {
  apply("d", kCalendar);
  train("d");
  const Job asked =
      client::run_detector(server_, "d", {.kind = JobKind::predict, .until = day(kTrained + 6), .from = day(kTrained)});
  const http::Transport inner = stage_.transport();
  const auto deaf = [&](http::Request request) {
    if (request.target.ends_with("/runner/finish")) throw core::unavailable("the line is cut");
    return inner(std::move(request));
  };
  Runner(deaf, stage_.telemetry(), {.connections = {{"w", store_->uri()}}}).run_one();
  EXPECT_EQ(count(), 18) << "written, though nobody knows";
  EXPECT_NE(client::get_job(server_, asked.id).state, JobState::succeeded);
  const auto before = rows();
  stage_.clock().advance(std::chrono::hours(1));
  EXPECT_EQ(finish(asked).state, JobState::succeeded);
  EXPECT_EQ(rows(), before);
}

TEST_P(Predict, SaysWhatATableLacks) {
  database_->write([](db::Tx& tx) { tx.execute(db::Sql("test.own", "CREATE TABLE own (created_at DATE)")); });
  apply("d", kCalendar, "own");
  train("d");
  const Job job = predict("d", kTrained, kTrained + 6);
  EXPECT_EQ(job.state, JobState::failed);
  EXPECT_NE(job.error.find("w:own: the table is there, but without 'country', "), std::string::npos) << job.error;
}

TEST_P(Predict, WritesIntoATableThatWasMadeBefore) {
  database_->write([](db::Tx& tx) {
    tx.execute(db::Sql("test.own",
                       "CREATE TABLE predictions (note TEXT, created_at DATE, country TEXT, users BIGINT, "
                       "prediction TEXT, score DOUBLE PRECISION, model TEXT, model_version BIGINT, run_id TEXT, "
                       "detector TEXT, algorithm TEXT)"));
  });
  apply("d", kCalendar);
  train("d");
  const Job job = predict("d", kTrained, kTrained + 6);
  ASSERT_EQ(job.state, JobState::succeeded) << job.error;
  predict("d", kTrained, kTrained + 6);
  EXPECT_EQ(count(), 18);
}

INSTANTIATE_TEST_SUITE_P(Databases, Predict, ::testing::Values("sqlite_file", "postgres"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace wakeful::runner
