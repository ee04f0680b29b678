// Searches against their plain definition, over many models, on every kind of database.
#include "registry/search.hpp"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "registry/models.hpp"
#include "registry/versions.hpp"
#include "support/database.hpp"

namespace wakeful::registry {
namespace {

constexpr core::Timestamp kNow = core::from_ms(1'700'000'000'000);

using Names = std::vector<std::string>;

Names names_of(const std::vector<RegisteredModel>& models) {
  Names names;
  for (const RegisteredModel& model : models) names.push_back(model.name);
  return names;
}

class SearchTest : public wakeful::testing::EveryDatabase {
 protected:
  ModelPage page(const Search& search) {
    return db().read([&](db::Tx& tx) { return search_models(tx, search); });
  }
  Names all(Search search) {
    Names names;
    do {
      const ModelPage found = page(search);
      for (const RegisteredModel& model : found.models) names.push_back(model.name);
      search.page_token = found.next_page_token;
    } while (!search.page_token.empty());
    return names;
  }
};

TEST_P(SearchTest, FindsByTagsWhatHasThemAllWhicheverIsRare) {
  std::minstd_rand chance(7);
  std::vector<NewModel> models;
  for (int i = 0; i < 60; ++i) {
    NewModel model{.name = fmt::format("m{:02}", (i * 37) % 60)};
    model.tags = {{"a", std::to_string(chance() % 2)}, {"b", std::to_string(chance() % 5)}};
    if (chance() % 3 == 0) model.tags.push_back({"c", "x"});
    models.push_back(std::move(model));
  }
  db().write([&](db::Tx& tx) {
    for (const NewModel& model : models) create_model(tx, model, kNow);
  });
  const auto has = [](const NewModel& model, const Tag& tag) {
    return std::find(model.tags.begin(), model.tags.end(), tag) != model.tags.end();
  };
  for (const std::string a : {"0", "1"}) {
    for (const std::string b : {"0", "3", "9"}) {
      Names expected;
      for (const NewModel& model : models)
        if (has(model, {"a", a}) && has(model, {"b", b}) && has(model, {"c", "x"})) expected.push_back(model.name);
      std::sort(expected.begin(), expected.end());
      const std::string filter = fmt::format("tags.a = '{}' AND tags.c = 'x' AND tags.b = '{}'", a, b);
      EXPECT_EQ(all({.filter = filter}), expected) << filter;
      EXPECT_EQ(all({.filter = filter, .max_results = 2}), expected) << filter;
      std::reverse(expected.begin(), expected.end());
      EXPECT_EQ(all({.filter = filter, .order_by = {"name DESC"}, .max_results = 1}), expected) << filter;
    }
  }
}

TEST_P(SearchTest, PagesHoldEveryModelOnceInEveryOrder) {
  db().write([&](db::Tx& tx) {
    for (int i = 0; i < 25; ++i)
      create_model(tx, {.name = fmt::format("m{:02}", (i * 7) % 25), .tags = {{"t", "v"}}},
                   kNow + std::chrono::milliseconds(i / 3));
  });
  for (const std::string filter : {"", "tags.t = 'v'", "name LIKE 'm%'"}) {
    for (const std::vector<std::string>& order :
         {std::vector<std::string>{}, {"name DESC"}, {"timestamp"}, {"last_updated_timestamp DESC", "name DESC"}}) {
      const Names whole = names_of(page({.filter = filter, .order_by = order}).models);
      ASSERT_EQ(whole.size(), 25U);
      EXPECT_EQ(all({.filter = filter, .order_by = order, .max_results = 4}), whole) << filter;
    }
  }
}

TEST_P(SearchTest, TakesAsManyComparisonsAsTheLanguageDoes) {
  db().write([&](db::Tx& tx) {
    create_model(tx, {.name = "m", .tags = {{"a", "b"}}}, kNow);
    create_version(tx, {.name = "m", .source = "s3://b/m", .tags = {{"a", "b"}}}, kNow);
  });
  std::string filter;
  for (int i = 0; i < 200; ++i) filter += "tags.a = 'b' AND tags.a LIKE 'b%' AND name = 'm' AND tags.a != 'c' AND ";
  EXPECT_EQ(page({.filter = filter}).models.size(), 1U);
  EXPECT_EQ(db().read([&](db::Tx& tx) { return search_versions(tx, {.filter = filter}); }).versions.size(), 1U);
}

TEST_P(SearchTest, GivesEachModelItsOwnTagsAliasesAndVersions) {
  db().write([&](db::Tx& tx) {
    for (int i = 0; i < 40; ++i) {
      const std::string name = fmt::format("m{:02}", i);
      create_model(tx, {.name = name, .tags = {{"of", name}}}, kNow);
      for (int v = 0; v < i % 4; ++v)
        create_version(tx, {.name = name, .source = "s3://b/m", .tags = {{"of", fmt::format("{}/{}", name, v + 1)}}},
                       kNow);
    }
  });
  const ModelPage found = page({});
  ASSERT_EQ(found.models.size(), 40U);
  for (int i = 0; i < 40; ++i) {
    const RegisteredModel& model = found.models[static_cast<std::size_t>(i)];
    EXPECT_EQ(model.tags, (std::vector<Tag>{{"of", model.name}}));
    ASSERT_EQ(model.latest_versions.size(), i % 4 == 0 ? 0U : 1U) << model.name;
    if (i % 4 == 0) continue;
    EXPECT_EQ(model.latest_versions.front().version, i % 4);
    EXPECT_EQ(model.latest_versions.front().tags, (std::vector<Tag>{{"of", fmt::format("{}/{}", model.name, i % 4)}}));
  }
  const auto versions = db().read([](db::Tx& tx) { return search_versions(tx, {}); }).versions;
  ASSERT_EQ(versions.size(), 60U);
  for (const ModelVersion& version : versions)
    EXPECT_EQ(version.tags, (std::vector<Tag>{{"of", fmt::format("{}/{}", version.name, version.version)}}));
}

WAKEFUL_ON_EVERY_DATABASE(SearchTest);

/// What SQLite says it will do.
std::string plan_of(db::Database& database, std::string_view sql) {
  const std::string text = fmt::format("EXPLAIN QUERY PLAN {}", sql);
  return database.read([&](db::Tx& tx) {
    std::string plan;
    tx.query(db::Sql("test.plan", text), {}, [&](const db::Row& row) { plan += fmt::format("{}\n", row.text(3)); });
    return plan;
  });
}

TEST(SearchPlan, ReadsTheIndexByValueInTheOrderOfNames) {
  const auto database = wakeful::testing::open_test_database();
  const std::string plan = plan_of(
      *database,
      "SELECT d.name FROM registered_model_tags d CROSS JOIN registered_models m WHERE m.name = d.name AND d.key = 'k' "
      "AND substr(d.value, 1, 64) = substr(CAST('v' AS TEXT), 1, 64) AND d.value = 'v' AND d.name > 'x' "
      "ORDER BY d.name ASC LIMIT 3");
  EXPECT_NE(plan.find("USING INDEX registered_model_tags_by_value (key=? AND <expr>=? AND name>?)"), std::string::npos)
      << plan;
  EXPECT_EQ(plan.find("TEMP B-TREE"), std::string::npos) << plan;
}

TEST(SearchPlan, ReadsVersionsInTheirStandardOrderWithoutASort) {
  const auto database = wakeful::testing::open_test_database();
  const std::string plan = plan_of(
      *database, "SELECT v.name FROM model_versions v ORDER BY v.updated_ms DESC, v.name ASC, v.version DESC LIMIT 3");
  EXPECT_NE(plan.find("model_versions_by_update"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("TEMP B-TREE"), std::string::npos) << plan;
}

}  // namespace
}  // namespace wakeful::registry
