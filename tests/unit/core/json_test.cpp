#include "platform/core/json.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::core {
namespace {

std::string message_of(auto&& act) {
  try {
    act();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid);
    return e.what();
  }
  return "nothing thrown";
}

TEST(ParseJson, SaysWhereTheTextIsBroken) {
  EXPECT_EQ(message_of([] { parse_json("{\"a\": 1,\n \"b\" 2}"); }), "Malformed JSON at line 2, column 6");
  for (const char* text : {"", "{", "{} {}", "[1,]", "nul", "\"\xff\"", "{'a':1}"})
    EXPECT_THROW(parse_json(text), Error) << text;
}

TEST(ParseJson, RefusesDeepNestingAndNulCharacters) {
  EXPECT_NO_THROW(parse_json(std::string(64, '[') + std::string(64, ']')));
  EXPECT_THROW(parse_json(std::string(65, '[') + std::string(65, ']')), Error);
  EXPECT_THROW(parse_json(std::string(1'000'000, '[')), Error);
  EXPECT_THROW(parse_json(R"({"a":"x\u0000y"})"), Error);
  EXPECT_THROW(parse_json(R"({"\u0000":1})"), Error);
  EXPECT_THROW(parse_json("1e999"), Error);
}

TEST(ObjectReader, ReadsProtobufsNumbers) {
  const auto body =
      parse_json(R"({"a":"12","b":13,"c":1.0,"d":"NaN","e":"-Infinity","f":null,"r":"1.6e+12","x":"1.5e0"})");
  const ObjectReader object(body.root());
  EXPECT_EQ(object.integer("a"), 12);
  EXPECT_EQ(object.integer("r"), 1'600'000'000'000);
  EXPECT_THROW(object.integer("x"), Error);
  EXPECT_EQ(object.integer("b"), 13);
  EXPECT_EQ(object.integer("c"), 1);
  EXPECT_TRUE(std::isnan(object.real("d")));
  EXPECT_EQ(object.real("e"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(object.find_text("f"), std::nullopt);
  EXPECT_FALSE(object.has("f"));
}

TEST(ObjectReader, NamesTheFieldInEveryError) {
  const auto body = parse_json(R"({"metrics":[{"key":"a"},{"key":7}],"n":1.5,"big":9223372036854775808})");
  const ObjectReader object(body.root());
  EXPECT_EQ(message_of([&] { object.objects("metrics")[1].text("key"); }),
            "Invalid value 7 for parameter 'metrics[1].key' supplied: expected a string");
  EXPECT_EQ(message_of([&] { object.text("run_id"); }), "Missing value for required parameter 'run_id'.");
  EXPECT_EQ(message_of([&] { object.integer("n"); }),
            "Invalid value 1.5 for parameter 'n' supplied: expected a 64-bit integer");
  EXPECT_THROW(object.integer("big"), Error);
  EXPECT_THROW(ObjectReader(parse_json("[]").root()), Error);
}

TEST(ObjectReader, SuggestsTheNearestKnownKey) {
  const auto body = parse_json(R"({"shedule":1})");
  constexpr std::array<std::string_view, 2> known = {"schedule", "name"};
  EXPECT_EQ(message_of([&] { ObjectReader(body.root()).refuse_unknown(known); }),
            "Unknown key 'shedule'; did you mean 'schedule'?");
}

TEST(JsonWriter, WritesNestedValuesWithCommasWhereTheyBelong) {
  JsonWriter w;
  w.begin_object().member("a", 1).key("b").begin_array().value("x").value(2.5).value(true).null().end_array();
  w.key("c").begin_object().end_object().member("none", std::optional<std::string>()).end_object();
  EXPECT_EQ(w.text(), R"({"a":1,"b":["x",2.5,true,null],"c":{}})");
}

TEST(JsonWriter, EscapesSoThatTheTextReadsBack) {
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  all += "\xc3\xa9";
  JsonWriter w;
  w.begin_object().member("k", all).end_object();
  EXPECT_EQ(ObjectReader(parse_json(w.text()).root()).text("k"), all);
}

TEST(JsonWriter, WritesDoublesThatReadBackEqual) {
  for (const double d : {0.1, 1.0, -0.0, 1e300, 5e-324, 123456789.125, 1e22}) {
    JsonWriter w;
    w.begin_object().member("d", d).end_object();
    EXPECT_EQ(ObjectReader(parse_json(w.text()).root()).real("d"), d) << w.text();
  }
  JsonWriter w;
  w.begin_array().value(1.0).value(std::numeric_limits<double>::quiet_NaN()).end_array();
  EXPECT_EQ(w.text(), R"([1.0,"NaN"])");
}

}  // namespace
}  // namespace wakeful::core
