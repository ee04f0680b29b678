#include "tracker/wire/requests.hpp"

#include "tracker/wire/read.hpp"
#include "tracker/wire/write.hpp"

namespace wakeful::tracker {
namespace {

std::string text_or_empty(const core::ObjectReader& body, std::string_view name) {
  return body.find_text(name).value_or("");
}

void write_unless_empty(core::JsonWriter& json, std::string_view name, const std::string& text) {
  if (!text.empty()) json.member(name, text);
}

void write_texts(core::JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

}  // namespace

NewExperiment read_new_experiment(const core::ObjectReader& body) {
  return {.name = required_text(body, "name"),
          .artifact_location = body.find_text("artifact_location"),
          .tags = read_pairs(body, "tags")};
}

NewRun read_new_run(const core::ObjectReader& body) {
  return {.experiment_id = text_or_empty(body, "experiment_id"),
          .run_name = text_or_empty(body, "run_name"),
          .user_id = text_or_empty(body, "user_id"),
          .start_time_ms = body.find_integer("start_time").value_or(0),
          .tags = read_pairs(body, "tags")};
}

RunUpdate read_run_update(const core::ObjectReader& body) {
  return {.run_id = required_run_id(body),
          .status = find_run_status(body, "status"),
          .end_time_ms = body.find_integer("end_time"),
          .run_name = text_or_empty(body, "run_name")};
}

Batch read_batch(const core::ObjectReader& body) {
  return {
      .metrics = read_metrics(body, "metrics"), .params = read_pairs(body, "params"), .tags = read_pairs(body, "tags")};
}

RunSearch read_run_search(const core::ObjectReader& body) {
  return {.experiment_ids = body.texts("experiment_ids"),
          .filter = text_or_empty(body, "filter"),
          .view = find_view_type(body, "run_view_type").value_or(ViewType::active_only),
          .order_by = body.texts("order_by"),
          .max_results = body.find_integer("max_results"),
          .page_token = text_or_empty(body, "page_token")};
}

ExperimentSearch read_experiment_search(const core::ObjectReader& body) {
  return {.filter = text_or_empty(body, "filter"),
          .view = find_view_type(body, "view_type").value_or(ViewType::active_only),
          .order_by = body.texts("order_by"),
          .max_results = body.find_integer("max_results"),
          .page_token = text_or_empty(body, "page_token")};
}

NewLoggedModel read_new_logged_model(const core::ObjectReader& body) {
  return {.experiment_id = required_text(body, "experiment_id"),
          .name = text_or_empty(body, "name"),
          .model_type = text_or_empty(body, "model_type"),
          .source_run_id = text_or_empty(body, "source_run_id"),
          .params = read_pairs(body, "params"),
          .tags = read_pairs(body, "tags")};
}

LoggedModelSearch read_logged_model_search(const core::ObjectReader& body) {
  LoggedModelSearch search{.experiment_ids = body.texts("experiment_ids"),
                           .filter = text_or_empty(body, "filter"),
                           .max_results = body.find_integer("max_results"),
                           .page_token = text_or_empty(body, "page_token")};
  if (search.experiment_ids.empty()) throw missing("experiment_ids");
  for (const auto& item : body.objects("datasets"))
    search.datasets.push_back({required_text(item, "dataset_name"), text_or_empty(item, "dataset_digest")});
  for (const auto& item : body.objects("order_by")) {
    search.order_by.push_back({.field_name = required_text(item, "field_name"),
                               .ascending = item.find_boolean("ascending").value_or(true),
                               .dataset_name = text_or_empty(item, "dataset_name"),
                               .dataset_digest = text_or_empty(item, "dataset_digest")});
  }
  return search;
}

void write(core::JsonWriter& json, const NewExperiment& body) {
  json.begin_object().member("name", body.name).member("artifact_location", body.artifact_location);
  write_list(json, "tags", body.tags);
  json.end_object();
}

void write(core::JsonWriter& json, const NewRun& body) {
  json.begin_object().member("experiment_id", body.experiment_id);
  write_unless_empty(json, "run_name", body.run_name);
  write_unless_empty(json, "user_id", body.user_id);
  json.member("start_time", body.start_time_ms);
  write_list(json, "tags", body.tags);
  json.end_object();
}

void write(core::JsonWriter& json, const RunUpdate& body) {
  json.begin_object().member("run_id", body.run_id.text());
  if (body.status) json.member("status", name_of(*body.status));
  json.member("end_time", body.end_time_ms);
  write_unless_empty(json, "run_name", body.run_name);
  json.end_object();
}

void write_batch(core::JsonWriter& json, const RunId& run, const Batch& batch) {
  json.begin_object().member("run_id", run.text());
  write_list(json, "metrics", batch.metrics);
  write_list(json, "params", batch.params);
  write_list(json, "tags", batch.tags);
  json.end_object();
}

void write(core::JsonWriter& json, const RunSearch& body) {
  json.begin_object();
  write_texts(json, "experiment_ids", body.experiment_ids);
  write_unless_empty(json, "filter", body.filter);
  json.member("run_view_type", name_of(body.view));
  write_texts(json, "order_by", body.order_by);
  json.member("max_results", body.max_results);
  write_unless_empty(json, "page_token", body.page_token);
  json.end_object();
}

}  // namespace wakeful::tracker
