#include "platform/core/error.hpp"
#include "platform/core/id.hpp"
#include "platform/http/json_request.hpp"
#include "tracker/endpoints.hpp"
#include "tracker/inputs.hpp"
#include "tracker/metrics.hpp"
#include "tracker/params_tags.hpp"
#include "tracker/rules.hpp"
#include "tracker/runs.hpp"
#include "tracker/search_runs.hpp"
#include "tracker/wire/read.hpp"
#include "tracker/wire/write.hpp"

namespace wakeful::tracker {
namespace {

http::Response give(const Run& run) {
  core::JsonWriter json;
  json.begin_object().key("run");
  write(json, run);
  return http::Response::json(json.end_object().take());
}

http::Response create(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const NewRun wanted = read_new_run(core::ObjectReader(document.root()));
  const RunId id(core::new_hex_id());
  return give(write(api, request, [&](db::Tx& tx) { return create_run(tx, wanted, id); }));
}

void write(core::JsonWriter& json, const RunInfo& info, const RunTexts::Text& contents) {
  json.begin_object().key("info");
  write(json, info);
  // The text ends with the brace that closes the run.
  json.raw(*contents);
}

http::Response get(const Api& api, http::Request& request) {
  const auto document = read_query(request);
  const RunId id = required_run_id(core::ObjectReader(document.root()));
  const auto [run, texts] = read(api, request, [&](db::Tx& tx) {
    const FoundRun found = get_found_run(tx, id);
    return std::pair(found, api.run_texts->get(tx, std::span(&found, 1)));
  });
  core::JsonWriter json;
  json.begin_object().key("run");
  write(json, run.info, texts.front());
  return http::Response::json(json.end_object().take());
}

http::Response update(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const RunUpdate wanted = read_run_update(core::ObjectReader(document.root()));
  const RunInfo info = write(api, request, [&](db::Tx& tx) { return update_run(tx, wanted); });
  core::JsonWriter json;
  json.begin_object().key("run_info");
  write(json, info);
  return http::Response::json(json.end_object().take());
}

http::Response remove(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const RunId run = required_run_id(core::ObjectReader(document.root()));
  write(api, request, [&, now = api.clock.now()](db::Tx& tx) { delete_run(tx, run, now); });
  return nothing();
}

http::Response restore(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const RunId run = required_run_id(core::ObjectReader(document.root()));
  write(api, request, [&](db::Tx& tx) { restore_run(tx, run); });
  return nothing();
}

http::Response search(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const RunSearch search = read_run_search(core::ObjectReader(document.root()));
  const auto [page, texts] = read(api, request, [&](db::Tx& tx) {
    RunInfoPage found = search_run_infos(tx, search);
    auto contents = api.run_texts->get(tx, found.runs);
    return std::pair(std::move(found), std::move(contents));
  });
  std::size_t bytes = 64;
  for (const RunTexts::Text& text : texts) bytes += text->size() + 512;
  core::JsonWriter json;
  json.reserve(bytes);
  json.begin_object();
  if (!page.runs.empty()) {
    json.key("runs").begin_array();
    for (std::size_t i = 0; i < page.runs.size(); ++i) write(json, page.runs[i].info, texts[i]);
    json.end_array();
  }
  if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
  return http::Response::json(json.end_object().take());
}

http::Response log_one_metric(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const RunId run = required_run_id(body);
  const Metric metric = read_metric(body);
  check_metric(metric, "name", "");
  write(api, request, [&](db::Tx& tx) { log_metric(tx, run, metric); });
  return nothing();
}

http::Response log_one_param(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const RunId run = required_run_id(body);
  const Param param{required_text(body, "key"), body.find_text("value").value_or("")};
  write(api, request, [&](db::Tx& tx) { log_param(tx, run, param, api.settings); });
  return nothing();
}

http::Response set_one_tag(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const RunId run = required_run_id(body);
  const Tag tag{required_text(body, "key"), body.find_text("value").value_or("")};
  write(api, request, [&](db::Tx& tx) { set_tag(tx, run, tag, api.settings); });
  return nothing();
}

http::Response delete_one_tag(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const RunId run = required_run_id(body);
  const std::string key = required_text(body, "key");
  write(api, request, [&](db::Tx& tx) { delete_tag(tx, run, key); });
  return nothing();
}

http::Response log_whole_batch(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const RunId run = required_run_id(body);
  check_run_id(run);
  const CheckedBatch batch(read_batch(body), api.settings);
  write(api, request, [&](db::Tx& tx) { log_batch(tx, run, batch); });
  return nothing();
}

http::Response log_all_inputs(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const RunId run = required_run_id(body);
  check_run_id(run);
  std::vector<DatasetInput> datasets;
  for (const auto& item : body.objects("datasets")) datasets.push_back(read_dataset_input(item));
  std::vector<std::string> models;
  for (const auto& item : body.objects("models")) models.push_back(required_text(item, "model_id"));
  write(api, request, [&](db::Tx& tx) { log_inputs(tx, run, datasets, models); });
  return nothing();
}

http::Response log_all_outputs(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const RunId run = required_run_id(body);
  if (!body.has("models")) throw missing("models");
  std::vector<ModelOutput> models;
  for (const auto& item : body.objects("models"))
    models.push_back({required_text(item, "model_id"), item.find_integer("step").value_or(0)});
  write(api, request, [&](db::Tx& tx) { log_outputs(tx, run, models); });
  return nothing();
}

http::Response log_model_of_2(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const RunId run = required_run_id(body);
  const std::string model = required_text(body, "model_json");
  write(api, request, [&](db::Tx& tx) { log_model(tx, run, model); });
  return nothing();
}

}  // namespace

void add_run_endpoints(Endpoints& endpoints) {
  endpoints.add("POST", "/runs/create", create, "Creates a run.");
  endpoints.add("GET", "/runs/get", get, "Gives a run with its latest metrics, params, tags, inputs and outputs.");
  endpoints.add("POST", "/runs/update", update, "Changes a run's status, end time or name.");
  endpoints.add("POST", "/runs/delete", remove, "Deletes a run; it can be restored.");
  endpoints.add("POST", "/runs/restore", restore, "Restores a deleted run.");
  endpoints.add("POST", "/runs/search", search, "Searches runs.");
  endpoints.add("POST", "/runs/log-metric", log_one_metric, "Logs one point of a metric.");
  endpoints.add("POST", "/runs/log-parameter", log_one_param, "Logs a param, once.");
  endpoints.add("POST", "/runs/set-tag", set_one_tag, "Sets a tag of a run.");
  endpoints.add("POST", "/runs/delete-tag", delete_one_tag, "Deletes a tag of a run.");
  endpoints.add_large("POST", "/runs/log-batch", log_whole_batch, "Logs metrics, params and tags, all or nothing.");
  endpoints.add_large("POST", "/runs/log-inputs", log_all_inputs, "Links a run to datasets and models that it reads.");
  endpoints.add("POST", "/runs/outputs", log_all_outputs, "Links a run to models that it made.");
  endpoints.add("POST", "/runs/log-model", log_model_of_2, "Records a logged model in the run's history tag.");
}

}  // namespace wakeful::tracker
