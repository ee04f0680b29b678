#include <algorithm>
#include <atomic>
#include <thread>

#include "registry/tags.hpp"
#include "tracker/runs.hpp"
#include "unit/control/watched.hpp"

namespace wakeful::control {
namespace {

class Advances : public Watched {
 protected:
  monitor::Claim claimed() {
    apply();
    train(990);
    ask(JobKind::evaluate);
    return take().value();
  }
};
WAKEFUL_ON_EVERY_DATABASE(Advances);

TEST_P(Advances, MoveEverythingAtOnce) {
  const auto claim = claimed();
  const auto done = advance_with(step(claim, claim.models[0], 999));
  EXPECT_FALSE(done.repeated);
  EXPECT_EQ(done.evaluation.rows, 9);
  EXPECT_EQ(done.evaluation.anomalies, 1);
  EXPECT_EQ(done.evaluation.model_version, 2);
  EXPECT_EQ(done.model.last_evaluation, minute(999));
  EXPECT_EQ(done.model.version, 2);
  EXPECT_EQ(done.job.state, JobState::succeeded);
  EXPECT_EQ(scores().size(), 9U);
  EXPECT_EQ(anomalies(), 1U);
  EXPECT_EQ(tag(kOnline, 2, "last_evaluation_ts"), core::format_rfc3339(minute(999)));
  EXPECT_EQ(tag(kOnline, 2, "datasource"), "observations:src");
  EXPECT_EQ(tag(kOnline, 1, "last_evaluation_ts"), core::format_rfc3339(minute(990)));
  const auto version = read([&](db::Tx& tx) { return registry::get_version(tx, kOnline, 2); });
  EXPECT_EQ(version.source, claim.artifact_root + "/online-999.model");
  EXPECT_EQ(version.run_id, claim.job.run_id);
  const std::vector<std::string> kinds{"model.registered", "job.ended", "evaluation.committed", "anomaly.detected",
                                       "job.ended"};
  EXPECT_EQ(events(), kinds);
}

TEST_P(Advances, AreKnownWhenTheyComeAgain) {
  const auto claim = claimed();
  const auto wanted = step(claim, claim.models[0], 999);
  const auto first = advance_with(wanted);
  const auto again = advance_with(wanted);
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.evaluation.id, first.evaluation.id);
  EXPECT_EQ(again.model.row_version, first.model.row_version);
  EXPECT_EQ(scores(true).size(), 9U);
  EXPECT_EQ(anomalies(), 1U);
  EXPECT_EQ(online().version, 2);
  EXPECT_EQ(events().size(), 5U);
}

TEST_P(Advances, SeveralFollowEachOtherInOneJob) {
  const auto claim = claimed();
  auto model = advance_with(step(claim, claim.models[0], 993, false)).model;
  model = advance_with(step(claim, model, 996, false)).model;
  EXPECT_EQ(job(claim.job.id).state, JobState::running);
  EXPECT_EQ(write([&](db::Tx& tx) {
              return finish(tx, {claim.holder(), "{\"rows\":6}"}, now());
            }).result,
            "{\"rows\":6}");
  EXPECT_EQ(online().last_evaluation, minute(996));
  EXPECT_EQ(scores().size(), 6U);
}

TEST_P(Advances, OfAZombieAreRefused) {
  const auto zombie = claimed();
  clock().advance(kLease + seconds(1));
  const auto heir = take("r2");
  ASSERT_TRUE(heir);
  EXPECT_EQ(heir->fence, zombie.fence + 1);
  EXPECT_EQ(refusal([&](db::Tx& tx) { advance(tx, step(zombie, zombie.models[0], 999), now()); }),
            "conflict fence LEASE_LOST");
  EXPECT_EQ(online().version, 1);
  EXPECT_TRUE(scores(true).empty());
  advance_with(step(*heir, heir->models[0], 999));
  // What the heir committed is what the zombie wanted: it learns that it is done.
  EXPECT_TRUE(advance_with(step(zombie, zombie.models[0], 999)).repeated);
}

TEST_P(Advances, AreRefusedOnceTheModelHasMoved) {
  const auto claim = claimed();
  auto stale = step(claim, claim.models[0], 999);
  stale.row_version += 1;
  EXPECT_EQ(refusal([&](db::Tx& tx) { advance(tx, stale, now()); }), "conflict row_version");
  stale = step(claim, claim.models[0], 999);
  stale.from -= minutes(1);
  EXPECT_EQ(refusal([&](db::Tx& tx) { advance(tx, stale, now()); }), "conflict row_version");
  stale = step(claim, claim.models[0], 999);
  stale.from_version += 1;
  EXPECT_EQ(refusal([&](db::Tx& tx) { advance(tx, stale, now()); }), "conflict row_version");
  // Trained again meanwhile: the evaluation of the old one comes too late.
  train(990);
  EXPECT_EQ(refusal([&](db::Tx& tx) { advance(tx, step(claim, claim.models[0], 999), now()); }),
            "conflict row_version");
  EXPECT_TRUE(scores(true).empty());
  EXPECT_EQ(read([&](db::Tx& tx) { return registry::get_model_state(tx, kOnline).last_version; }), 2);
}

TEST_P(Advances, OfTwoWithOneFenceOneCommits) {
  const auto claim = claimed();
  std::atomic<int> done = 0;
  std::vector<std::thread> twins;
  for (int i = 0; i < 2; ++i) {
    twins.emplace_back([&, i] {
      const auto wanted = step(claim, claim.models[0], 995 + i, false);
      if (refusal([&](db::Tx& tx) { advance(tx, wanted, now()); }) == "done") ++done;
    });
  }
  for (std::thread& twin : twins) twin.join();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(online().version, 2);
}

TEST_P(Advances, KeepTheNewestFiveVersions) {
  const auto claim = claimed();
  monitor::OnlineModel model = claim.models[0];
  for (int i = 991; i <= 998; ++i) model = advance_with(step(claim, model, i, false)).model;
  const auto kept = read([&](db::Tx& tx) {
    std::vector<std::int64_t> found;
    for (std::int64_t v = 1; v <= 9; ++v)
      if (registry::find_version(tx, kOnline, v)) found.push_back(v);
    return found;
  });
  EXPECT_EQ(kept, (std::vector<std::int64_t>{5, 6, 7, 8, 9}));
}

TEST_P(Advances, CarryTheTagsOfTheVersionThatTheyComeFrom) {
  const auto claim = claimed();
  write([&](db::Tx& tx) { registry::set_version_tags(tx, kOnline, 1, {{"note", "mine"}}); });
  advance_with(step(claim, claim.models[0], 999));
  EXPECT_EQ(tag(kOnline, 2, "note"), "mine");
}

TEST_P(Advances, SurviveThatAClientDeletedTheirVersion) {
  const auto claim = claimed();
  write([&](db::Tx& tx) { registry::delete_version(tx, kOnline, 1, now()); });
  EXPECT_EQ(advance_with(step(claim, claim.models[0], 999)).model.version, 2);
  EXPECT_NE(tag(kOnline, 2, "query").find("\"observations\":\"src\""), std::string::npos);
}

TEST_P(Advances, RefuseWhatDoesNotFit) {
  const auto claim = claimed();
  const auto good = step(claim, claim.models[0], 999);
  const auto field = [&](const std::function<void(monitor::Advance&)>& spoil) {
    auto bad = good;
    spoil(bad);
    return refusal([&](db::Tx& tx) { advance(tx, bad, now()); });
  };
  EXPECT_EQ(field([](auto& a) { a.to += seconds(1); }), "invalid to");
  EXPECT_EQ(field([](auto& a) { a.to = minute(1'000); }), "invalid to");
  EXPECT_EQ(field([](auto& a) { a.scores[0].timestamp = minute(990); }), "invalid scores");
  EXPECT_EQ(field([](auto& a) { a.scores[0].timestamp += seconds(1); }), "invalid scores");
  EXPECT_EQ(field([](auto& a) { a.scores[1] = a.scores[0]; }), "invalid scores");
  EXPECT_EQ(field([](auto& a) { a.late_scores.push_back(a.scores[0]); }), "invalid late_scores");
  EXPECT_EQ(field([](auto& a) { a.evaluation_id = "x"; }), "invalid evaluation_id");
  EXPECT_EQ(field([](auto& a) { a.artifact.uri = "mlflow-artifacts:/0/elsewhere"; }), "invalid artifact.uri");
  EXPECT_EQ(field([](auto& a) { a.artifact.uri += "/../../../x"; }), "invalid artifact.uri");
  EXPECT_EQ(field([](auto& a) { a.model = "none"; }), "not_found model");
  EXPECT_EQ(field([](auto& a) { a.holder.job_id = "none"; }), "not_found id");
  EXPECT_EQ(online().version, 1);
  EXPECT_TRUE(scores(true).empty());
}

TEST_P(Advances, LogMetricsUnderNamesThatMlflowTakes) {
  const auto claim = claimed();
  auto wanted = step(claim, claim.models[0], 999);
  wanted.metrics = {{"p99 (ms)/rows", 9}, {"größe/%", 1}, {"../up", 2}, {std::string(400, 'x'), 3}};
  advance_with(wanted);
  const auto run = read([&](db::Tx& tx) { return tracker::get_run(tx, tracker::RunId(claim.job.run_id)); });
  ASSERT_EQ(run.metrics.size(), 4U);
  EXPECT_TRUE(std::any_of(run.metrics.begin(), run.metrics.end(), [](const tracker::Metric& m) {
    return m.key == "p99 _ms_/rows" && m.value == 9 && m.step == 2;
  }));
}

TEST_P(Advances, KeepLateScoresAsRevisions) {
  const auto claim = claimed();
  const auto model = advance_with(step(claim, claim.models[0], 995, false)).model;
  auto late = step(claim, model, 997);
  late.late_scores = {score(995, false)};
  advance_with(late);
  EXPECT_EQ(scores().size(), 7U);
  EXPECT_EQ(scores(true).size(), 8U);
  EXPECT_EQ(anomalies(), 1U);  // 997; that of 995 was taken back
}

}  // namespace
}  // namespace wakeful::control
