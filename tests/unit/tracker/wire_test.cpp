// What is written is read back equal, by the other end.
#include <cmath>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "tracker/wire/read.hpp"
#include "tracker/wire/requests.hpp"
#include "tracker/wire/write.hpp"

namespace wakeful::tracker {
namespace {

template <class T>
std::string text_of(const T& value) {
  core::JsonWriter json;
  write(json, value);
  return json.take();
}

/// Written, read and written again.
template <class T, class Read>
void expect_round_trip(const T& value, Read&& read) {
  const std::string text = text_of(value);
  const auto document = core::parse_json(text);
  EXPECT_EQ(text_of(read(core::ObjectReader(document.root()))), text);
}

Run a_run() {
  Run run{.info = {.run_id = "r", .run_name = "n", .experiment_id = "3", .user_id = "u", .status = RunStatus::killed}};
  run.info.start_time_ms = 5;
  run.info.end_time_ms = 7;
  run.info.artifact_uri = "mlflow-artifacts:/3/r/artifacts";
  run.info.lifecycle = Lifecycle::deleted;
  run.metrics = {{.key = "m", .value = 0.1, .timestamp_ms = 9'223'372'036'854'775'807, .step = -1},
                 {.key = "nan", .value = std::nan("")}};
  run.params = {{"p", ""}};
  run.tags = {{"t", "\"quoted\"\n"}};
  run.dataset_inputs = {{.dataset = {"d", "1", "local", "{}", "s", "p"}, .tags = {{"c", "x"}}}};
  run.model_inputs = {"m-1"};
  run.model_outputs = {{"m-2", 4}};
  return run;
}

TEST(Wire, RoundTrips) {
  expect_round_trip(a_run(), read_run);
  expect_round_trip(tracker::Run{.info = {.run_id = "r", .run_name = "", .experiment_id = "0", .user_id = ""}},
                    read_run);
  expect_round_trip(Experiment{.experiment_id = "1", .name = "ü", .artifact_location = "/a", .tags = {{"a", "b"}}},
                    read_experiment);
  LoggedModel model{.model_id = "m-1",
                    .experiment_id = "1",
                    .name = "m",
                    .artifact_uri = "/a",
                    .model_type = "",
                    .source_run_id = ""};
  model.status = LoggedModelStatus::ready;
  model.params = {{"p", "v"}};
  model.metrics = {
      {.key = "m", .value = 1, .model_id = "m-1", .dataset_name = "d", .dataset_digest = "1", .run_id = "r"}};
  expect_round_trip(model, read_logged_model);
}

TEST(Wire, RoundTripsRequests) {
  expect_round_trip(NewExperiment{.name = "n", .artifact_location = "/a", .tags = {{"a", "b"}}}, read_new_experiment);
  expect_round_trip(
      NewRun{.experiment_id = "1", .run_name = "n", .user_id = "u", .start_time_ms = 4, .tags = {{"a", "b"}}},
      read_new_run);
  expect_round_trip(RunUpdate{.run_id = RunId("r"), .status = RunStatus::failed, .end_time_ms = 0, .run_name = "n"},
                    read_run_update);
  expect_round_trip(RunSearch{.experiment_ids = {"1", "2"},
                              .filter = "a = 'b'",
                              .view = ViewType::all,
                              .order_by = {"x"},
                              .max_results = 5,
                              .page_token = "t"},
                    read_run_search);
  core::JsonWriter json;
  write_batch(json, RunId("r"), {.metrics = a_run().metrics, .params = {{"p", "v"}}, .tags = {{"t", "w"}}});
  const auto document = core::parse_json(json.text());
  const Batch batch = read_batch(core::ObjectReader(document.root()));
  ASSERT_EQ(batch.metrics.size(), 2U);
  EXPECT_TRUE(std::isnan(batch.metrics[1].value));
  EXPECT_EQ(batch.params, (std::vector<Param>{{"p", "v"}}));
  EXPECT_EQ(batch.tags, (std::vector<Tag>{{"t", "w"}}));
}

TEST(Wire, ReadsEnumsByNameAndNumber) {
  const auto document = core::parse_json(R"({"a":"FINISHED","b":3,"c":"3","d":null,"bad":"finished","worse":9})");
  const core::ObjectReader object(document.root());
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(find_run_status(object, name), RunStatus::finished) << name;
  EXPECT_EQ(find_run_status(object, "d"), std::nullopt);
  EXPECT_EQ(find_run_status(object, "absent"), std::nullopt);
  for (const char* name : {"bad", "worse"}) EXPECT_THROW(find_run_status(object, name), core::Error) << name;
}

TEST(Wire, LeavesOutAnEndTimeOfZeroAndKeepsAStartTimeOfZero) {
  const RunInfo info{.run_id = "r", .run_name = "", .experiment_id = "0", .user_id = "", .end_time_ms = 0};
  EXPECT_EQ(text_of(info).find("end_time"), std::string::npos);
  EXPECT_NE(text_of(info).find("\"start_time\":0"), std::string::npos);
}

}  // namespace
}  // namespace wakeful::tracker
