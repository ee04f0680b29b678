// A kept text is given only while it is what the run holds.
#include "tracker/run_texts.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "support/database.hpp"
#include "tracker/experiments.hpp"
#include "tracker/inputs.hpp"
#include "tracker/metrics.hpp"
#include "tracker/params_tags.hpp"
#include "tracker/wire/write.hpp"

namespace wakeful::tracker {
namespace {

class RunTextsTest : public wakeful::testing::EveryDatabase {
 protected:
  void SetUp() override {
    EveryDatabase::SetUp();
    if (IsSkipped()) return;
    db().write([](db::Tx& tx) { ensure_default_experiment(tx, Settings{}, core::from_ms(1)); });
  }

  RunId create(int i) {
    const RunId id(std::string(31, 'a') + static_cast<char>('a' + i));
    db().write([&](db::Tx& tx) { create_run(tx, {.experiment_id = "0", .run_name = "n"}, id); });
    return id;
  }

  RunTexts::Text text(RunTexts& texts, const RunId& id) {
    return db().read([&](db::Tx& tx) {
      const FoundRun run = get_found_run(tx, id);
      return texts.get(tx, std::span(&run, 1)).front();
    });
  }

  /// As it would be without any text kept.
  std::string plain(const RunId& id) {
    core::JsonWriter json;
    json.begin_object();
    write_contents(json, db().read([&](db::Tx& tx) { return get_run(tx, id); }));
    return json.end_object().take().substr(1);
  }

  RunTexts texts_{1U << 20U};
};

TEST_P(RunTextsTest, AreGivenAgainWhileNothingChanges) {
  const RunId run = create(0);
  const auto first = text(texts_, run);
  EXPECT_EQ(*first, plain(run));
  EXPECT_EQ(text(texts_, run), first);
}

TEST_P(RunTextsTest, FollowEveryChangeOfWhatARunHolds) {
  const RunId run = create(0);
  const Settings settings;
  const DatasetInput dataset{.dataset = {"d", "1", "local", "{}"}};
  const std::string model = "m-1";
  const ModelOutput output{"m-2", 1};
  const std::vector<std::pair<const char*, std::function<void(db::Tx&)>>> changes{
      {"log_metric", [&](db::Tx& tx) { log_metric(tx, run, {.key = "m", .value = 1}); }},
      {"log_param",
       [&](db::Tx& tx) {
         log_param(tx, run, {"p", "1"}, settings);
       }},
      {"set_tag",
       [&](db::Tx& tx) {
         set_tag(tx, run, {"t", "1"}, settings);
       }},
      {"delete_tag", [&](db::Tx& tx) { delete_tag(tx, run, "t"); }},
      {"log_batch",
       [&](db::Tx& tx) {
         log_batch(tx, run, CheckedBatch({.params = {{"q", "1"}}}, settings));
       }},
      {"update_run", [&](db::Tx& tx) { update_run(tx, {.run_id = run, .run_name = "other"}); }},
      {"log_inputs", [&](db::Tx& tx) { log_inputs(tx, run, std::span(&dataset, 1), std::span(&model, 1)); }},
      {"log_outputs", [&](db::Tx& tx) { log_outputs(tx, run, std::span(&output, 1)); }},
      {"log_model",
       [&](db::Tx& tx) {
         log_model(tx, run, R"({"artifact_path":"a","flavors":{},"utc_time_created":"t","run_id":"r"})");
       }},
  };
  for (const auto& [name, change] : changes) {
    const std::string before = *text(texts_, run);
    db().write(change);
    EXPECT_NE(*text(texts_, run), before) << name;
    EXPECT_EQ(*text(texts_, run), plain(run)) << name;
  }
}

TEST_P(RunTextsTest, SurviveARefusedChangeAndTheVersionThatItTook) {
  const RunId run = create(0);
  text(texts_, run);
  EXPECT_THROW(db().write([&](db::Tx& tx) {
    log_metric(tx, run, {.key = "m", .value = 1});
    throw core::invalid("no");
  }),
               core::Error);
  EXPECT_EQ(*text(texts_, run), plain(run));
  db().write([&](db::Tx& tx) { log_metric(tx, run, {.key = "m", .value = 2}); });
  EXPECT_EQ(*text(texts_, run), plain(run));
}

TEST_P(RunTextsTest, GiveWayToLaterOnes) {
  RunTexts few(4'000);
  std::vector<RunId> runs;
  for (int i = 0; i < 20; ++i) runs.push_back(create(i));
  const auto first = text(few, runs[0]);
  for (const RunId& run : runs) {
    EXPECT_EQ(*text(few, run), plain(run));
    EXPECT_EQ(text(few, runs[0]), first) << "what is asked for again stays";
  }
  const auto second = text(few, runs[1]);
  for (const RunId& run : runs) text(few, run);
  EXPECT_NE(text(few, runs[0]), first) << "there is not room for all";
  EXPECT_EQ(*second, *text(few, runs[1]));
}

TEST_P(RunTextsTest, ComeInTheOrderOfTheRuns) {
  std::vector<RunId> ids{create(0), create(1), create(2)};
  db().write([&](db::Tx& tx) { log_metric(tx, ids[1], {.key = "only here", .value = 1}); });
  text(texts_, ids[1]);
  const auto all = db().read([&](db::Tx& tx) {
    std::vector<FoundRun> runs;
    for (const RunId& id : ids) runs.push_back(get_found_run(tx, id));
    return texts_.get(tx, runs);
  });
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(*all[i], plain(ids[i])) << i;
}

WAKEFUL_ON_EVERY_DATABASE(RunTextsTest);

}  // namespace
}  // namespace wakeful::tracker
