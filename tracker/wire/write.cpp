#include "tracker/wire/write.hpp"

namespace wakeful::tracker {
namespace {

void write_unless_empty(core::JsonWriter& json, std::string_view name, const std::string& text) {
  if (!text.empty()) json.member(name, text);
}

void write(core::JsonWriter& json, const DatasetInput& input) {
  json.begin_object();
  write_list(json, "tags", input.tags);
  const Dataset& dataset = input.dataset;
  json.key("dataset").begin_object();
  json.member("name", dataset.name).member("digest", dataset.digest);
  json.member("source_type", dataset.source_type).member("source", dataset.source);
  write_unless_empty(json, "schema", dataset.schema);
  write_unless_empty(json, "profile", dataset.profile);
  json.end_object().end_object();
}

void write_inputs(core::JsonWriter& json, const Run& run) {
  json.key("inputs").begin_object();
  if (!run.dataset_inputs.empty()) {
    json.key("dataset_inputs").begin_array();
    for (const DatasetInput& input : run.dataset_inputs) write(json, input);
    json.end_array();
  }
  if (!run.model_inputs.empty()) {
    json.key("model_inputs").begin_array();
    for (const std::string& id : run.model_inputs) json.begin_object().member("model_id", id).end_object();
    json.end_array();
  }
  json.end_object();
}

void write_outputs(core::JsonWriter& json, const Run& run) {
  if (run.model_outputs.empty()) return;
  json.key("outputs").begin_object().key("model_outputs").begin_array();
  for (const ModelOutput& output : run.model_outputs)
    json.begin_object().member("model_id", output.model_id).member("step", output.step).end_object();
  json.end_array().end_object();
}

}  // namespace

void write(core::JsonWriter& json, const KeyValue& pair) {
  json.begin_object().member("key", pair.key).member("value", pair.value).end_object();
}

void write(core::JsonWriter& json, const Metric& metric) {
  json.begin_object().member("key", metric.key).member("value", metric.value);
  json.member("timestamp", metric.timestamp_ms).member("step", metric.step);
  write_unless_empty(json, "model_id", metric.model_id);
  write_unless_empty(json, "dataset_name", metric.dataset_name);
  write_unless_empty(json, "dataset_digest", metric.dataset_digest);
  write_unless_empty(json, "run_id", metric.run_id);
  json.end_object();
}

void write(core::JsonWriter& json, const Experiment& experiment) {
  json.begin_object().member("experiment_id", experiment.experiment_id).member("name", experiment.name);
  json.member("artifact_location", experiment.artifact_location);
  json.member("lifecycle_stage", name_of(experiment.lifecycle));
  json.member("last_update_time", experiment.last_update_time_ms).member("creation_time", experiment.creation_time_ms);
  write_list(json, "tags", experiment.tags);
  json.member("workspace", "default").end_object();
}

void write(core::JsonWriter& json, const RunInfo& info) {
  json.begin_object().member("run_id", info.run_id).member("run_uuid", info.run_id).member("run_name", info.run_name);
  json.member("experiment_id", info.experiment_id)
      .member("user_id", info.user_id)
      .member("status", name_of(info.status));
  json.member("start_time", info.start_time_ms);
  // 0 counts as unset: mlflow-tracking.md §1.3.
  if (info.end_time_ms.value_or(0) != 0) json.member("end_time", *info.end_time_ms);
  json.member("artifact_uri", info.artifact_uri).member("lifecycle_stage", name_of(info.lifecycle)).end_object();
}

void write_contents(core::JsonWriter& json, const Run& run) {
  json.key("data").begin_object();
  write_list(json, "metrics", run.metrics);
  write_list(json, "params", run.params);
  write_list(json, "tags", run.tags);
  json.end_object();
  write_inputs(json, run);
  write_outputs(json, run);
}

void write(core::JsonWriter& json, const Run& run) {
  json.begin_object().key("info");
  write(json, run.info);
  write_contents(json, run);
  json.end_object();
}

void write(core::JsonWriter& json, const LoggedModel& model) {
  json.begin_object().key("info").begin_object();
  json.member("model_id", model.model_id).member("experiment_id", model.experiment_id).member("name", model.name);
  json.member("creation_timestamp_ms", model.creation_time_ms);
  json.member("last_updated_timestamp_ms", model.last_update_time_ms);
  json.member("artifact_uri", model.artifact_uri).member("status", name_of(model.status));
  json.member("model_type", model.model_type).member("source_run_id", model.source_run_id);
  write_list(json, "tags", model.tags);
  json.end_object().key("data").begin_object();
  write_list(json, "params", model.params);
  write_list(json, "metrics", model.metrics);
  json.end_object().end_object();
}

}  // namespace wakeful::tracker
