#include "monitor/wire/yaml.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

std::string as_json(std::string_view yaml) {
  std::string all;
  for (const auto& document : parse_yaml(yaml)) all += core::dump_json(document.root()) + "\n";
  return all;
}

std::string refusal(std::string_view yaml) {
  try {
    return "accepted: " + as_json(yaml);
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    return e.what();
  }
}

TEST(Yaml, ReadsScalarsByTheCoreSchema) {
  EXPECT_EQ(as_json("a: 1\nb: 1.5\nc: true\nd: null\ne: '5'\nf: 5m\ng: yes\nh: -3\ni: 1e3\nj:\n"),
            R"({"a":1,"b":1.5,"c":true,"d":null,"e":"5","f":"5m","g":"yes","h":-3,"i":1000.0,"j":null})"
            "\n");
}

TEST(Yaml, KeepsKeysAsText) { EXPECT_EQ(as_json("1: a\ntrue: b\n"), "{\"1\":\"a\",\"true\":\"b\"}\n"); }

TEST(Yaml, TakesDatesAndTimesForText) {
  EXPECT_EQ(as_json("a: 2024-01-01\nb: 2024-01-01T00:00:00Z\nc: 12:30\n"),
            "{\"a\":\"2024-01-01\",\"b\":\"2024-01-01T00:00:00Z\",\"c\":\"12:30\"}\n");
}

TEST(Yaml, ReadsJson) { EXPECT_EQ(as_json(R"({"a":[1,{"b":"x"}]})"), "{\"a\":[1,{\"b\":\"x\"}]}\n"); }

TEST(Yaml, ReadsSeveralDocumentsAndDropsEmptyOnes) {
  EXPECT_EQ(as_json("---\na: 1\n---\n---\na: 2\n...\n"), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(as_json(""), "");
  EXPECT_EQ(as_json("# nothing\n"), "");
}

TEST(Yaml, ResolvesAliases) {
  EXPECT_EQ(as_json("a: &x {k: 1}\nb: *x\nc: &t text\nd: *t\n"),
            "{\"a\":{\"k\":1},\"b\":{\"k\":1},\"c\":\"text\",\"d\":\"text\"}\n");
}

TEST(Yaml, CountsTheBytesThatAliasesStandFor) {
  std::string bomb = "a: &x " + std::string(100'000, 'x') + "\nb: [";
  for (int i = 0; i < 1'000; ++i) bomb += "*x,";  // 100 MB
  EXPECT_NE(refusal(bomb + "]\n").find("larger than"), std::string::npos);
  EXPECT_EQ(as_json("a: &x {k: [1, text]}\nb: [*x, *x]\n").find("larger"), std::string::npos);
}

TEST(Yaml, SaysWhereItIsBroken) {
  EXPECT_NE(refusal("a: 1\nb: [1, 2\nc: 3\n").find("line 3"), std::string::npos) << refusal("a: 1\nb: [1, 2\nc: 3\n");
  EXPECT_NE(refusal("a: 1\n  b: 2\n").find("line 2"), std::string::npos);
  EXPECT_NE(refusal("a: 1\na: 2\n").find("line 2, column 1: key 'a' stands here twice"), std::string::npos);
  EXPECT_NE(refusal("a: *nowhere\n").find("line 1"), std::string::npos);
  EXPECT_NE(refusal("? [1, 2]\n: x\n").find("a key must be text"), std::string::npos);
  EXPECT_NE(refusal("a: !!binary aGk=\n").find("tag"), std::string::npos);
  EXPECT_NE(refusal("a: &x 1\nb: {<<: *x}\n").find("merge"), std::string::npos);
  EXPECT_NE(refusal("a: \"\\0\"\n").find("NUL"), std::string::npos);
}

TEST(Yaml, RefusesBombs) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    bomb += fmt::format("{0}: &{0} [", c);
    for (int i = 0; i < 10; ++i) bomb += fmt::format("{}*{}", i ? "," : "", static_cast<char>(c - 1));
    bomb += "]\n";
  }
  EXPECT_NE(refusal(bomb).find("more than 50000 values"), std::string::npos);
  EXPECT_NE(refusal("a: &a [*a]\n").find("alias"), std::string::npos);
  EXPECT_NE(refusal(std::string(100'000, '[') + std::string(100'000, ']')).find("deep"), std::string::npos);
  EXPECT_TRUE(refusal(std::string(100'000, '[')).starts_with("YAML, line 1")) << refusal(std::string(100, '['));
  std::string nested;
  for (int i = 0; i < 50'000; ++i) nested += "[\"]\",";
  nested += std::string(50'000, ']');
  EXPECT_NE(refusal(nested).find("deep"), std::string::npos);
  std::string dashes;
  for (int i = 0; i < 50'000; ++i) dashes += "- ";
  EXPECT_NE(refusal(dashes + "x").find("deep"), std::string::npos);
  EXPECT_NE(refusal("a: " + std::string(kMaxYamlBytes, 'x')).find("at most"), std::string::npos);
}

}  // namespace
}  // namespace wakeful::monitor
