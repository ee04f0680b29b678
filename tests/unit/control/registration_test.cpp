#include "registry/tags.hpp"
#include "tracker/runs.hpp"
#include "unit/control/watched.hpp"

namespace wakeful::control {
namespace {

class Registrations : public Watched {
 protected:
  monitor::Claim training(std::optional<core::Timestamp> until = std::nullopt) {
    ask(JobKind::train, until);
    return take("trainer", {JobKind::train}).value();
  }
};
WAKEFUL_ON_EVERY_DATABASE(Registrations);

TEST_P(Registrations, MakeTheModelsThatPeopleLookFor) {
  apply();
  const auto claim = training();
  auto wanted = registration(claim, minute(990));
  wanted.metrics = {{"v/training_rows", 100}};
  wanted.result = "{\"models\":1}";
  const auto done = register_all(wanted);
  ASSERT_EQ(done.models.size(), 1U);
  EXPECT_EQ(done.models[0].name, kOnline);
  EXPECT_EQ(done.models[0].last_evaluation, minute(990));
  EXPECT_EQ(done.models[0].trained, now());
  EXPECT_EQ(done.job.state, JobState::succeeded);
  EXPECT_EQ(done.job.result, "{\"models\":1}");
  EXPECT_EQ(model_tag(kOnline, "online"), "True");
  EXPECT_EQ(model_tag(kOnline, "detector"), "d");
  EXPECT_EQ(model_tag(kOnline, "deployment_mode"), "prod");
  EXPECT_EQ(model_tag(kOnline, "creation_run_id"), claim.job.run_id);
  EXPECT_EQ(tag(kOnline, 1, "last_evaluation_ts"), core::format_rfc3339(minute(990)));
  EXPECT_EQ(tag(kOnline, 1, "datasource"), "observations:src");
  EXPECT_NE(tag(kOnline, 1, "query").find("\"name\":\"v\""), std::string::npos);
  EXPECT_EQ(tag(kTrained, 1, "last_evaluation_ts"), "(none)");
  EXPECT_EQ(read([&](db::Tx& tx) { return registry::get_version(tx, kTrained, 1).source; }),
            read([&](db::Tx& tx) { return registry::get_version(tx, kOnline, 1).source; }));
  const auto run = read([&](db::Tx& tx) { return tracker::get_run(tx, tracker::RunId(claim.job.run_id)); });
  EXPECT_EQ(run.info.status, tracker::RunStatus::finished);
  EXPECT_EQ(run.info.end_time_ms, core::to_ms(now()));
  ASSERT_EQ(run.metrics.size(), 1U);
  EXPECT_EQ(run.metrics[0].value, 100);
}

TEST_P(Registrations, SwapTheModelAndKeepItsMark) {
  apply();
  train(980);
  clock().advance(minutes(10));
  const auto claim = training(minute(1'000));
  const auto model = register_all(registration(claim, minute(999))).models[0];
  EXPECT_EQ(model.version, 2);
  EXPECT_EQ(model.last_evaluation, minute(980));
  EXPECT_EQ(model.trained, now());
  EXPECT_EQ(tag(kOnline, 2, "last_evaluation_ts"), core::format_rfc3339(minute(980)));
  EXPECT_EQ(model_tag(kOnline, "creation_run_id"), claim.job.run_id);
  EXPECT_EQ(read([&](db::Tx& tx) { return registry::get_model_state(tx, kTrained).last_version; }), 2);
  // A replay of the past takes it back neither.
  EXPECT_EQ(train(500).last_evaluation, minute(980));
}

TEST_P(Registrations, RetireTheModelsOfMetricsThatAreNamedNoMore) {
  apply(definition({"v", "w"}));
  register_all(registration(training(), minute(990), {"v", "w"}));
  clock().advance(minutes(1));
  apply(definition({"v"}));
  const auto done = register_all(registration(training(), minute(990)));
  EXPECT_EQ(done.retired, std::vector<std::string>{"d__w___online"});
  EXPECT_EQ(model_tag("d__w___online", "online"), "False");
  EXPECT_EQ(model_tag(kOnline, "online"), "True");
  EXPECT_EQ(refusal([](db::Tx& tx) { monitor::get_online_model(tx, "d__w___online"); }), "not_found model");
  // It comes back where its new training ends: what lies between was nobody's to judge.
  clock().advance(minutes(1));
  apply(definition({"v", "w"}));
  const auto back = register_all(registration(training(), minute(995), {"v", "w"}));
  EXPECT_EQ(back.models[1].last_evaluation, minute(995));
  EXPECT_EQ(back.models[1].version, 2);
  EXPECT_EQ(model_tag("d__w___online", "online"), "True");
}

TEST_P(Registrations, OfADetectorThatWasChangedMeanwhileAreRefused) {
  apply();
  const auto claim = training();
  clock().advance(seconds(1));
  apply(definition({"v", "w"}));
  EXPECT_EQ(refusal([&](db::Tx& tx) { register_models(tx, registration(claim, minute(990)), now()); }),
            "conflict detector");
  EXPECT_EQ(refusal([](db::Tx& tx) { registry::get_model(tx, kOnline); }), "not_found name");
}

TEST_P(Registrations, RefuseWhatDoesNotFit) {
  apply();
  const auto claim = training();
  const auto good = registration(claim, minute(990));
  const auto field = [&](const std::function<void(monitor::Registration&)>& spoil) {
    auto bad = good;
    spoil(bad);
    return refusal([&](db::Tx& tx) { register_models(tx, bad, now()); });
  };
  EXPECT_EQ(field([](auto& r) { r.models[0].metric = "w"; }), "invalid models[0].metric");
  EXPECT_EQ(field([](auto& r) { r.models.push_back(r.models[0]); }), "invalid models[1].metric");
  EXPECT_EQ(field([](auto& r) { r.models[0].trained_until += seconds(1); }), "invalid models[0].trained_until");
  EXPECT_EQ(field([](auto& r) { r.models[0].artifact.uri = "s3://x/y"; }), "invalid models[0].artifact.uri");
  EXPECT_EQ(field([](auto& r) { r.holder.fence += 1; }), "conflict fence LEASE_LOST");
  EXPECT_EQ(job(claim.job.id).state, JobState::running);
}

TEST_P(Registrations, TakeOverAModelOfThatNameThatAClientMade) {
  write([&](db::Tx& tx) { registry::create_model(tx, {.name = kOnline, .tags = {{"mine", "yes"}}}, now()); });
  apply();
  EXPECT_EQ(train(990).version, 1);
  EXPECT_EQ(model_tag(kOnline, "mine"), "yes");
  EXPECT_EQ(read([](db::Tx& tx) { return registry::get_model_state(tx, kOnline).managed_by; }), registry::kDetector);
}

TEST_P(Registrations, OnAFinerGridGoOnBehindTheLastCoarseBucket) {
  apply();
  train(990);
  clock().advance(minutes(1));
  monitor::Definition d = definition();
  d.time_spec.granularity = seconds(10);
  apply(d);
  const auto claim = training();
  EXPECT_EQ(register_all(registration(claim, minute(995))).models[0].last_evaluation, minute(991) - seconds(10));
}

TEST_P(Registrations, TrainOnlyTheModelsThatAreDue) {
  auto d = definition({"v", "w"});
  d.time_spec.retrain = minutes(60);
  apply(d);
  ask(JobKind::train);
  auto claim = take("t", {JobKind::train});
  register_all(registration(*claim, minute(980), {"v", "w"}));
  clock().advance(minutes(30));
  ask(JobKind::train);
  claim = take("t", {JobKind::train});
  EXPECT_EQ(claim->detector.metrics.size(), 2U) << "who asks gets all";
  register_all(registration(*claim, minute(980), {"v"}));
  clock().advance(minutes(40));  // v is 40 minutes old, w 70
  ask(JobKind::evaluate);
  claim = take("e", {JobKind::evaluate});
  write([&](db::Tx& tx) { return finish(tx, {.holder = claim->holder(), .result = "null"}, now()); });
  claim = take("t", {JobKind::train});
  ASSERT_TRUE(claim);
  ASSERT_EQ(claim->detector.metrics.size(), 1U);
  EXPECT_EQ(claim->detector.metrics[0].name, "w");
  const auto done = register_all(registration(*claim, minute(980), {"w"}));
  EXPECT_TRUE(done.retired.empty());
  EXPECT_EQ(online("d__v___online").version, 2);
  EXPECT_EQ(online("d__w___online").version, 2);
}

TEST_P(Registrations, AreNotNeededToTakeAModelOffWatchWhoseMetricLeftTheFile) {
  apply(definition({"v", "w"}));
  ask(JobKind::train);
  register_all(registration(*take("t", {JobKind::train}), minute(980), {"v", "w"}));
  apply(definition({"v"}));
  ask(JobKind::evaluate);
  const auto claim = take("e", {JobKind::evaluate});
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->models.size(), 1U);
  EXPECT_EQ(read([](db::Tx& tx) { return monitor::list_online_models(tx, "d").size(); }), 1U);
  const auto tags = read([](db::Tx& tx) { return registry::get_model(tx, "d__w___online").tags; });
  EXPECT_TRUE(std::any_of(tags.begin(), tags.end(),
                          [](const registry::Tag& t) { return t.key == "online" && t.value == "False"; }));
  apply(definition({"v", "w"}));  // and back again: it is trained anew, at the end of its training
  ask(JobKind::train);
  const auto again = register_all(registration(*take("t", {JobKind::train}), minute(985), {"v", "w"}));
  EXPECT_EQ(again.models.size(), 2U);
  EXPECT_EQ(online("d__w___online").last_evaluation, minute(985));
}

}  // namespace
}  // namespace wakeful::control
