#include "web/assets.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace wakeful::web {
namespace {

constexpr std::array<EmbeddedFile, 4> kFiles = {{
    {"assets/index-ab.js", "console.log(1)"},
    {"assets/index-ab.js.gz", "packed"},
    {"icon.svg", "<svg/>"},
    {"index.html", "<head><base href=\"/\" /></head>"},
}};

http::Request get(std::string target) {
  http::Request request;
  request.target = std::move(target);
  return request;
}

std::string header(const http::Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or("(none)"));
}

TEST(Assets, GivesAFileWithItsTypeAndKeepsHashedNamesForAYear) {
  const Assets assets({}, kFiles);
  auto script = assets.answer(get("/assets/index-ab.js"));
  ASSERT_TRUE(script);
  EXPECT_EQ(script->read_all(), "console.log(1)");
  EXPECT_EQ(header(*script, "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(header(*script, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(*script, "Vary"), "Accept-Encoding");
  auto icon = assets.answer(get("/icon.svg?v=1"));
  ASSERT_TRUE(icon);
  EXPECT_EQ(header(*icon, "Cache-Control"), "no-cache");
}

TEST(Assets, GivesThePackedFormOnlyToThoseWhoTakeIt) {
  const Assets assets({}, kFiles);
  auto request = get("/assets/index-ab.js");
  request.headers.add("Accept-Encoding", "br, gzip");
  auto packed = assets.answer(request);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->read_all(), "packed");
  EXPECT_EQ(header(*packed, "Content-Encoding"), "gzip");
  auto plain = assets.answer(get("/assets/index-ab.js"));
  EXPECT_EQ(header(*plain, "Content-Encoding"), "(none)");
  EXPECT_NE(header(*packed, "ETag"), header(*plain, "ETag"));
}

TEST(Assets, SaysNotModifiedToWhoHoldsTheTag) {
  const Assets assets({}, kFiles);
  for (const char* target : {"/icon.svg", "/", "/jobs"}) {
    const auto first = assets.answer(get(target));
    auto again = get(target);
    again.headers.add("If-None-Match", "\"other\", W/" + header(*first, "ETag"));
    const auto second = assets.answer(again);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->status, 304) << target;
    EXPECT_EQ(header(*second, "ETag"), header(*first, "ETag"));
  }
}

TEST(Assets, GivesEveryPageTheSameIndexUnderAStrictPolicy) {
  const Assets assets({}, kFiles);
  for (const char* target :
       {"/", "/detectors", "/detectors/a.b?span=7d", "/streams/a", "/experiments/1/runs/x", "/models/n%2Fm"}) {
    auto page = assets.answer(get(target));
    ASSERT_TRUE(page) << target;
    EXPECT_EQ(page->status, 200) << target;
    EXPECT_EQ(page->read_all(), "<head><base href=\"/\" /></head>");
    EXPECT_TRUE(header(*page, "Content-Security-Policy").starts_with("default-src 'self'; img-src 'self' data:"));
    EXPECT_EQ(header(*page, "Content-Security-Policy").find("unsafe"), std::string::npos);
  }
}

TEST(Assets, WritesTheBaseFromThePrefixAndFromTheProxy) {
  const Assets assets("/ml", kFiles);
  EXPECT_EQ(assets.answer(get("/ml/jobs"))->read_all(), "<head><base href=\"/ml/\" /></head>");
  EXPECT_EQ(assets.answer(get("/ml/icon.svg"))->read_all(), "<svg/>");
  auto proxied = get("/jobs");
  proxied.headers.add("X-Forwarded-Prefix", "/tools/wakeful/");
  EXPECT_EQ(assets.answer(proxied)->read_all(), "<head><base href=\"/tools/wakeful/\" /></head>");
}

TEST(Assets, RefusesAForwardedPrefixThatIsNoPlainPath) {
  const Assets assets({}, kFiles);
  for (const char* hostile : {"/\"><script>", "//evil.example", "https://evil.example", "/a b", ""}) {
    auto request = get("/");
    request.headers.add("X-Forwarded-Prefix", hostile);
    EXPECT_EQ(assets.answer(request)->read_all(), "<head><base href=\"/\" /></head>") << hostile;
  }
}

TEST(Assets, LeavesProgramsTheirOwnNotFound) {
  const Assets assets({}, kFiles);
  for (const char* target : {"/api/v1/nope", "/ajax-api/2.0/mlflow/nope", "/assets/gone.js", "/metrics/x", "/nope"})
    EXPECT_FALSE(assets.answer(get(target))) << target;
  auto posted = get("/jobs");
  posted.method = "POST";
  EXPECT_FALSE(assets.answer(posted));
}

TEST(Assets, ShowsABrowserThePagesForAnUnknownAddressWithStatus404) {
  const Assets assets({}, kFiles);
  auto request = get("/nope");
  request.headers.add("Accept", "text/html,application/xhtml+xml");
  EXPECT_EQ(assets.answer(request)->status, 404);
  auto program = get("/api/v1/nope");
  program.headers.add("Accept", "text/html");
  EXPECT_FALSE(assets.answer(program));
}

TEST(Assets, HoldsAnIndexInEveryBuild) {
  const Assets assets;
  auto page = assets.answer(get("/"));
  ASSERT_TRUE(page);
  EXPECT_NE(page->read_all().find("<base href=\"/\""), std::string::npos);
}

}  // namespace
}  // namespace wakeful::web
