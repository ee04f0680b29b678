#include "registry/rules.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::registry {
namespace {

/// The field that `f` refuses, "" if it refuses nothing.
template <class F>
std::string refused_field(F&& f) {
  try {
    f();
    return "";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::invalid) << error.what();
    return error.field();
  }
}

std::string repeat(std::string_view text, int times) {
  std::string all;
  while (times-- > 0) all += text;
  return all;
}

TEST(ModelNames, MayBeWhatUsersCallTheirModels) {
  for (const std::string& name :
       {std::string("a"), std::string(" a b "), std::string("it's \"x\""), std::string("100%"), std::string("a%2fb"),
        std::string("a.b-c_d"), std::string(".a"), std::string("名前 ünï 🚀"), repeat("ü", 256)}) {
    EXPECT_EQ(refused_field([&] { check_model_name(name); }), "") << name;
  }
}

TEST(ModelNames, MayNotLeadElsewhere) {
  for (const std::string& name :
       {std::string(""), std::string(" \t"), std::string("a/b"), std::string("a:b"), std::string("."),
        std::string(".."), std::string("..x"), std::string("a\nb"), std::string("a\x7f"), repeat("ü", 257)}) {
    EXPECT_EQ(refused_field([&] { check_model_name(name, "new_name"); }), "new_name") << name;
  }
}

TEST(Aliases, AreWordsOfAnyScriptThatMeanNothingElse) {
  for (const std::string& alias : {std::string("champion"), std::string("é_B-2"), std::string("v"), std::string("v1x"),
                                   std::string("1"), std::string("latest1"), repeat("a", 255)}) {
    EXPECT_EQ(refused_field([&] { check_alias(alias); }), "") << alias;
  }
  for (const std::string& alias : {std::string(""), std::string("latest"), std::string("LaTest"), std::string("v1"),
                                   std::string("V22"), std::string("a b"), std::string("a/b"), std::string("a."),
                                   std::string("a\n"), std::string("a@b"), repeat("a", 256)}) {
    EXPECT_EQ(refused_field([&] { check_alias(alias); }), "alias") << alias;
  }
}

TEST(Tags, AreNamedByTheirPlaceWhenTheyAreRefused) {
  EXPECT_EQ(refused_field([] { check_tags({{"a/b.c d", ""}, {"a//b", "v"}}); }), "tags[1].key");
  EXPECT_EQ(refused_field([] { check_tags({{repeat("k", 251), ""}}); }), "tags[0].key");
  EXPECT_EQ(refused_field([] { check_tag({"k", repeat("v", 100'001)}); }), "value");
  EXPECT_EQ(refused_field([] { check_tag({"k", repeat("ü", 100'000)}); }), "");
}

TEST(Prompts, AreToldByTheExactValueOfTheirTag) {
  EXPECT_TRUE(is_prompt({{"a", "b"}, {"mlflow.prompt.is_prompt", "true"}}));
  EXPECT_FALSE(is_prompt({{"mlflow.prompt.is_prompt", "True"}}));
  EXPECT_FALSE(is_prompt({}));
}

}  // namespace
}  // namespace wakeful::registry
