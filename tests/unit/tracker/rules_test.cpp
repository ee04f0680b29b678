#include "tracker/rules.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::tracker {
namespace {

/// The message of what `f` throws, "" if nothing.
template <class F>
std::string refusal(F&& f) {
  try {
    f();
    return "";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::invalid);
    EXPECT_FALSE(error.field().empty()) << error.what();
    return error.what();
  }
}

std::string refusal_of_key(std::string_view key) {
  return refusal([&] { check_key(key, "name"); });
}

TEST(Keys, MayHoldLettersAndDigitsOfAnyScriptAndSomeSigns) {
  for (const char* key :
       {"a", "A9_", "a/b", "a.b-c d:e", "é中ß", "Ж", "²", "日本語", " a b ", "a/.b", ".a", "a..b", "😀x"}) {
    const bool emoji = std::string_view(key).starts_with("😀");
    EXPECT_EQ(refusal_of_key(key).empty(), !emoji) << key;
  }
}

TEST(Keys, MayNotHoldOthers) {
  for (const char* key : {"a*b", "a\tb", "a\nb", "a\\b", "a\"b", "a;b", "a—b", "€", "«a»", "a\x7f"}) {
    EXPECT_NE(refusal_of_key(key).find("for parameter 'name' supplied: Names may only contain alphanumerics"),
              std::string::npos)
        << key << ": " << refusal_of_key(key);
  }
}

TEST(Keys, AreTheirOwnNormalFormAsPaths) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "."},       {".", "."},  {"..", ".."}, {"../a", "../a"}, {"/a", "/a"},   {"a//b", "a/b"}, {"a/./b", "a/b"},
      {"a/../b", "b"}, {"a/", "a"}, {"./a", "a"}, {"a/b/..", "a"},  {"..a", "..a"}, {"...", "..."},
  };
  for (const auto& [key, normal] : cases) {
    EXPECT_NE(refusal_of_key(key).find(std::string("This name would resolve to '") + normal + "'"), std::string::npos)
        << key << ": " << refusal_of_key(key);
  }
}

TEST(Lengths, CountCodePoints) {
  EXPECT_EQ(length_of("aü中😀"), 4U);
  EXPECT_EQ(refusal([] { check_length(std::string(250, 'a'), 250, "key", "key"); }), "");
  std::string wide;
  for (int i = 0; i < 250; ++i) wide += "ü";
  EXPECT_EQ(refusal([&] { check_length(wide, 250, "key", "key"); }), "");
  EXPECT_EQ(refusal([&] { check_length(wide + "ü", 250, "key", "key"); }),
            "'key' exceeds the maximum length of 250 characters");
}

TEST(InitialTags, AreBoundedInNumber) {
  std::vector<Tag> tags;
  for (std::size_t i = 0; i < core::kMostAtOnce; ++i) tags.push_back({std::to_string(i), "v"});
  EXPECT_EQ(refusal([&] { check_initial_tags(tags); }), "");
  tags.push_back({"one more", "v"});
  EXPECT_EQ(refusal([&] { check_initial_tags(tags); }), "'tags' holds 10001 entries; at most 10000 are taken at once");
}

TEST(Values, AreCutBetweenCodePoints) {
  std::string value = "aü中😀";
  fit_value(value, 3, "value", "value", {});
  EXPECT_EQ(value, "aü中");
  fit_value(value, 3, "value", "value", {});
  EXPECT_EQ(value, "aü中");
}

TEST(Values, AreRefusedWhereTheSettingsSaySo) {
  const Settings strict{.truncate_long_values = false};
  std::string value = "aü中😀";
  EXPECT_EQ(refusal([&] { fit_value(value, 3, "Param value", "value", strict); }),
            "'Param value' exceeds the maximum length of 3 characters");
  EXPECT_EQ(refusal([&] { fit_value(value, 4, "Param value", "value", strict); }), "");
  EXPECT_EQ(value, "aü中😀");
}

TEST(ExperimentIds, AreWholeNumbers) {
  EXPECT_EQ(parse_experiment_id("0"), 0);
  EXPECT_EQ(parse_experiment_id("9223372036854775807"), 9223372036854775807);
  for (const char* text : {"", "a", "1.0", " 1", "9223372036854775808"}) {
    EXPECT_EQ(refusal([&] { parse_experiment_id(text); }),
              std::string("Invalid experiment ID '") + text + "'. Experiment ID must be a valid integer.");
  }
}

TEST(Batches, ReportMetricsBeforeParamsBeforeTagsBeforeCounts) {
  Batch batch;
  batch.metrics.assign(1'001, Metric{.key = "m"});
  batch.params.push_back({"p*", ""});
  batch.tags.push_back({"t*", ""});
  const auto why = [&] { return refusal([&] { CheckedBatch(batch, {}); }); };
  batch.metrics[7].key = "m*";
  EXPECT_NE(why().find("'metrics[7].name'"), std::string::npos) << why();
  batch.metrics[7].key = "m";
  EXPECT_NE(why().find("'params[0].key'"), std::string::npos) << why();
  batch.params[0].key = "p";
  EXPECT_NE(why().find("'tags[0].key'"), std::string::npos) << why();
  batch.tags[0].key = "t";
  EXPECT_NE(why().find("at most 1000 metrics. Got 1001 metrics."), std::string::npos) << why();
  batch.metrics.resize(999);
  EXPECT_NE(why().find("at most 1000 metrics, params, and tags. Got 1001"), std::string::npos) << why();
  batch.metrics.resize(998);
  EXPECT_EQ(why(), "");
  batch.params.push_back({"p", "other"});
  batch.metrics.clear();
  EXPECT_NE(why().find("Duplicate parameter keys have been submitted: ['p']"), std::string::npos) << why();
}

TEST(ValueHashes, NeverChange) {
  // Stored beside every param and tag.
  EXPECT_EQ(value_hash(""), 0x4fd0bfc1);
  EXPECT_EQ(value_hash("True"), 0xd754aa7e);
  EXPECT_NE(value_hash("True"), value_hash("true"));
  EXPECT_GE(value_hash("x"), 0);
}

}  // namespace
}  // namespace wakeful::tracker
