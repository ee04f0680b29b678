#include "monitor/evaluations.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "support/database.hpp"

namespace wakeful::monitor {
namespace {

using std::chrono::minutes;

constexpr core::Timestamp kNow = core::from_ms(1'700'000'000'000);

core::Timestamp minute(int n) { return core::from_us(std::int64_t{n} * 60'000'000); }

class Evaluations : public testing::EveryDatabase {
 protected:
  static OnlineModel model(std::string name = "d__v___online", std::string detector = "d") {
    return {.name = std::move(name),
            .detector = std::move(detector),
            .deployment_mode = "prod",
            .metric = {.name = "v", .source = ObservationSource{"src"}},
            .granularity = minutes(1),
            .digest = "x",
            .version = 1,
            .last_evaluation = minute(10),
            .artifact_uri = "u",
            .trained = kNow};
  }
  OnlineModel watch(const OnlineModel& m) {
    return db().write([&](db::Tx& tx) { return put_on_watch(tx, m, 1); });
  }
  Evaluation evaluate(int from, int to, std::int64_t version, const std::vector<Score>& scores,
                      const std::vector<Score>& late = {}) {
    return db().write([&](db::Tx& tx) {
      const KeptModel kept = get_online_model(tx, "d__v___online");
      Evaluation e{.id = evaluation_id(kept.model.name, version, minute(from), minute(to)),
                   .from_version = version,
                   .model_version = version + 1,
                   .from = minute(from),
                   .to = minute(to),
                   .rows = static_cast<std::int64_t>(scores.size()),
                   .run_id = "run",
                   .job_id = "job",
                   .created = kNow};
      return add_evaluation(tx, kept, e, scores, late, 1);
    });
  }
  std::vector<Score> scores(ScoreSearch search = {}) {
    search.model = "d__v___online";
    return db().read([&](db::Tx& tx) { return list_scores(tx, search).rows; });
  }
  std::vector<Anomaly> anomalies(const AnomalySearch& search = {}) {
    return db().read([&](db::Tx& tx) { return list_anomalies(tx, search).rows; });
  }
  static Score score(int at, double value, bool anomalous = false, std::string entity = "") {
    return {.timestamp = minute(at),
            .entity = std::move(entity),
            .algorithm = "ewma",
            .value = value,
            .expected = 1.0,
            .lower = 0.5,
            .upper = 1.5,
            .score = anomalous ? 2.0 : 0.25,
            .is_anomaly = anomalous};
  }
  std::string refusal(const std::function<void(db::Tx&)>& f) {
    try {
      db().write([&](db::Tx& tx) { f(tx); });
    } catch (const core::Error& e) {
      return fmt::format("{} {}", core::name_of(e.code()), e.field());
    }
    return "done";
  }
};
WAKEFUL_ON_EVERY_DATABASE(Evaluations);

TEST_P(Evaluations, KeepEveryScoreAndListTheAnomalies) {
  watch(model());
  const auto evaluation = evaluate(10, 13, 1, {score(11, 1.0), score(12, 9.5, true), score(13, 0.1)});
  EXPECT_EQ(evaluation.anomalies, 1);
  EXPECT_EQ(evaluation.detector, "d");
  const auto kept = scores();
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[1].timestamp, minute(12));
  EXPECT_EQ(kept[1].value, 9.5);
  EXPECT_EQ(kept[2].value, 0.1);
  EXPECT_EQ(kept[1].evaluation_id, evaluation.id);
  EXPECT_TRUE(kept[1].is_anomaly);
  const auto found = anomalies();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].score.timestamp, minute(12));
  EXPECT_EQ(found[0].model, "d__v___online");
  EXPECT_EQ(found[0].model_version, 2);
  EXPECT_EQ(found[0].run_id, "run");
  EXPECT_EQ(found[0].datasource, "observations:src");
  EXPECT_NE(found[0].query.find("\"observations\":\"src\""), std::string::npos);
}

TEST_P(Evaluations, KeepWhatHasNoVerdictAsNothing) {
  watch(model());
  Score gap{.timestamp = minute(11), .algorithm = "ewma"};
  gap.expected = std::numeric_limits<double>::quiet_NaN();
  evaluate(10, 11, 1, {gap});
  const auto kept = scores();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_FALSE(kept[0].value);
  EXPECT_FALSE(kept[0].expected);
  EXPECT_FALSE(kept[0].score);
}

TEST_P(Evaluations, AVersionHasOneSuccessor) {
  watch(model());
  evaluate(10, 11, 1, {score(11, 1.0)});
  try {
    evaluate(10, 12, 1, {score(11, 1.0), score(12, 1.0)});
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::conflict);
  }
  EXPECT_EQ(scores().size(), 1U);
}

TEST_P(Evaluations, LateScoresAreRevisionsThatSupersede) {
  watch(model());
  evaluate(10, 12, 1, {score(11, 9.0, true), score(12, 1.0)});
  evaluate(12, 13, 2, {score(13, 1.0)}, {score(11, 1.1), score(12, 8.0, true)});
  const auto newest = scores();
  ASSERT_EQ(newest.size(), 3U);
  EXPECT_EQ(newest[0].value, 1.1);
  EXPECT_EQ(newest[0].revision, 1);
  EXPECT_EQ(scores({.all_revisions = true}).size(), 5U);
  const auto found = anomalies();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].score.timestamp, minute(12));
}

TEST_P(Evaluations, ScoresAreBoundedAndPagedInTimeOrder) {
  watch(model());
  std::vector<Score> many;
  for (int i = 11; i <= 20; ++i) {
    many.push_back(score(i, i, false, "eu"));
    many.push_back(score(i, -i, false, "us"));
  }
  evaluate(10, 20, 1, many);
  EXPECT_EQ(scores({.from = minute(12), .to = minute(13)}).size(), 4U);
  std::string token;
  std::vector<double> seen;
  do {
    const auto page = db().read([&](db::Tx& tx) {
      return list_scores(tx, {.model = "d__v___online", .page = {.max_results = 3, .page_token = token}});
    });
    for (const Score& s : page.rows) seen.push_back(*s.value);
    token = page.next_page_token;
  } while (!token.empty());
  ASSERT_EQ(seen.size(), 20U);
  EXPECT_EQ(seen[0], 11);
  EXPECT_EQ(seen[1], -11);
  EXPECT_EQ(seen[19], -20);
}

TEST_P(Evaluations, AnomaliesAreNarrowedAndListedNewestFirst) {
  watch(model());
  watch(model("e__v___online", "e"));
  evaluate(10, 12, 1, {score(11, 9.0, true), score(12, 9.0, true)});
  EXPECT_EQ(anomalies().front().score.timestamp, minute(12));
  EXPECT_EQ(anomalies({.detector = "d"}).size(), 2U);
  EXPECT_EQ(anomalies({.detector = "e"}).size(), 0U);
  EXPECT_EQ(anomalies({.model = "d__v___online", .from = minute(12)}).size(), 1U);
  EXPECT_EQ(refusal([](db::Tx& tx) { list_anomalies(tx, {.model = "none"}); }), "not_found model");
}

TEST_P(Evaluations, AnomaliesOfOneStretchAreOneEvent) {
  watch(model());
  // 11 to 13 without a break, over two evaluations; 15 apart.
  evaluate(10, 12, 1, {score(11, 9.0, true), score(12, 9.0, true)});
  evaluate(12, 15, 2, {score(13, 9.0, true), score(14, 1.0), score(15, 9.0, true)});
  const auto found = anomalies();
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].event_start, minute(15));
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(found[i].event_start, minute(11)) << i;
    EXPECT_EQ(event_id_of(found[i]), event_id_of(found[1]));
  }
  EXPECT_NE(event_id_of(found[0]), event_id_of(found[1]));
  // A page that begins within it says the same.
  const auto page = anomalies({.from = minute(12), .to = minute(13)});
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(event_id_of(page[0]), event_id_of(found[1]));
  Anomaly far = found[0];
  far.score.score = 2.5;
  EXPECT_EQ(severity_of(far), "critical");
  far.score.score = 1.5;
  EXPECT_EQ(severity_of(far), "warning");
}

TEST_P(Evaluations, AnAnomalyKeepsItsMetadataAndALateOneItsOwn) {
  watch(model());
  Score first = score(11, 9.0, true), other = score(12, 9.0, true), late = score(11, 8.0, true);
  first.metadata = R"({"channels":{"s3":{"contribution":1.5}}})";
  evaluate(10, 12, 1, {first, other});
  auto found = anomalies();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].score.metadata, "");
  EXPECT_EQ(found[1].score.metadata, first.metadata);
  late.metadata = R"({"channels":{"s4":{"contribution":1.25}}})";
  evaluate(12, 13, 2, {}, {late});
  found = anomalies();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].score.metadata, late.metadata);
}

TEST_P(Evaluations, AModelMovesOnlyFromWhereItStands) {
  const OnlineModel before = watch(model());
  const auto step = [&](std::int64_t row_version, int from, int to) {
    return refusal([&](db::Tx& tx) {
      step_model(tx, {.name = before.name,
                      .row_version = row_version,
                      .from = minute(from),
                      .to = minute(to),
                      .version = 2,
                      .artifact = {"u2"},
                      .fence = 1});
    });
  };
  EXPECT_EQ(step(before.row_version, 10, 15), "done");
  EXPECT_EQ(step(before.row_version, 10, 15), "conflict row_version");
  EXPECT_EQ(step(before.row_version + 1, 10, 15), "conflict row_version");
  EXPECT_EQ(step(before.row_version + 1, 15, 16), "done");
}

TEST_P(Evaluations, RetrainingNeverMovesTheMarkBack) {
  watch(model());
  OnlineModel again = model();
  again.last_evaluation = minute(5);
  again.version = 2;
  const OnlineModel kept = watch(again);
  EXPECT_EQ(kept.last_evaluation, minute(10));
  EXPECT_EQ(kept.version, 2);
  EXPECT_EQ(kept.row_version, 2);
  again.last_evaluation = minute(30);
  EXPECT_EQ(watch(again).last_evaluation, minute(30));
}

TEST_P(Evaluations, ARetiredModelKeepsItsHistoryAndItsMark) {
  watch(model());
  evaluate(10, 11, 1, {score(11, 9.0, true)});
  db().write([](db::Tx& tx) { retire_model(tx, "d__v___online", kNow); });
  EXPECT_TRUE(db().read([](db::Tx& tx) { return list_online_models(tx, "d"); }).empty());
  EXPECT_EQ(scores().size(), 1U);
  EXPECT_EQ(anomalies().size(), 1U);
  OnlineModel again = model();
  again.last_evaluation = minute(1);
  EXPECT_EQ(watch(again).last_evaluation, minute(10));
  EXPECT_EQ(refusal([](db::Tx& tx) { put_on_watch(tx, model("d__v___online", "other"), 1); }), "conflict name");
}

TEST_P(Evaluations, DroppingFreesTheNameAndPurgingTakesTheRest) {
  watch(model());
  watch(model("keep___online", "keep"));
  evaluate(10, 12, 1, {score(11, 9.0, true), score(12, 1.0)});
  db().write([](db::Tx& tx) { drop_models(tx, "d"); });
  EXPECT_TRUE(anomalies().empty());
  EXPECT_EQ(refusal([](db::Tx& tx) { list_scores(tx, {.model = "d__v___online"}); }), "not_found model");
  const OnlineModel fresh = watch(model());
  EXPECT_EQ(fresh.row_version, 1);
  EXPECT_TRUE(scores().empty());
  int rounds = 0;
  while (db().write([](db::Tx& tx) { return purge_models(tx, 1); })) ++rounds;
  EXPECT_GE(rounds, 4);
  for (const std::string_view table : {"scores", "anomalies", "evaluations", "score_tracks"}) {
    const std::string text = fmt::format("SELECT COUNT(*) FROM {}", table);
    EXPECT_EQ(db().read([&](db::Tx& tx) {
      return tx.find(db::Sql("test.count", text), {}, [](const db::Row& row) { return row.integer(0); });
    }),
              0)
        << table;
  }
  EXPECT_EQ(db().read([](db::Tx& tx) { return list_online_models(tx, "keep"); }).size(), 1U);
}

TEST_P(Evaluations, OneModelIsDroppedByItself) {
  watch(model());
  watch(model("d__w___online"));
  db().write([](db::Tx& tx) { drop_model(tx, "d__v___online"); });
  const auto left = db().read([](db::Tx& tx) { return list_online_models(tx, "d"); });
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].name, "d__w___online");
}

TEST_P(Evaluations, TellUpToWhenASourceWasRead) {
  const auto until = [&] { return db().read([](db::Tx& tx) { return evaluated_until(tx, "src"); }); };
  EXPECT_FALSE(until());
  watch(model());
  EXPECT_EQ(until(), minute(11));
}

}  // namespace
}  // namespace wakeful::monitor
