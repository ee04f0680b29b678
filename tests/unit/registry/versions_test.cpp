// What control/ composes: numbers, compare-and-set, trimming, aliases, on every kind of database.
#include "registry/versions.hpp"

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "registry/aliases.hpp"
#include "registry/models.hpp"
#include "registry/source.hpp"
#include "registry/tags.hpp"
#include "support/database.hpp"

namespace wakeful::registry {
namespace {

using Numbers = std::vector<std::int64_t>;

constexpr core::Timestamp kNow = core::from_us(1'700'000'000'000'000);

core::ErrorCode code_of(db::Database& db, const std::function<void(db::Tx&)>& f) {
  try {
    db.write(f);
  } catch (const core::Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was refused";
  return core::ErrorCode::internal;
}

class VersionsTest : public wakeful::testing::EveryDatabase {
 protected:
  void SetUp() override {
    EveryDatabase::SetUp();
    if (IsSkipped()) return;
    db().write([](db::Tx& tx) { create_model(tx, {.name = "m"}, kNow); });
  }
  std::int64_t add(std::vector<Tag> tags = {}) {
    return db().write([&](db::Tx& tx) {
      return create_version(tx, {.name = "m", .source = "s3://b/m", .tags = tags}, kNow).version;
    });
  }
  ModelState state() {
    return db().read([](db::Tx& tx) { return get_model_state(tx, "m"); });
  }
  Numbers numbers() {
    return db().read([](db::Tx& tx) {
      Numbers all;
      for (std::int64_t i = 1; i <= get_model_state(tx, "m").last_version; ++i)
        if (find_version(tx, "m", i)) all.push_back(i);
      return all;
    });
  }
};

TEST_P(VersionsTest, ASourceIsMeasuredBeforeItIsMatched) {
  const Settings settings{.source_pattern = "^s3:.*/model$"};
  const auto check = [&](const std::string& source) {
    return code_of(db(), [&](db::Tx& tx) {
      NewVersion wanted{.name = "m", .source = source};
      check_source(tx, wanted, settings);
      throw core::conflict("accepted");
    });
  };
  EXPECT_EQ(check("s3://b/model"), core::ErrorCode::conflict);
  EXPECT_EQ(check("s3://b/other"), core::ErrorCode::invalid);
  EXPECT_EQ(check("s3://b/" + std::string(1'000'000, 'x') + "/model"), core::ErrorCode::invalid);
}

TEST_P(VersionsTest, GivesConcurrentMakersANumberEach) {
  constexpr int kThreads = 16;
  constexpr int kEach = 4;
  std::vector<Numbers> made(kThreads);
  std::vector<std::thread> threads;
  for (Numbers& mine : made) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) mine.push_back(add());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::int64_t> all;
  for (const Numbers& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 64U);
  EXPECT_EQ(*all.begin(), 1);
  EXPECT_EQ(*all.rbegin(), 64);
}

TEST_P(VersionsTest, MakesAVersionOnlyWhereTheModelIsAsExpected) {
  const std::int64_t before = state().row_version;
  const auto advance = [&](db::Tx& tx) {
    return create_version(tx, {.name = "m", .source = "s3://b/m"}, kNow, {.expected_row_version = before});
  };
  EXPECT_EQ(db().write(advance).version, 1);
  EXPECT_EQ(state().row_version, before + 1);
  EXPECT_EQ(code_of(db(), advance), core::ErrorCode::conflict);
  EXPECT_EQ(numbers(), Numbers{1});
}

TEST_P(VersionsTest, NeverRepeatsARowVersionOfADeletedModel) {
  add();
  add();
  const std::int64_t before = state().row_version;
  db().write([](db::Tx& tx) {
    delete_model(tx, "m");
    create_model(tx, {.name = "m"}, kNow + std::chrono::milliseconds(1));
  });
  EXPECT_GT(state().row_version, before);
}

TEST_P(VersionsTest, MovesTheRowVersionWithVersionsAndNamesOnly) {
  std::int64_t last = state().row_version;
  const auto moves = [&](const std::function<void(db::Tx&)>& f) {
    db().write(f);
    const std::int64_t before = std::exchange(last, state().row_version);
    return last > before;
  };
  EXPECT_TRUE(moves([](db::Tx& tx) { create_version(tx, {.name = "m", .source = "s3://b/m"}, kNow); }));
  EXPECT_TRUE(moves([](db::Tx& tx) { rename_model(tx, "m", "m", kNow); }));
  EXPECT_FALSE(moves([](db::Tx& tx) { set_model_tags(tx, "m", {{"a", "b"}}); }));
  EXPECT_FALSE(moves([](db::Tx& tx) { set_version_tags(tx, "m", 1, {{"a", "b"}}); }));
  EXPECT_FALSE(moves([](db::Tx& tx) { set_alias(tx, "m", "x", 1); }));
  EXPECT_FALSE(moves([](db::Tx& tx) { update_model(tx, "m", "d", kNow); }));
  EXPECT_FALSE(moves([](db::Tx& tx) { transition_version(tx, "m", 1, Stage::staging, true, kNow); }));
  EXPECT_TRUE(moves([](db::Tx& tx) { delete_version(tx, "m", 1, kNow); }));
}

TEST_P(VersionsTest, TrimsToTheNewestAndWhatIsPointedAt) {
  for (int i = 1; i <= 8; ++i) add({{"n", std::to_string(i)}});
  db().write([](db::Tx& tx) {
    set_alias(tx, "m", "champion", 1);
    transition_version(tx, "m", 2, Stage::production, false, kNow);
  });
  const auto gone = db().write([](db::Tx& tx) { return trim_versions(tx, "m", 5, kNow); });
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone.front().version, 3);
  EXPECT_EQ(gone.front().source, "s3://b/m");
  EXPECT_EQ(numbers(), (Numbers{1, 2, 4, 5, 6, 7, 8}));
  EXPECT_EQ(add(), 9);
}

TEST_P(VersionsTest, LeavesTheLatestTagsWhereEverybodyLooks) {
  for (int i = 1; i <= 3; ++i) add({{"last_evaluation_ts", "t" + std::to_string(i)}});
  const auto model = db().read([](db::Tx& tx) { return get_model(tx, "m"); });
  ASSERT_EQ(model.latest_versions.size(), 1U);
  EXPECT_EQ(model.latest_versions.front().tags, (std::vector<Tag>{{"last_evaluation_ts", "t3"}}));
  EXPECT_EQ(db().read([](db::Tx& tx) { return latest_version(tx, "m"); })->version, 3);
}

TEST_P(VersionsTest, KeepsWhereTheFilesAreApartFromWhatWasSaid) {
  db().write([](db::Tx& tx) {
    create_version(tx, {.name = "m", .source = "models:/x/1"}, kNow, {.location = "s3://b/first"});
  });
  EXPECT_EQ(db().read([](db::Tx& tx) { return get_download_uri(tx, "m", 1); }), "s3://b/first");
  EXPECT_EQ(db().read([](db::Tx& tx) { return get_version(tx, "m", 1); }).source, "models:/x/1");
}

TEST_P(VersionsTest, MovesAnAliasOnlyFromWhereItIsExpected) {
  add();
  add();
  db().write([](db::Tx& tx) { move_alias(tx, "m", "a", std::nullopt, 1); });
  EXPECT_EQ(code_of(db(), [](db::Tx& tx) { move_alias(tx, "m", "a", std::nullopt, 2); }), core::ErrorCode::conflict);
  EXPECT_EQ(code_of(db(), [](db::Tx& tx) { move_alias(tx, "m", "a", 2, 1); }), core::ErrorCode::conflict);
  db().write([](db::Tx& tx) { move_alias(tx, "m", "a", 1, 2); });
  EXPECT_EQ(db().read([](db::Tx& tx) { return get_version_by_alias(tx, "m", "a"); }).version, 2);
}

TEST_P(VersionsTest, KnowsWhoseModelItIs) {
  EXPECT_EQ(state().managed_by, "");
  const auto mark = [](db::Tx& tx) { check_client_may_tag(tx, "m", {{"last_evaluation_ts", "t"}}); };
  db().write(mark);
  db().write([](db::Tx& tx) { set_managed_by(tx, "m", kDetector); });
  EXPECT_EQ(state().managed_by, kDetector);
  EXPECT_EQ(code_of(db(), mark), core::ErrorCode::invalid);
  db().write([](db::Tx& tx) { check_client_may_tag(tx, "m", {{"other", "t"}}); });
}

TEST_P(VersionsTest, AnswersNotFoundForWhatIsUnknown) {
  const std::vector<std::function<void(db::Tx&)>> calls{
      [](db::Tx& tx) { create_version(tx, {.name = "x", .source = "s3://b/m"}, kNow); },
      [](db::Tx& tx) { get_model_state(tx, "x"); },
      [](db::Tx& tx) { trim_versions(tx, "x", 5, kNow); },
      [](db::Tx& tx) { latest_versions(tx, "x"); },
      [](db::Tx& tx) { set_managed_by(tx, "x", ""); },
      [](db::Tx& tx) { touch_model(tx, "x", kNow); },
      [](db::Tx& tx) { set_alias(tx, "m", "a", 1); },
      [](db::Tx& tx) { move_alias(tx, "m", "a", std::nullopt, 1); },
      [](db::Tx& tx) { delete_version(tx, "m", 1, kNow); },
      [](db::Tx& tx) { transition_version(tx, "m", 1, Stage::staging, false, kNow); },
      [](db::Tx& tx) {
        set_version_tags(tx, "m", 1, {{"a", "b"}});
      },
  };
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(code_of(db(), calls[i]), core::ErrorCode::not_found) << i;
}

WAKEFUL_ON_EVERY_DATABASE(VersionsTest);

}  // namespace
}  // namespace wakeful::registry
