#include "platform/core/error.hpp"
#include "platform/http/json_request.hpp"
#include "tracker/endpoints.hpp"
#include "tracker/experiments.hpp"
#include "tracker/inputs.hpp"
#include "tracker/rules.hpp"
#include "tracker/search_experiments.hpp"
#include "tracker/wire/read.hpp"
#include "tracker/wire/write.hpp"

namespace wakeful::tracker {
namespace {

std::int64_t required_experiment(const core::ObjectReader& body) {
  return parse_experiment_id(required_text(body, "experiment_id"));
}

http::Response give(const Experiment& experiment) {
  core::JsonWriter json;
  json.begin_object().key("experiment");
  write(json, experiment);
  return http::Response::json(json.end_object().take());
}

http::Response create(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const NewExperiment wanted = read_new_experiment(core::ObjectReader(document.root()));
  const core::Timestamp now = api.clock.now();
  const std::int64_t id =
      write(api, request, [&](db::Tx& tx) { return create_experiment(tx, wanted, api.settings, now); });
  core::JsonWriter json;
  json.begin_object().member("experiment_id", std::to_string(id));
  return http::Response::json(json.end_object().take());
}

http::Response get(const Api& api, http::Request& request) {
  const auto document = read_query(request);
  const std::int64_t id = required_experiment(core::ObjectReader(document.root()));
  return give(read(api, request, [&](db::Tx& tx) { return get_experiment(tx, id); }));
}

http::Response get_by_name(const Api& api, http::Request& request) {
  const auto document = read_query(request);
  const std::string name = required_text(core::ObjectReader(document.root()), "experiment_name");
  return give(read(api, request, [&](db::Tx& tx) { return get_experiment_by_name(tx, name); }));
}

http::Response search(const Api& api, http::Request& request, const core::JsonDocument& document) {
  const ExperimentSearch search = read_experiment_search(core::ObjectReader(document.root()));
  const ExperimentPage page = read(api, request, [&](db::Tx& tx) { return search_experiments(tx, search); });
  core::JsonWriter json;
  json.begin_object();
  write_list(json, "experiments", page.experiments);
  if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
  return http::Response::json(json.end_object().take());
}

http::Response search_by_body(const Api& api, http::Request& request) {
  return search(api, request, read_body(request));
}

http::Response search_by_query(const Api& api, http::Request& request) {
  return search(api, request, read_query(request, {"order_by"}));
}

http::Response update(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const std::int64_t id = required_experiment(body);
  const std::string name = required_text(body, "new_name");
  write(api, request, [&, now = api.clock.now()](db::Tx& tx) { rename_experiment(tx, id, name, now); });
  return nothing();
}

http::Response remove(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const std::int64_t id = required_experiment(core::ObjectReader(document.root()));
  write(api, request, [&, now = api.clock.now()](db::Tx& tx) { delete_experiment(tx, id, now); });
  return nothing();
}

http::Response restore(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const std::int64_t id = required_experiment(core::ObjectReader(document.root()));
  write(api, request, [&, now = api.clock.now()](db::Tx& tx) { restore_experiment(tx, id, now); });
  return nothing();
}

http::Response set_tag(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const std::int64_t id = required_experiment(body);
  const Tag tag{required_text(body, "key"), body.find_text("value").value_or("")};
  write(api, request, [&](db::Tx& tx) { set_experiment_tag(tx, id, tag); });
  return nothing();
}

http::Response delete_tag(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const core::ObjectReader body(document.root());
  const std::int64_t id = required_experiment(body);
  const std::string key = required_text(body, "key");
  write(api, request, [&](db::Tx& tx) { delete_experiment_tag(tx, id, key); });
  return nothing();
}

http::Response search_datasets(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const auto texts = core::ObjectReader(document.root()).texts("experiment_ids");
  const auto summaries = read(api, request, [&](db::Tx& tx) { return find_dataset_summaries(tx, texts); });
  core::JsonWriter json;
  json.begin_object();
  if (!summaries.empty()) {
    json.key("dataset_summaries").begin_array();
    for (const DatasetSummary& summary : summaries) {
      json.begin_object().member("experiment_id", summary.experiment_id).member("name", summary.name);
      json.member("digest", summary.digest).member("context", summary.context).end_object();
    }
    json.end_array();
  }
  return http::Response::json(json.end_object().take());
}

}  // namespace

void add_experiment_endpoints(Endpoints& endpoints) {
  endpoints.add("POST", "/experiments/create", create, "Creates an experiment.");
  endpoints.add("GET", "/experiments/get", get, "Gives an experiment, active or deleted.");
  endpoints.add("GET", "/experiments/get-by-name", get_by_name, "Gives the experiment of that name.");
  endpoints.add("POST", "/experiments/search", search_by_body, "Searches experiments.");
  endpoints.add("GET", "/experiments/search", search_by_query, "Searches experiments.");
  endpoints.add("POST", "/experiments/update", update, "Renames an experiment.");
  endpoints.add("POST", "/experiments/delete", remove, "Deletes an experiment with its runs; both can be restored.");
  endpoints.add("POST", "/experiments/restore", restore, "Restores a deleted experiment with all its runs.");
  endpoints.add("POST", "/experiments/set-experiment-tag", set_tag, "Sets a tag of an experiment.");
  endpoints.add("POST", "/experiments/delete-experiment-tag", delete_tag, "Deletes a tag of an experiment.");
  endpoints.add("POST", "/experiments/search-datasets", search_datasets, "Lists the datasets of experiments.");
}

}  // namespace wakeful::tracker
