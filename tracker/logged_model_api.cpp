#include "platform/core/error.hpp"
#include "platform/http/json_request.hpp"
#include "tracker/endpoints.hpp"
#include "tracker/logged_models.hpp"
#include "tracker/search_logged_models.hpp"
#include "tracker/wire/read.hpp"
#include "tracker/wire/write.hpp"

namespace wakeful::tracker {
namespace {

LoggedModelId id_of(const http::Request& request) { return LoggedModelId(request.path_param("model_id")); }

http::Response give(const LoggedModel& model) {
  core::JsonWriter json;
  json.begin_object().key("model");
  write(json, model);
  return http::Response::json(json.end_object().take());
}

http::Response create(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const NewLoggedModel wanted = read_new_logged_model(core::ObjectReader(document.root()));
  const LoggedModelId id = new_logged_model_id();
  const core::Timestamp now = api.clock.now();
  return give(write(api, request, [&](db::Tx& tx) { return create_logged_model(tx, wanted, id, now); }));
}

http::Response get(const Api& api, http::Request& request) {
  const LoggedModelId id = id_of(request);
  const bool allow_deleted = read_flag(request, "allow_deleted");
  return give(read(api, request, [&](db::Tx& tx) { return get_logged_model(tx, id, allow_deleted); }));
}

http::Response finalize(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const auto status = find_model_status(core::ObjectReader(document.root()), "status");
  if (!status) throw missing("status");
  const LoggedModelId id = id_of(request);
  const core::Timestamp now = api.clock.now();
  return give(write(api, request, [&](db::Tx& tx) { return finalize_logged_model(tx, id, *status, now); }));
}

http::Response remove(const Api& api, http::Request& request) {
  const LoggedModelId id = id_of(request);
  write(api, request, [&, now = api.clock.now()](db::Tx& tx) { delete_logged_model(tx, id, now); });
  return nothing();
}

http::Response log_params(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const auto params = read_pairs(core::ObjectReader(document.root()), "params");
  const LoggedModelId id = id_of(request);
  write(api, request, [&](db::Tx& tx) { log_logged_model_params(tx, id, params); });
  return nothing();
}

http::Response set_tags(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const auto tags = read_pairs(core::ObjectReader(document.root()), "tags");
  const LoggedModelId id = id_of(request);
  write(api, request, [&](db::Tx& tx) { set_logged_model_tags(tx, id, tags); });
  return nothing();
}

http::Response delete_tag(const Api& api, http::Request& request) {
  const LoggedModelId id = id_of(request);
  const std::string& key = request.path_param("tag_key");
  write(api, request, [&](db::Tx& tx) { delete_logged_model_tag(tx, id, key); });
  return nothing();
}

http::Response search(const Api& api, http::Request& request) {
  const auto document = read_body(request);
  const LoggedModelSearch search = read_logged_model_search(core::ObjectReader(document.root()));
  const LoggedModelPage page = read(api, request, [&](db::Tx& tx) { return search_logged_models(tx, search); });
  core::JsonWriter json;
  json.begin_object();
  write_list(json, "models", page.models);
  if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
  return http::Response::json(json.end_object().take());
}

}  // namespace

void add_logged_model_endpoints(Endpoints& endpoints) {
  endpoints.add("POST", "/logged-models", create, "Creates a logged model.");
  endpoints.add("GET", "/logged-models/{model_id}", get, "Gives a logged model.");
  endpoints.add("PATCH", "/logged-models/{model_id}", finalize, "Sets a logged model's status.");
  endpoints.add("DELETE", "/logged-models/{model_id}", remove, "Deletes a logged model.");
  endpoints.add("POST", "/logged-models/{model_id}/params", log_params, "Adds params to a logged model.");
  endpoints.add("PATCH", "/logged-models/{model_id}/tags", set_tags, "Sets tags of a logged model.");
  endpoints.add("DELETE", "/logged-models/{model_id}/tags/{tag_key}", delete_tag, "Deletes a tag of a logged model.");
  endpoints.add("POST", "/logged-models/search", search, "Searches logged models.");
}

}  // namespace wakeful::tracker
