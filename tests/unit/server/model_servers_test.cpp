#include "serving/model_servers.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::serving {
namespace {

constexpr core::Timestamp kNow = core::from_us(1'700'000'000'000'000);

std::string ask(http::Router& router, const std::string& method, const std::string& body = {}) {
  http::Request request;
  request.method = method;
  request.target = "/api/v1/model-servers";
  request.body = std::make_unique<http::TextBody>(body);
  request.headers.add("Content-Type", "application/json");
  return router.handle(std::move(request)).read_all();
}

TEST(ModelServers, AreListedForAsLongAsTheyTellOfThemselves) {
  ModelServers servers;
  servers.tell({.address = "http://b:1", .model = "m", .version = 3, .last_minute = 60, .p95_ms = 2.5}, kNow);
  servers.tell({.address = "http://a:1", .model = "m", .version = 2}, kNow + std::chrono::seconds(10));
  servers.tell({.address = "http://b:1", .model = "m", .version = 4}, kNow + std::chrono::seconds(11));
  const auto both = servers.list(kNow + std::chrono::seconds(12));
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].address, "http://a:1");
  EXPECT_EQ(both[1].version, 4);
  EXPECT_EQ(servers.list(kNow + std::chrono::seconds(26)).size(), 1U);
  EXPECT_TRUE(servers.list(kNow + std::chrono::seconds(60)).empty());
}

TEST(ModelServers, AreToldOfAndListedOverHttp) {
  ModelServers servers;
  const core::ManualClock clock(kNow);
  core::Telemetry telemetry;
  http::Router router(telemetry);
  router.add(model_server_routes(servers, clock));
  EXPECT_EQ(ask(router, "POST", R"({"address":"http://a:1","model":"m","version":2,"last_minute":7,"average_ms":0.5,
                                    "p95_ms":1.5})"),
            "{}");
  EXPECT_EQ(ask(router, "GET"), R"({"model_servers":[{"address":"http://a:1","model":"m","version":2,"last_minute":7,)"
                                R"("average_ms":0.5,"p95_ms":1.5,"told":"2023-11-14T22:13:20Z"}]})");
  for (const char* bad :
       {R"({"address":"","model":"m","version":2,"last_minute":7,"average_ms":0,"p95_ms":1})",
        R"({"address":"a","model":"m","version":-2,"last_minute":7,"average_ms":0,"p95_ms":1})",
        R"({"address":"a","model":"m","version":2,"last_minute":7,"average_ms":-1,"p95_ms":1})", "[]"})
    EXPECT_NE(ask(router, "POST", bad).find("INVALID_PARAMETER_VALUE"), std::string::npos) << bad;
}

}  // namespace
}  // namespace wakeful::serving
