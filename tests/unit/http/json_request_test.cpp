#include "platform/http/json_request.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::http {
namespace {

Request post(std::string body, std::string type = "application/json") {
  Request request;
  request.method = "POST";
  if (!type.empty()) request.headers.add("Content-Type", std::move(type));
  request.body = std::make_unique<TextBody>(std::move(body));
  return request;
}

std::string parsed(std::string body) {
  Request request = post(std::move(body));
  return core::dump_json(read_body(request).root());
}

TEST(Bodies, MayBeEmptyOrEncodedTwice) {
  EXPECT_EQ(parsed(""), "{}");
  EXPECT_EQ(parsed(" \n"), "{}");
  EXPECT_EQ(parsed(R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(parsed(R"("{\"a\":\"\\u00fc\"}")"), R"({"a":"ü"})");
}

TEST(Bodies, MayHoldPythonsBareWordsForDoubles) {
  EXPECT_EQ(parsed(R"({"v":NaN,"w":[Infinity,-Infinity],"t":"NaN \" Infinity"})"),
            R"({"t":"NaN \" Infinity","v":"NaN","w":["Infinity","-Infinity"]})");
  EXPECT_THROW(parsed(R"({"v":NaNa})"), core::Error);
  EXPECT_THROW(parsed(R"({"v":Nan})"), core::Error);
}

TEST(Bodies, MayNameTheirFieldsInCamelCase) {
  EXPECT_EQ(parsed(R"({"runId":"r","tags":[{"theKey":1}],"Up":2})"), R"({"Up":2,"run_id":"r","tags":[{"the_key":1}]})");
  Request request;
  request.query = Query::parse("runId=r");
  EXPECT_EQ(core::dump_json(read_query(request).root()), R"({"run_id":"r"})");
}

TEST(Bodies, NameAFieldOnlyOnce) {
  try {
    parsed(R"({"tags":[{"run_id":"a","runId":"b"}]})");
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_STREQ(error.what(), "Request specifies both 'run_id' and 'runId'; provide only one of them.");
    EXPECT_EQ(error.field(), "run_id");
  }
}

TEST(Bodies, NeedTheirContentTypeWhenPosted) {
  for (const char* type : {"", "text/plain", "application/jsonx", "application"}) {
    Request request = post("{}", type);
    EXPECT_THROW(read_body(request), core::Error) << type;
  }
  Request request = post("{}", "application/json ; charset=utf-8");
  EXPECT_NO_THROW(read_body(request));
  request = post("{}", "");
  request.method = "PATCH";
  EXPECT_NO_THROW(read_body(request));
}

TEST(Queries, BecomeTheFieldsOfAnObject) {
  Request request;
  request.query = Query::parse("a=1&b=x+y&b=z&a=2&c=");
  EXPECT_EQ(core::dump_json(read_query(request, {"b", "d"}).root()), R"({"a":"1","b":["x y","z"],"c":""})");
}

TEST(Queries, GiveWayToABodyWhereThereAreNone) {
  Request request = post(R"({"a":"b"})", "");
  request.method = "GET";
  EXPECT_EQ(core::dump_json(read_query(request).root()), R"({"a":"b"})");
}

TEST(Flags, AreTrueOrFalseInAnyCase) {
  Request request;
  request.query = Query::parse("a=TRUE&b=false&c=1");
  EXPECT_TRUE(read_flag(request, "a"));
  EXPECT_FALSE(read_flag(request, "b"));
  EXPECT_FALSE(read_flag(request, "none"));
  EXPECT_THROW(read_flag(request, "c"), core::Error);
}

}  // namespace
}  // namespace wakeful::http
