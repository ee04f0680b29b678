// What a server writes is what a client reads, and the other way round.
#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "registry/wire/read.hpp"
#include "registry/wire/write.hpp"

namespace wakeful::registry {
namespace {

template <class T>
std::string text_of(const T& value) {
  core::JsonWriter json;
  write(json, value);
  return json.take();
}

const ModelVersion kVersion{.name = "m",
                            .version = 3,
                            .created_ms = 1,
                            .updated_ms = 2,
                            .stage = Stage::production,
                            .description = "words",
                            .source = "s3://b/m",
                            .run_id = "r",
                            .run_link = "http://x",
                            .tags = {{"k", "v"}},
                            .aliases = {"a", "b"}};

TEST(Wire, CarriesAModelBothWays) {
  const RegisteredModel model{.name = "ünï \"q\"",
                              .created_ms = 1'700'000'000'000,
                              .updated_ms = 1'700'000'000'001,
                              .description = "d",
                              .tags = {{"k", ""}},
                              .aliases = {{"a", 3}},
                              .latest_versions = {kVersion}};
  const std::string text = text_of(model);
  const auto document = core::parse_json(text);
  const RegisteredModel read = read_registered_model(core::ObjectReader(document.root()));
  EXPECT_EQ(read.name, model.name);
  EXPECT_EQ(read.created_ms, model.created_ms);
  EXPECT_EQ(read.updated_ms, model.updated_ms);
  EXPECT_EQ(read.description, "d");
  EXPECT_EQ(read.tags, model.tags);
  EXPECT_EQ(read.aliases, model.aliases);
  ASSERT_EQ(read.latest_versions.size(), 1U);
  EXPECT_EQ(text_of(read), text);
}

TEST(Wire, LeavesOutWhatAModelHasNotButNotWhatAVersionHasNot) {
  EXPECT_EQ(text_of(RegisteredModel{.name = "m", .created_ms = 1, .updated_ms = 1}),
            R"({"name":"m","creation_timestamp":1,"last_updated_timestamp":1})");
  EXPECT_EQ(text_of(ModelVersion{.name = "m", .version = 1, .description = ""}),
            R"({"name":"m","version":"1","creation_timestamp":0,"last_updated_timestamp":0,"current_stage":"None",)"
            R"("description":"","source":"","run_id":"","status":"READY","run_link":""})");
  EXPECT_EQ(text_of(ModelVersion{.name = "m", .version = 1}).find("description"), std::string::npos);
}

TEST(Wire, CarriesWhatClientsAskFor) {
  const NewVersion wanted{.name = "m",
                          .source = "runs:/r/m",
                          .run_id = "r",
                          .run_link = "l",
                          .description = "d",
                          .model_id = "m-1",
                          .tags = {{"k", "v"}}};
  const std::string text = text_of(wanted);
  const auto document = core::parse_json(text);
  EXPECT_EQ(text_of(read_new_version(core::ObjectReader(document.root()))), text);
  const auto model = core::parse_json(text_of(NewModel{.name = "m", .description = "d", .tags = {{"k", "v"}}}));
  EXPECT_EQ(read_new_model(core::ObjectReader(model.root())).tags, (std::vector<Tag>{{"k", "v"}}));
}

TEST(Wire, TakesWholeNumbersAsTheJavaClientSendsThem) {
  const auto document = core::parse_json(R"({"filter":"f","order_by":["a","b"],"max_results":"5","page_token":"t"})");
  const Search search = read_search(core::ObjectReader(document.root()));
  EXPECT_EQ(search.max_results, 5);
  EXPECT_EQ(search.order_by, (std::vector<std::string>{"a", "b"}));
}

TEST(Versions, AreDigitsOnTheWire) {
  EXPECT_EQ(parse_version("1"), 1);
  EXPECT_EQ(parse_version("9223372036854775807"), 9223372036854775807);
  for (const char* text :
       {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "1_0", "१", "9223372036854775808", "latest"})
    EXPECT_THROW(parse_version(text), core::Error) << text;
}

TEST(Stages, AreReadInAnyCase) {
  EXPECT_EQ(parse_stage("PRODUCTION"), Stage::production);
  EXPECT_EQ(parse_stage("none"), Stage::none);
  EXPECT_THROW(parse_stage("Deleted_Internal"), core::Error);
  for (const Stage stage : {Stage::none, Stage::staging, Stage::production, Stage::archived})
    EXPECT_EQ(parse_stage(name_of(stage)), stage);
}

}  // namespace
}  // namespace wakeful::registry
