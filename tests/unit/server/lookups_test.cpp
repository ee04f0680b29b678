#include "server/lookups.hpp"

#include <gtest/gtest.h>

#include <array>

#include "platform/core/error.hpp"
#include "platform/core/id.hpp"
#include "registry/models.hpp"
#include "registry/versions.hpp"
#include "support/database.hpp"
#include "tracker/experiments.hpp"
#include "tracker/logged_models.hpp"
#include "tracker/runs.hpp"

namespace wakeful::server {
namespace {

const core::Timestamp kNow = core::from_ms(1'700'000'000'000);

class Lookups : public ::testing::Test {
 protected:
  void SetUp() override {
    database_->write([&](db::Tx& tx) {
      tracker::ensure_default_experiment(tx, {}, kNow);
      tracker::create_run(tx, {.experiment_id = "0"}, run_);
      tracker::create_logged_model(tx, {.experiment_id = "0", .name = "m", .source_run_id = run_.text()}, model_, kNow);
    });
  }
  std::string tag_after(std::optional<std::string> before) {
    return database_->write([&](db::Tx& tx) {
      if (before) tracker::set_logged_model_tags(tx, model_, std::array{tracker::Tag{"mlflow.modelVersions", *before}});
      settings_.on_version_of_logged_model(tx, model_.text(), "n\"1", 7);
      return tracker::get_logged_model(tx, model_).tags.at(0).value;
    });
  }

  std::unique_ptr<db::Database> database_ = testing::open_test_database();
  registry::Settings settings_ = registry_settings({}, "mlflow-artifacts:/");
  tracker::RunId run_{core::new_hex_id()};
  tracker::LoggedModelId model_ = tracker::new_logged_model_id();
};

TEST_F(Lookups, FindWhereRunsAndLoggedModelsKeepTheirFiles) {
  database_->read([&](db::Tx& tx) {
    EXPECT_EQ(settings_.find_run_location(tx, run_.text()), "mlflow-artifacts:/0/" + run_.text() + "/artifacts");
    EXPECT_EQ(settings_.find_run_location(tx, "none"), std::nullopt);
    const auto facts = settings_.find_logged_model(tx, model_.text());
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->artifact_uri, "mlflow-artifacts:/0/models/" + model_.text() + "/artifacts");
    EXPECT_EQ(facts->source_run_id, run_.text());
  });
}

TEST_F(Lookups, DoNotFindDeletedLoggedModels) {
  database_->write([&](db::Tx& tx) {
    tracker::delete_logged_model(tx, model_, kNow);
    EXPECT_FALSE(settings_.find_logged_model(tx, model_.text()));
    EXPECT_FALSE(settings_.find_logged_model(tx, "m-none"));
  });
}

TEST_F(Lookups, AppendToTheVersionsThatALoggedModelNames) {
  const std::string item = R"({"name":"n\"1","version":7})";
  EXPECT_EQ(tag_after(std::nullopt), "[" + item + "]");
  EXPECT_EQ(tag_after(R"([{"name":"a","version":1}])"), R"([{"name":"a","version":1}, )" + item + "]");
  EXPECT_EQ(tag_after(" [ ] "), "[" + item + "]");
}

TEST_F(Lookups, BeginAnewWhereTheTagIsNoList) {
  const std::string item = R"({"name":"n\"1","version":7})";
  for (const char* nonsense : {"", "x", "[", "]", "[1", "[1]]", "{\"a\":[]}", "5", "[1],[2]"})
    EXPECT_EQ(tag_after(nonsense), "[" + item + "]") << nonsense;
}

TEST_F(Lookups, FindTheFilesOfAVersionByItsSource) {
  database_->write([&](db::Tx& tx) {
    registry::create_model(tx, {.name = "n"}, kNow);
    registry::create_version(tx, {.name = "n", .source = "mlflow-artifacts:/0/x"}, kNow);
  });
  const tracker::ArtifactRoots roots = artifact_roots(*database_);
  EXPECT_EQ(roots.version("n", "1"), "mlflow-artifacts:/0/x");
  EXPECT_THROW(roots.version("n", "2"), core::Error);
  EXPECT_THROW(roots.version("n", "x"), core::Error);
  EXPECT_EQ(roots.run(run_.text()), "mlflow-artifacts:/0/" + run_.text() + "/artifacts");
  EXPECT_EQ(roots.model(model_.text()), "mlflow-artifacts:/0/models/" + model_.text() + "/artifacts");
  EXPECT_THROW(roots.run("none"), core::Error);
}

}  // namespace
}  // namespace wakeful::server
