#include "server/guard.hpp"

#include <gtest/gtest.h>

namespace wakeful::server {
namespace {

TEST(Guard, KnowsItsOwnNamesByParsingAddresses) {
  const GuardSettings settings;
  for (const char* host : {"localhost", "LOCALHOST:5000", "127.0.0.1:1", "[::1]:80", "0.0.0.0", "10.1.2.3",
                           "192.168.0.9:5000", "172.31.0.1", "[fd00::1]"})
    EXPECT_TRUE(is_allowed_host(host, settings)) << host;
  for (const char* host :
       {"", "evil.example", "10.evil.example", "172.32.0.1", "8.8.8.8", "[2001:db8::1]", "localhost.evil"})
    EXPECT_FALSE(is_allowed_host(host, settings)) << host;
}

TEST(Guard, TakesTheListInsteadWhenThereIsOne) {
  const GuardSettings settings{.hosts = {"ml.example"}, .origins = {}};
  EXPECT_TRUE(is_allowed_host("ML.example:443", settings));
  EXPECT_FALSE(is_allowed_host("localhost", settings));
  EXPECT_TRUE(is_allowed_host("anything", {.hosts = {"*"}, .origins = {}}));
}

http::Response ask(const GuardSettings& settings, const char* method, const char* target, const char* host,
                   const char* origin) {
  http::Request request;
  request.method = method;
  request.target = target;
  request.headers.add("Host", host);
  if (origin) request.headers.add("Origin", origin);
  return guard([](http::Request) { return http::Response::text("inside"); }, settings)(std::move(request));
}

TEST(Guard, RefusesStrangeHostsButNotToProbes) {
  EXPECT_EQ(ask({}, "GET", "/api/2.0/mlflow/experiments/get", "evil.example", nullptr).status, 403);
  EXPECT_EQ(ask({}, "GET", "/health", "evil.example", nullptr).status, 200);
  const GuardSettings prefixed{.hosts = {}, .origins = {}, .prefix = "/ml"};
  EXPECT_EQ(ask(prefixed, "GET", "/ml/version?x", "evil.example", nullptr).status, 200);
  EXPECT_EQ(ask({}, "GET", "/ml/version", "evil.example", nullptr).status, 403);
  for (const char* path : {"/api/2.0/mlflow-artifacts/artifacts/0/health", "/health/", "/x?/health"})
    EXPECT_EQ(ask({}, "GET", path, "evil.example", nullptr).status, 403) << path;
}

TEST(Guard, RefusesWritesOfOtherSitesPages) {
  const char* path = "/ajax-api/2.0/mlflow/runs/create";
  EXPECT_EQ(ask({}, "POST", path, "localhost", "https://evil.example").status, 403);
  for (const char* same : {"/%61jax-api/2.0/mlflow/runs/create", "/%61pi/v1/ingest/s", "/ajax-ap%69/2.0/x", "/graphql"})
    EXPECT_EQ(ask({}, "POST", same, "localhost", "https://evil.example").status, 403) << same;
  EXPECT_EQ(ask({}, "POST", path, "localhost", nullptr).status, 200);
  EXPECT_EQ(ask({}, "POST", path, "localhost", "http://127.0.0.1:3000").status, 200);
  http::Response read = ask({}, "GET", path, "localhost", "https://evil.example");
  EXPECT_EQ(read.status, 200);
  EXPECT_FALSE(read.headers.find("Access-Control-Allow-Origin"));
}

TEST(Guard, TakesWritesOfItsOwnPagesUnderEveryNameThatItHas) {
  const char* path = "/ajax-api/2.0/mlflow/runs/search";
  EXPECT_EQ(ask({}, "POST", path, "192.168.0.9:5000", "http://192.168.0.9:5000").status, 200);
  EXPECT_EQ(ask({}, "POST", path, "192.168.0.9:5000", "http://192.168.0.9:81").status, 403);
  EXPECT_EQ(ask({}, "POST", path, "192.168.0.9:5000", "http://192.168.0.10:5000").status, 403);
  EXPECT_EQ(ask({}, "POST", path, "evil.example", "http://evil.example").status, 403);
  const GuardSettings named{.hosts = {"ml.example"}, .origins = {}};
  EXPECT_EQ(ask(named, "POST", path, "ml.example", "https://ML.example").status, 200);
  EXPECT_EQ(ask(named, "POST", path, "ml.example", "https://other.example").status, 403);
  const GuardSettings any{.hosts = {"*"}, .origins = {}};
  EXPECT_EQ(ask(any, "POST", path, "rebound.example", "https://rebound.example").status, 403);
}

TEST(Guard, AnswersPreflightsItself) {
  const GuardSettings settings{.hosts = {}, .origins = {"https://app.example"}};
  const auto allowed = ask(settings, "OPTIONS", "/api/x", "localhost", "https://app.example");
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(allowed.headers.find("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(allowed.headers.find("Access-Control-Allow-Credentials"), "true");
  const auto foreign = ask(settings, "OPTIONS", "/api/x", "localhost", "https://evil.example");
  EXPECT_EQ(foreign.status, 204);
  EXPECT_FALSE(foreign.headers.find("Access-Control-Allow-Origin"));
  const auto any = ask({.hosts = {}, .origins = {"*"}}, "POST", "/api/x", "localhost", "https://any.example");
  EXPECT_EQ(any.headers.find("Access-Control-Allow-Origin"), "*");
  EXPECT_FALSE(any.headers.find("Access-Control-Allow-Credentials"));
}

}  // namespace
}  // namespace wakeful::server
