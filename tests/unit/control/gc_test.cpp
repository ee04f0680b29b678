#include "control/gc.hpp"

#include <filesystem>

#include "platform/artifacts/store.hpp"
#include "registry/references.hpp"
#include "tracker/experiments.hpp"
#include "tracker/metrics.hpp"
#include "tracker/rules.hpp"
#include "tracker/runs.hpp"
#include "unit/control/watched.hpp"

namespace wakeful::control {
namespace {

class Garbage : public Watched {
 protected:
  Garbage() : folder_(std::filesystem::temp_directory_path() / core::new_hex_id()) {}
  ~Garbage() override { std::filesystem::remove_all(folder_); }

  void put(const std::string& path) {
    http::TextBody body("model");
    store_->put(artifacts::Path::parse(path), body);
  }
  bool has(const std::string& path) { return !store_->list(artifacts::Path::parse(path)).empty(); }

  std::int64_t experiment(const std::string& name) {
    return write([&](db::Tx& tx) {
      return tracker::create_experiment(tx, {.name = name}, {.default_artifact_root = "mlflow-artifacts:/"}, now());
    });
  }
  tracker::RunId run(std::int64_t experiment) {
    const tracker::RunId id(core::new_hex_id());
    write([&](db::Tx& tx) {
      return tracker::create_run(tx, {.experiment_id = std::to_string(experiment), .start_time_ms = 1}, id);
    });
    put(fmt::format("{}/{}/artifacts/a.bin", experiment, id.text()));
    return id;
  }
  std::string folder_of(std::int64_t experiment, const tracker::RunId& run) {
    return fmt::format("{}/{}", experiment, run.text());
  }
  void remove(const tracker::RunId& run) {
    write([&](db::Tx& tx) {
      tracker::delete_run(tx, run, now());
      return 0;
    });
  }
  std::int64_t count(const std::string& table) {
    return read([&](db::Tx& tx) {
      return *tx.find(db::Sql("test.count", "SELECT COUNT(*) FROM " + table), {},
                      [](const db::Row& row) { return row.integer(0); });
    });
  }
  GcReport collect(core::Timestamp before, bool dry_run = false) {
    return collect_garbage(db(), files_, {.before = before, .dry_run = dry_run});
  }

  std::filesystem::path folder_;
  std::unique_ptr<artifacts::Store> store_ = artifacts::open_store(folder_.string());
  tracker::ArtifactLocator files_{*store_, {}, {}};
};
WAKEFUL_ON_EVERY_DATABASE(Garbage);

TEST_P(Garbage, GoesWithRowsAndFilesOnceItHasBeenDeletedLongEnough) {
  const auto e = experiment("e");
  const auto old = run(e), fresh = run(e), active = run(e);
  tracker::Batch batch;
  for (int i = 0; i < 900; ++i)
    batch.metrics.push_back({.key = "m", .value = 1.0 * i, .timestamp_ms = 7, .step = i / 3});
  batch.params.push_back({"p", "1"});
  for (const auto& id : {old, active})
    write([&](db::Tx& tx) {
      tracker::log_batch(tx, id, tracker::CheckedBatch(batch, {}));
      return 0;
    });
  const auto points = count("metric_points");
  remove(old);
  clock().advance(minutes(60));
  const core::Timestamp between = now();
  clock().advance(minutes(60));
  remove(fresh);

  const GcReport would = collect(between, true);
  EXPECT_EQ(would.runs, 1);
  EXPECT_EQ(count("runs"), 3);
  EXPECT_TRUE(has(folder_of(e, old)));

  const GcReport done = collect(between);
  EXPECT_EQ(done.runs, 1);
  EXPECT_EQ(done.files, 1);
  EXPECT_EQ(count("runs"), 2);
  EXPECT_EQ(count("metric_points"), points / 2);
  EXPECT_EQ(count("params"), 1);
  EXPECT_EQ(count("purged_runs"), 0);
  EXPECT_EQ(count("discarded_files"), 0);
  EXPECT_FALSE(has(folder_of(e, old)));
  EXPECT_TRUE(has(folder_of(e, fresh)));
  EXPECT_TRUE(has(folder_of(e, active)));
  EXPECT_EQ(collect(between).runs, 0);  // nothing is left to do
}

TEST_P(Garbage, IsNotWhatAVersionStillNames) {
  const auto e = experiment("e");
  const auto by_id = run(e), by_source = run(e);
  run(e);
  write([&](db::Tx& tx) {
    registry::create_model(tx, {.name = "m"}, now());
    registry::create_version(tx, {.name = "m", .source = "x", .run_id = by_id.text()}, now());
    registry::create_version(
        tx,
        {.name = "m", .source = fmt::format("mlflow-artifacts://host:1/{}/artifacts/a.bin", folder_of(e, by_source))},
        now());
    return 0;
  });
  remove(by_id);
  remove(by_source);
  clock().advance(minutes(1));
  const GcReport kept = collect(now());
  EXPECT_EQ(kept.runs, 0);
  EXPECT_EQ(kept.kept, 2);
  EXPECT_TRUE(has(folder_of(e, by_source)));
  write([&](db::Tx& tx) {
    registry::delete_model(tx, "m");
    return 0;
  });
  EXPECT_EQ(collect(now()).runs, 2);
  EXPECT_FALSE(has(folder_of(e, by_source)));
}

TEST_P(Garbage, DoesNotGiveTheKeyOfADeletedRunToTheNext) {
  const auto e = experiment("e");
  run(e);
  const auto newest = run(e);
  remove(newest);
  clock().advance(minutes(1));
  EXPECT_EQ(collect(now()).kept, 1);
  run(e);
  EXPECT_EQ(collect(now()).runs, 1);
}

TEST_P(Garbage, GoesOnWhereAKilledCollectionStopped) {
  const auto e = experiment("e");
  const auto id = run(e);
  run(e);
  // Its row is gone, points and files are not: the moment behind the first commit.
  write([&](db::Tx& tx) {
    const auto key = tracker::find_run_key(tx, id)->key;
    tx.execute({"test.drop", "DELETE FROM runs WHERE run_key = $1"}, {key});
    tx.execute({"test.remember", "INSERT INTO purged_runs (run_key) VALUES ($1)"}, {key});
    tx.execute({"test.discard", "INSERT INTO discarded_files (uri, discarded_us) VALUES ($1, 5)"},
               {"mlflow-artifacts:/" + folder_of(e, id)});
    return 0;
  });
  collect(now());
  EXPECT_EQ(count("purged_runs"), 0);
  EXPECT_FALSE(has(folder_of(e, id)));
}

TEST_P(Garbage, TakesExperimentsThatBecameEmpty) {
  const auto gone = experiment("gone");
  run(gone);
  run(experiment("stays"));
  write([&](db::Tx& tx) {
    tracker::delete_experiment(tx, gone, now());
    return 0;
  });
  clock().advance(minutes(1));
  const GcReport done = collect(now());
  EXPECT_EQ(done.experiments, 1);
  EXPECT_EQ(read([&](db::Tx& tx) { return tracker::find_experiment(tx, gone).has_value(); }), false);
}

TEST_P(Garbage, IsTheFileOfAVersionThatRetentionTook) {
  apply();
  const auto trained = train(990);
  std::vector<std::string> files;
  for (std::int64_t i = 0; i < 8; ++i) {
    ask(JobKind::evaluate, minute(992 + i));
    const auto claim = take("r1", {JobKind::evaluate});
    ASSERT_TRUE(claim);
    const auto wanted = step(*claim, claim->models[0], 991 + i);
    advance_with(wanted);
    files.push_back(wanted.artifact.uri.substr(std::string("mlflow-artifacts:/").size()));
    put(files.back());
  }
  EXPECT_EQ(read([](db::Tx& tx) { return registry::get_model(tx, kOnline).latest_versions.at(0).version; }), 9);
  EXPECT_EQ(count("discarded_files"), 4);  // versions 1 to 4 of nine
  clock().advance(minutes(1));
  const GcReport done = collect(now());
  EXPECT_EQ(done.files, 3);  // the first one's is that of the training, which is kept
  for (std::size_t i = 0; i < files.size(); ++i) EXPECT_EQ(has(files[i]), i >= 3) << files[i];
  EXPECT_EQ(count("discarded_files"), 0);
}

TEST_P(Garbage, IsMadeOfTheOldestRunsOfAKindButNotOfThoseThatAVersionNeeds) {
  apply();
  for (std::int64_t i = 0; i < kKeptTrainings + 5; ++i) {
    ask(JobKind::train);
    const auto claim = take("trainer", {JobKind::train});
    ASSERT_TRUE(claim);
    // The first five fail and leave no version.
    if (i < 5)
      write([&](db::Tx& tx) {
        return fail(tx, {.holder = claim->holder(), .failure = monitor::FailureClass::permanent, .message = "x"}, 0.5,
                    now());
      });
    else
      register_all(registration(*claim, minute(990)));
    clock().advance(minutes(1));
  }
  EXPECT_EQ(count("runs WHERE lifecycle = 0"), kKeptTrainings);
  EXPECT_EQ(count("runs WHERE lifecycle = 1"), 5);
  ask(JobKind::train);
  const auto claim = take("trainer", {JobKind::train});
  register_all(registration(*claim, minute(990)));
  EXPECT_EQ(count("runs WHERE lifecycle = 1"), 5) << "the oldest of the others has a version";
}

TEST_P(Garbage, IsMadeOfTheOldestEvaluationsToo) {
  apply();
  train(990);
  for (std::int64_t i = 0; i < kKeptEvaluations + 3; ++i) {
    ask(JobKind::evaluate, minute(992 + i));
    const auto claim = take("r1", {JobKind::evaluate});
    ASSERT_TRUE(claim);
    advance_with(step(*claim, claim->models[0], 991 + i));
    clock().advance(minutes(1));
  }
  EXPECT_EQ(count("runs WHERE lifecycle = 0"), kKeptEvaluations + 1) << "and the training";
  EXPECT_EQ(count("runs WHERE lifecycle = 1"), 3);
}

}  // namespace
}  // namespace wakeful::control
