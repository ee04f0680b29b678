#include "monitor/wire/protocol.hpp"

#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

core::Timestamp at(std::int64_t seconds) { return core::from_us(seconds * 1'000'000); }

template <class T>
std::string text_of(const T& value) {
  core::JsonWriter json;
  write(json, value);
  return json.take();
}

/// What is written is read back, and written again the same.
template <class T>
T there_and_back(const T& value, T (*read)(const core::ObjectReader&)) {
  const std::string text = text_of(value);
  const auto document = core::parse_json(text);
  T copy = read(core::ObjectReader(document.root()));
  EXPECT_EQ(text_of(copy), text);
  return copy;
}

Metric metric() { return {.name = "v", .source = ObservationSource{"src"}, .dimension_groupings = {"region"}}; }

OnlineModel model() {
  return {.name = "d__v__region_online",
          .detector = "d",
          .deployment_mode = "prod",
          .metric = metric(),
          .granularity = std::chrono::minutes(5),
          .digest = "ab",
          .version = 3,
          .row_version = 7,
          .last_evaluation = at(300),
          .artifact_uri = "mlflow-artifacts:/1/r/artifacts/m",
          .artifact_sha256 = "cd",
          .artifact_size_bytes = 12,
          .creation_run_id = "r",
          .trained = at(1)};
}

Job job() {
  return {.id = "j",
          .kind = JobKind::train,
          .subject = "d",
          .state = JobState::running,
          .attempt = 1,
          .max_attempts = 5,
          .interval = {at(0), at(600)},
          .error = "",
          .result = R"({"rows":1})",
          .owner = "me",
          .run_id = "r",
          .created = at(1),
          .scheduled = at(1),
          .not_before = at(1),
          .started = at(2)};
}

Score score(std::int64_t seconds, std::optional<double> value) {
  return {.timestamp = at(seconds), .entity = "eu", .algorithm = "a", .value = value, .expected = 1.5, .score = value};
}

TEST(Protocol, EveryMessageGoesThereAndBack) {
  there_and_back(job(), read_job);
  there_and_back(model(), read_online_model);
  there_and_back(ClaimRequest{.runner = "me", .kinds = {JobKind::train}, .job = "j"}, read_claim_request);
  there_and_back(Heartbeat{.holder = {"j", 4}}, read_heartbeat);
  there_and_back(Finish{.holder = {"j", 4}, .result = R"({"a":1})"}, read_finish);
  there_and_back(Failure{{"j", 4}, FailureClass::waiting, "too little"}, read_failure);
  there_and_back(Evaluation{.id = "e", .from = at(1), .to = at(2), .created = at(3)}, read_evaluation);
  there_and_back(Registered{{model()}, {"old"}, job()}, read_registered);
  there_and_back(Advanced{.evaluation = {.id = "e", .created = at(3)}, .model = model(), .job = job()}, read_advanced);
  there_and_back(IngestReport{.accepted = 1, .rejected = {{2, "ts", "no time"}}}, read_ingest_report);
  there_and_back(SourceSummary{.name = "s", .metrics = {"v"}, .first = at(1), .freshness_seconds = 1.5},
                 read_source_summary);
  Anomaly anomaly{.score = score(60, 2.0), .detector = "d", .detected = at(1)};
  EXPECT_EQ(there_and_back(anomaly, read_anomaly).score.metadata, "");
  anomaly.score.metadata = R"({"channels":{"s3":{"contribution":1.1}}})";
  EXPECT_EQ(there_and_back(anomaly, read_anomaly).score.metadata, anomaly.score.metadata);
}

TEST(Protocol, ClaimsCarryDetectorAndModels) {
  Claim claim{.job = job(), .fence = 9, .lease = std::chrono::seconds(5), .now = at(10)};
  claim.detector = {.name = "d",
                    .schedule = Every{std::chrono::minutes(5)},
                    .time_spec = {.granularity = std::chrono::minutes(5)},
                    .metrics = {metric()},
                    .algorithms = {{.label = "a", .name = "ewma_residual"}}};
  claim.models = {model()};
  claim.artifact_root = "mlflow-artifacts:/1/r/artifacts";
  const std::string text = to_json(std::optional(claim));
  const auto document = core::parse_json(text);
  const auto copy = read_claim(core::ObjectReader(document.root()));
  ASSERT_TRUE(copy);
  EXPECT_EQ(to_json(copy), text);
  EXPECT_EQ(copy->holder().fence, 9);
  const auto none = core::parse_json(to_json(std::optional<Claim>()));
  EXPECT_FALSE(read_claim(core::ObjectReader(none.root())));
}

TEST(Protocol, ScoresTravelAsColumns) {
  Advance advance{.holder = {"j", 4}, .model = "m", .row_version = 1, .from_version = 1, .from = at(0), .to = at(180)};
  advance.artifact = {"mlflow-artifacts:/1/r/artifacts/m", "ab", 3};
  advance.rows = 3;
  advance.scores = {score(60, 0.1), score(120, std::nullopt), score(180, 2.5)};
  advance.scores[2].is_anomaly = true;
  advance.scores[2].metadata = R"({"channels":{"s3":{"contribution":0.1,"lower":null}}})";
  advance.scores[1].lower = std::numeric_limits<double>::quiet_NaN();
  advance.metrics = {{"rows", 3}};
  const std::string text = text_of(advance);
  const auto document = core::parse_json(text);
  const Advance copy = read_advance(core::ObjectReader(document.root()));
  ASSERT_EQ(copy.scores.size(), 3U);
  EXPECT_EQ(copy.scores[0].value, 0.1);
  EXPECT_EQ(copy.scores[1].value, std::nullopt);
  EXPECT_EQ(copy.scores[1].lower, std::nullopt);
  EXPECT_EQ(copy.scores[2].entity, "eu");
  EXPECT_TRUE(copy.scores[2].is_anomaly);
  EXPECT_EQ(copy.scores[2].timestamp, at(180));
  EXPECT_EQ(copy.scores[1].metadata, "");
  EXPECT_EQ(copy.scores[2].metadata, advance.scores[2].metadata);
  EXPECT_EQ(copy.metrics[0].key, "rows");
}

TEST(Protocol, RefusesColumnsThatDoNotFit) {
  struct Case {
    std::string_view scores;
    std::string_view field;
  };
  const std::string huge = fmt::format(
      R"({{"entities":["e"],"algorithms":["a"],"ts_us":[1],"entity":[0],"algorithm":[0],"value":[1],"expected":[null],"lower":[null],"upper":[null],"score":[2],"is_anomaly":[1],"metadata":[{{"a":"{}"}}]}})",
      std::string(65'536, 'x'));
  const Case cases[] = {
      {R"({"entities":["e"],"algorithms":["a"],"ts_us":[1],"entity":[0],"algorithm":[0],"value":[1],"expected":[null],"lower":[null],"upper":[null],"score":[1]})",
       "scores.is_anomaly"},
      {R"({"entities":["e"],"algorithms":["a"],"ts_us":[1],"entity":[1],"algorithm":[0],"value":[1],"expected":[null],"lower":[null],"upper":[null],"score":[1],"is_anomaly":[0]})",
       "scores.entity[0]"},
      {R"({"entities":["e"],"algorithms":["a"],"ts_us":[1,2],"entity":[0],"algorithm":[0,0],"value":[1,1],"expected":[null,1],"lower":[null,1],"upper":[null,1],"score":[1,1],"is_anomaly":[0,0]})",
       "scores.entity"},
      {R"({"entities":["e"],"algorithms":["a"],"ts_us":["x"],"entity":[0],"algorithm":[0],"value":[1],"expected":[null],"lower":[null],"upper":[null],"score":[1],"is_anomaly":[0]})",
       "scores.ts_us[0]"},
      {R"({"entities":["e"],"algorithms":["a"],"ts_us":[1],"entity":[0],"algorithm":[0],"value":["NaN"],"expected":[null],"lower":[null],"upper":[null],"score":[1],"is_anomaly":[0]})",
       "scores.value[0]"},
      {R"({"entities":["e"],"algorithms":["a"],"ts_us":[1],"entity":[0],"algorithm":[0],"value":[1],"expected":[null],"lower":[null],"upper":[null],"score":[null],"is_anomaly":[1]})",
       "scores.is_anomaly[0]"},
      {R"({"entities":["e"],"algorithms":["a"],"ts_us":[1],"entity":[0],"algorithm":[0],"value":[1],"expected":[null],"lower":[null],"upper":[null],"score":[2],"is_anomaly":[1],"metadata":["{}"]})",
       "scores.metadata[0]"},
      {R"({"entities":["e"],"algorithms":["a"],"ts_us":[1],"entity":[0],"algorithm":[0],"value":[1],"expected":[null],"lower":[null],"upper":[null],"score":[2],"is_anomaly":[1],"metadata":[]})",
       "scores.metadata"},
      {R"({"entities":["e"],"algorithms":["a"],"ts_us":[1],"entity":[0],"algorithm":[0],"value":[1],"expected":[null],"lower":[null],"upper":[null],"score":[1],"is_anomaly":[0],"metadata":[{"a":1}]})",
       "scores.metadata[0]"},
      {huge, "scores.metadata[0]"},
  };
  for (const Case& c : cases) {
    const std::string text = fmt::format(
        R"({{"job_id":"j","fence":1,"model":"m","row_version":1,"from_version":1,"from":"1970-01-01T00:00:00Z","to":"1970-01-01T00:01:00Z","artifact":{{"uri":"u"}},"rows":1,"scores":{}}})",
        c.scores);
    const auto document = core::parse_json(text);
    try {
      read_advance(core::ObjectReader(document.root()));
      ADD_FAILURE() << "accepted " << c.scores;
    } catch (const core::Error& e) {
      EXPECT_EQ(e.field(), c.field) << e.what();
    }
  }
}

TEST(Protocol, BoundsLeasesAndWaits) {
  const auto refused = [](std::string_view text) {
    const auto document = core::parse_json(text);
    try {
      read_claim_request(core::ObjectReader(document.root()));
      return std::string("accepted");
    } catch (const core::Error& e) {
      return e.field();
    }
  };
  EXPECT_EQ(refused(R"({"runner":"a","lease_ms":1})"), "lease_ms");
  EXPECT_EQ(refused(R"({"runner":"a","lease_ms":3600001})"), "lease_ms");
  EXPECT_EQ(refused(R"({"runner":"a","wait_ms":30001})"), "wait_ms");
  EXPECT_EQ(refused(R"({"runner":""})"), "runner");
  EXPECT_EQ(refused(R"({"runner":"a","kinds":["evalute"]})"), "kinds");
  EXPECT_EQ(refused(R"({"runner":"a","leese":1})"), "leese");
  EXPECT_EQ(refused(R"({"runner":"a","lease_ms":10})"), "accepted");
}

}  // namespace
}  // namespace wakeful::monitor
