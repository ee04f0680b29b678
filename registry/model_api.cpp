#include <array>

#include "platform/http/json_request.hpp"
#include "registry/aliases.hpp"
#include "registry/endpoints.hpp"
#include "registry/models.hpp"
#include "registry/search.hpp"
#include "registry/tags.hpp"
#include "registry/versions.hpp"
#include "registry/wire/write.hpp"

namespace wakeful::registry {
namespace {

using core::ObjectReader;
using http::Request;
using http::Response;

Response answer(const RegisteredModel& model) {
  core::JsonWriter json;
  json.begin_object().key("registered_model");
  write(json, model);
  json.end_object();
  return Response::json(json.take());
}

Response create(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const NewModel wanted = read_new_model(ObjectReader(document.root()));
  return answer(write(api, request, [&, now = api.clock.now()](db::Tx& tx) { return create_model(tx, wanted, now); }));
}

Response rename(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const std::string name = required_text(body, "name");
  const std::string new_name = required_text(body, "new_name");
  return answer(write(api, request, [&, now = api.clock.now()](db::Tx& tx) {
    rename_model(tx, name, new_name, now);
    return get_model(tx, new_name);
  }));
}

Response update(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const std::string name = required_text(body, "name");
  const std::string description = body.find_text("description").value_or("");
  return answer(write(api, request, [&, now = api.clock.now()](db::Tx& tx) {
    update_model(tx, name, description, now);
    return get_model(tx, name);
  }));
}

Response remove(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const std::string name = required_text(ObjectReader(document.root()), "name");
  write(api, request, [&](db::Tx& tx) { delete_model(tx, name); });
  return nothing();
}

Response get(const Api& api, Request& request) {
  const auto document = http::read_query(request);
  const std::string name = required_text(ObjectReader(document.root()), "name");
  return answer(read(api, request, [&](db::Tx& tx) { return get_model(tx, name); }));
}

Response search(const Api& api, Request& request) {
  const auto document = http::read_query(request, {"order_by"});
  const Search wanted = read_search(ObjectReader(document.root()));
  const ModelPage page = read(api, request, [&](db::Tx& tx) { return search_models(tx, wanted); });
  core::JsonWriter json;
  json.begin_object();
  if (!page.models.empty()) {
    json.key("registered_models").begin_array();
    for (const RegisteredModel& model : page.models) write(json, model);
    json.end_array();
  }
  if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
  json.end_object();
  return Response::json(json.take());
}

Response latest(const Api& api, Request& request) {
  const auto document = request.method == "GET" ? http::read_query(request, {"stages"}) : http::read_body(request);
  const ObjectReader body(document.root());
  const std::string name = required_text(body, "name");
  std::vector<Stage> stages;
  for (const std::string& stage : body.texts("stages")) stages.push_back(parse_stage(stage, "stages"));
  const auto versions = read(api, request, [&](db::Tx& tx) { return latest_versions(tx, name, stages); });
  core::JsonWriter json;
  json.begin_object();
  if (!versions.empty()) {
    json.key("model_versions").begin_array();
    for (const ModelVersion& version : versions) write(json, version);
    json.end_array();
  }
  json.end_object();
  return Response::json(json.take());
}

Response set_tag(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const std::string name = required_text(body, "name");
  const Tag tag{required_text(body, "key"), body.find_text("value").value_or("")};
  write(api, request, [&](db::Tx& tx) { set_model_tags(tx, name, {tag}); });
  return nothing();
}

Response delete_tag(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const std::string name = required_text(body, "name");
  const std::string key = required_text(body, "key");
  write(api, request, [&](db::Tx& tx) { delete_model_tag(tx, name, key); });
  return nothing();
}

Response put_alias(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const std::string name = required_text(body, "name");
  const std::string alias = required_text(body, "alias");
  const std::int64_t version = parse_version(required_text(body, "version"));
  write(api, request, [&](db::Tx& tx) { set_alias(tx, name, alias, version); });
  return nothing();
}

Response remove_alias(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const std::string name = required_text(body, "name");
  const std::string alias = required_text(body, "alias");
  write(api, request, [&](db::Tx& tx) { delete_alias(tx, name, alias); });
  return nothing();
}

Response get_alias(const Api& api, Request& request) {
  const auto document = http::read_query(request);
  const ObjectReader body(document.root());
  const std::string name = required_text(body, "name");
  const std::string alias = required_text(body, "alias");
  return registry::answer(read(api, request, [&](db::Tx& tx) { return get_version_by_alias(tx, name, alias); }));
}

constexpr std::array<Endpoint, 13> kEndpoints{{
    {"POST", "/registered-models/create", create, "Creates a registered model."},
    {"POST", "/registered-models/rename", rename, "Renames a registered model with all that is its own."},
    {"PATCH", "/registered-models/update", update, "Replaces the description of a registered model."},
    {"DELETE", "/registered-models/delete", remove, "Deletes a registered model with its versions."},
    {"GET", "/registered-models/get", get, "Gives a registered model by its name."},
    {"GET", "/registered-models/search", search, "Searches registered models."},
    {"POST", "/registered-models/get-latest-versions", latest, "Gives the newest version of each stage."},
    {"GET", "/registered-models/get-latest-versions", latest, "Gives the newest version of each stage."},
    {"POST", "/registered-models/set-tag", set_tag, "Sets a tag of a registered model."},
    {"DELETE", "/registered-models/delete-tag", delete_tag, "Deletes a tag of a registered model."},
    {"POST", "/registered-models/alias", put_alias, "Points an alias at a version."},
    {"DELETE", "/registered-models/alias", remove_alias, "Deletes an alias."},
    {"GET", "/registered-models/alias", get_alias, "Gives the version that an alias points at."},
}};

}  // namespace

std::span<const Endpoint> model_endpoints() { return kEndpoints; }

}  // namespace wakeful::registry
