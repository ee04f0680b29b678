#include "server/watch_commands.hpp"

#include <sstream>

#include <gtest/gtest.h>

namespace wakeful::server {
namespace {

/// What the command prints of the anomalies that a server answers.
std::string listed(const std::string& anomalies) {
  const client::Server server(
      [&](http::Request) { return http::Response::json("{\"anomalies\":[" + anomalies + "]}"); });
  std::ostringstream out, err;
  EXPECT_EQ(list_anomalies(server, "", {.out = out, .err = err}), 0);
  return out.str();
}

std::string anomaly(const std::string& entity, const std::string& metadata) {
  return R"({"timestamp":"2026-03-27T05:00:00Z","algorithm":"a","score":2.5,"is_anomaly":true,"detector":"d","entity":")" +
         entity + R"(","metadata":)" + metadata + "}";
}

TEST(WatchCommands, ListAnAnomalyOfSeveralChannelsWithThoseThatItMostlyWas) {
  const std::string all = listed(
      anomaly("", R"({"channels":{"s1":{"contribution":0.25},"s2":{"contribution":0.1},"s3":{"contribution":2}}})"));
  EXPECT_NE(all.find("  s3 80 %, s1 10 %  a"), std::string::npos) << all;
  const std::string apart = listed(anomaly("eu", "{}"));
  EXPECT_NE(apart.find("  eu      a"), std::string::npos) << apart;
  // Another runner's metadata is its own business.
  for (const char* metadata :
       {"{}", R"({"channels":[]})", R"({"channels":{"s1":4}})", R"({"channels":{"s1":{"contribution":"much"}}})"})
    EXPECT_NE(listed(anomaly("", metadata)).find("2026-03-27T05:00:00Z"), std::string::npos) << metadata;
}

}  // namespace
}  // namespace wakeful::server
