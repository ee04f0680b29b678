#include "server/probes.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

namespace wakeful::server {
namespace {

class Probes : public testing::Test {
 protected:
  http::Response get(const char* target) {
    http::Request request;
    request.target = target;
    return router_.handle(std::move(request));
  }
  void SetUp() override {
    router_.add(probe_routes(telemetry_, router_, {{"db", [this] {
                                                      if (!ready_) throw core::unavailable("no disk");
                                                    }}}));
  }
  bool ready_ = true;
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

TEST_F(Probes, AnswerHealthAndVersionAsMlflowDoes) {
  EXPECT_EQ(get("/health").read_all(), "OK");
  EXPECT_EQ(get("/version").read_all(), kMlflowVersion);
}

TEST_F(Probes, SayWhatIsNotReady) {
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(get("/readyz?verbose").read_all(), "[+]db ok\nready\n");
  ready_ = false;
  http::Response response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.read_all(), "[-]db failed: no disk\nnot ready\n");
}

TEST_F(Probes, DescribeEveryRouteOfTheApi) {
  http::Route route;
  route.method = "PUT";
  route.pattern = "/api/v1/things/{name}/{path...}";
  route.handler = [](http::Request&) { return http::Response(); };
  route.summary = "Puts a thing.";
  router_.add(route);
  const std::string text = get("/api/v1/openapi.json").read_all();
  const auto document = core::parse_json(text);
  const auto paths = core::ObjectReader(document.root()).object("paths");
  const auto put = paths.object("/api/v1/things/{name}/{path}").object("put");
  EXPECT_EQ(put.text("summary"), "Puts a thing.");
  EXPECT_EQ(put.objects("parameters").size(), 2U);
}

TEST_F(Probes, ShowTheMetrics) {
  get("/health");
  const std::string text = get("/metrics").read_all();
  EXPECT_NE(text.find("wakeful_http_requests_total"), std::string::npos) << text;
}

}  // namespace
}  // namespace wakeful::server
