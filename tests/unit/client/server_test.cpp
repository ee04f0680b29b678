// The calls against a Router with handlers of this test: what goes over the wire, and what comes back from it. Against
// the real slices they run in tests/unit/runner and tests/api.
#include "client/server.hpp"

#include <gtest/gtest.h>

#include "client/files.hpp"
#include "client/runs.hpp"
#include "client/watch.hpp"
#include "platform/core/error.hpp"
#include "platform/core/telemetry.hpp"
#include "platform/http/router.hpp"

namespace wakeful::client {
namespace {

struct Seen {
  std::string method;
  std::string target;
  std::string body;
};

class ClientCalls : public ::testing::Test {
 protected:
  void answer(std::string method, std::string pattern, std::string json, int status = 200) {
    http::Route route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.handler = [this, json = std::move(json), status](http::Request& request) {
      seen_.push_back({request.method, request.target, request.read_body()});
      return http::Response::json(json, status);
    };
    router_.add(std::move(route));
  }
  Server server() { return Server(router_.transport()); }

  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
  std::vector<Seen> seen_;
};

TEST_F(ClientCalls, ReadErrorsBackIntoTheCodeThatTheyHadThere) {
  http::Route route;
  route.method = "GET";
  route.pattern = "/gone";
  route.handler = [](http::Request&) -> http::Response { throw core::not_found("No run with id 'x'", "run_id"); };
  router_.add(std::move(route));
  try {
    server().get("/gone");
    FAIL() << "an answer of 404 was taken for one";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::not_found);
    EXPECT_EQ(e.field(), "run_id");
    EXPECT_STREQ(e.what(), "No run with id 'x'");
  }
}

TEST_F(ClientCalls, EncodeQueriesAndLeaveOutWhatIsEmpty) {
  EXPECT_EQ(query_of({{"a", "x y&z"}, {"b", ""}, {"c", "1"}}), "?a=x%20y%26z&c=1");
  EXPECT_EQ(query_of({{"a", ""}}), "");
}

TEST_F(ClientCalls, SplitBatchesAtTheLimitsOfTheServer) {
  answer("POST", "/api/2.0/mlflow/runs/log-batch", "{}");
  tracker::Batch batch;
  for (int i = 0; i < 2'150; ++i) batch.metrics.push_back({.key = "m", .value = 1.0 * i, .timestamp_ms = i});
  for (int i = 0; i < 101; ++i) batch.params.push_back({"p" + std::to_string(i), "v"});
  for (int i = 0; i < 100; ++i) batch.tags.push_back({"t" + std::to_string(i), "v"});
  log_batch(server(), tracker::RunId("r"), batch);
  std::size_t metrics = 0;
  std::size_t params = 0;
  for (const Seen& seen : seen_) {
    const auto body = core::parse_json(seen.body);
    const core::ObjectReader reader(body.root());
    const auto m = reader.objects("metrics").size();
    const auto p = reader.objects("params").size();
    const auto t = reader.objects("tags").size();
    EXPECT_LE(m + p + t, 1'000U);
    EXPECT_LE(p, 100U);
    EXPECT_EQ(reader.text("run_id"), "r");
    metrics += m;
    params += p;
  }
  EXPECT_EQ(metrics, 2'150U);
  EXPECT_EQ(params, 101U);
}

TEST_F(ClientCalls, SendNothingForAnEmptyBatch) {
  answer("POST", "/api/2.0/mlflow/runs/log-batch", "{}");
  log_batch(server(), tracker::RunId("r"), {});
  EXPECT_TRUE(seen_.empty());
}

TEST_F(ClientCalls, FindAnExperimentOrNothing) {
  answer("GET", "/api/2.0/mlflow/experiments/get-by-name",
         R"({"experiment":{"experiment_id":"7","name":"a/b","artifact_location":"x","lifecycle_stage":"active"}})");
  EXPECT_EQ(find_experiment(server(), "a/b")->experiment_id, "7");
  EXPECT_EQ(seen_[0].target, "/api/2.0/mlflow/experiments/get-by-name?experiment_name=a%2Fb");
}

TEST_F(ClientCalls, PutAndGetArtifactsThroughTheProxy) {
  answer("PUT", "/api/2.0/mlflow-artifacts/artifacts/{path...}", "{}");
  answer("GET", "/api/2.0/mlflow-artifacts/artifacts/{path...}", "bytes");
  const std::string uri = join_uri("mlflow-artifacts:/1/r/artifacts/", "model/my model.bin");
  EXPECT_EQ(uri, "mlflow-artifacts:/1/r/artifacts/model/my model.bin");
  upload(server(), uri, "content");
  EXPECT_EQ(seen_[0].target, "/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/model/my%20model.bin");
  EXPECT_EQ(seen_[0].body, "content");
  EXPECT_EQ(download(server(), "mlflow-artifacts://host:5000/1/x"), "bytes");
  EXPECT_EQ(seen_[1].target, "/api/2.0/mlflow-artifacts/artifacts/1/x");
  EXPECT_THROW(download(server(), "s3://bucket/x"), core::Error);
}

TEST_F(ClientCalls, AskForAJobUntilATimeAndWaitForIt) {
  answer("POST", "/api/v1/detectors/{name}/run",
         R"({"job":{"id":"j","kind":"train","subject":"d","state":"succeeded","attempt":1,"max_attempts":5,)"
         R"("interval":{"from":null,"until":"2026-03-01T00:00:00Z"},"error":null,"result":{},"owner":null,)"
         R"("run_id":null,"times":{"created":"2026-03-01T00:00:00Z","scheduled":"2026-03-01T00:00:00Z",)"
         R"("not_before":"2026-03-01T00:00:00Z","started":null,"finished":null}}})",
         202);
  const auto job = run_detector(server(), "d",
                                {.kind = monitor::JobKind::train,
                                 .until = core::parse_rfc3339("2026-03-01T00:00:00Z"),
                                 .wait = std::chrono::seconds(5)});
  EXPECT_EQ(job.id, "j");
  EXPECT_EQ(job.state, monitor::JobState::succeeded);
  EXPECT_EQ(seen_[0].target, "/api/v1/detectors/d/run?wait=5");
  EXPECT_EQ(seen_[0].body, R"({"kind":"train","until":"2026-03-01T00:00:00Z"})");
}

TEST_F(ClientCalls, ClaimNothingWhenThereIsNoJob) {
  answer("POST", "/api/v1/runner/claim", R"({"job":null})");
  EXPECT_FALSE(claim(server(), {.runner = "test"}).has_value());
}

TEST_F(ClientCalls, NameSpanAndFiltersOfAPull) {
  answer("GET", "/api/v1/observations",
         R"({"series":[{"metric":"m","dims":{"region":"eu"}}],"ts_us":[1],"series_index":[0],"value":[2.5]})");
  const auto page = list_observations(server(), {.source = "s",
                                                 .metric = "m",
                                                 .filters = {"stage = 'prod'"},
                                                 .after = core::from_us(0),
                                                 .until = core::from_us(1)});
  ASSERT_EQ(page.values.size(), 1U);
  EXPECT_EQ(page.values[0], 2.5);
  EXPECT_EQ(seen_[0].target,
            "/api/v1/observations?source=s&metric=m&format=columnar&filters=stage%20%3D%20%27prod%27"
            "&after=1970-01-01T00%3A00%3A00Z&until=1970-01-01T00%3A00%3A00.000001Z");
}

}  // namespace
}  // namespace wakeful::client
