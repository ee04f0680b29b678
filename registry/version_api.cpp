#include <array>

#include "platform/http/json_request.hpp"
#include "registry/endpoints.hpp"
#include "registry/rules.hpp"
#include "registry/search.hpp"
#include "registry/source.hpp"
#include "registry/tags.hpp"
#include "registry/versions.hpp"
#include "registry/wire/write.hpp"

namespace wakeful::registry {
namespace {

using core::ObjectReader;
using http::Request;
using http::Response;

/// Which version a request is about.
struct Key {
  std::string name;
  std::int64_t version = 0;
};

Key read_key(const ObjectReader& body) {
  std::string name = required_text(body, "name");
  return {std::move(name), parse_version(required_text(body, "version"))};
}

Response create(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const NewVersion asked = read_new_version(ObjectReader(document.root()));
  return answer(write(api, request, [&, now = api.clock.now()](db::Tx& tx) {
    NewVersion wanted = asked;
    const std::string location = check_source(tx, wanted, api.settings);
    check_client_may_tag(tx, wanted.name, wanted.tags);
    ModelVersion made = create_version(tx, wanted, now, {.location = location});
    if (!wanted.model_id.empty() && !is_prompt(wanted.tags) && api.settings.on_version_of_logged_model)
      api.settings.on_version_of_logged_model(tx, wanted.model_id, made.name, made.version);
    return made;
  }));
}

Response get(const Api& api, Request& request) {
  const auto document = http::read_query(request);
  const Key key = read_key(ObjectReader(document.root()));
  return answer(read(api, request, [&](db::Tx& tx) { return get_version(tx, key.name, key.version); }));
}

Response update(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const Key key = read_key(body);
  const auto description = body.find_text("description");
  return answer(write(api, request, [&, now = api.clock.now()](db::Tx& tx) {
    update_version(tx, key.name, key.version, description, now);
    return get_version(tx, key.name, key.version);
  }));
}

Response remove(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const Key key = read_key(ObjectReader(document.root()));
  write(api, request, [&, now = api.clock.now()](db::Tx& tx) { delete_version(tx, key.name, key.version, now); });
  return nothing();
}

Response transition(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const Key key = read_key(body);
  const Stage stage = parse_stage(required_text(body, "stage"));
  const bool archive = body.find_boolean("archive_existing_versions").value_or(false);
  return answer(write(api, request, [&, now = api.clock.now()](db::Tx& tx) {
    transition_version(tx, key.name, key.version, stage, archive, now);
    return get_version(tx, key.name, key.version);
  }));
}

Response search(const Api& api, Request& request) {
  const auto document = http::read_query(request, {"order_by"});
  const Search wanted = read_search(ObjectReader(document.root()));
  const VersionPage page = read(api, request, [&](db::Tx& tx) { return search_versions(tx, wanted); });
  core::JsonWriter json;
  json.begin_object();
  if (!page.versions.empty()) {
    json.key("model_versions").begin_array();
    for (const ModelVersion& version : page.versions) write(json, version);
    json.end_array();
  }
  if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
  json.end_object();
  return Response::json(json.take());
}

Response download_uri(const Api& api, Request& request) {
  const auto document = http::read_query(request);
  const Key key = read_key(ObjectReader(document.root()));
  core::JsonWriter json;
  json.begin_object();
  json.member("artifact_uri",
              read(api, request, [&](db::Tx& tx) { return get_download_uri(tx, key.name, key.version); }));
  json.end_object();
  return Response::json(json.take());
}

Response set_tag(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const Key key = read_key(body);
  const std::vector<Tag> tags{{required_text(body, "key"), body.find_text("value").value_or("")}};
  write(api, request, [&](db::Tx& tx) {
    check_client_may_tag(tx, key.name, tags);
    set_version_tags(tx, key.name, key.version, tags);
  });
  return nothing();
}

Response delete_tag(const Api& api, Request& request) {
  const auto document = http::read_body(request);
  const ObjectReader body(document.root());
  const Key key = read_key(body);
  const std::string tag = required_text(body, "key");
  write(api, request, [&](db::Tx& tx) {
    check_client_may_tag(tx, key.name, {{tag, ""}});
    delete_version_tag(tx, key.name, key.version, tag);
  });
  return nothing();
}

constexpr std::array<Endpoint, 9> kEndpoints{{
    {"POST", "/model-versions/create", create, "Creates the next version of a registered model."},
    {"GET", "/model-versions/get", get, "Gives a model version."},
    {"PATCH", "/model-versions/update", update, "Replaces the description of a model version."},
    {"DELETE", "/model-versions/delete", remove, "Deletes a model version with its aliases."},
    {"POST", "/model-versions/transition-stage", transition, "Moves a model version to a stage."},
    {"GET", "/model-versions/search", search, "Searches model versions."},
    {"GET", "/model-versions/get-download-uri", download_uri, "Says where the files of a model version are."},
    {"POST", "/model-versions/set-tag", set_tag, "Sets a tag of a model version."},
    {"DELETE", "/model-versions/delete-tag", delete_tag, "Deletes a tag of a model version."},
}};

}  // namespace

std::span<const Endpoint> version_endpoints() { return kEndpoints; }

}  // namespace wakeful::registry
