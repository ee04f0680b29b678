#include "registry/wire/write.hpp"

namespace wakeful::registry {
namespace {

void write_unless_empty(core::JsonWriter& json, std::string_view name, const std::string& text) {
  if (!text.empty()) json.member(name, text);
}

void write_tags(core::JsonWriter& json, const std::vector<Tag>& tags) {
  if (tags.empty()) return;
  json.key("tags").begin_array();
  for (const Tag& tag : tags) json.begin_object().member("key", tag.key).member("value", tag.value).end_object();
  json.end_array();
}

}  // namespace

void write(core::JsonWriter& json, const ModelVersion& version) {
  json.begin_object().member("name", version.name).member("version", std::to_string(version.version));
  json.member("creation_timestamp", version.created_ms).member("last_updated_timestamp", version.updated_ms);
  json.member("current_stage", name_of(version.stage)).member("description", version.description);
  json.member("source", version.source).member("run_id", version.run_id).member("status", "READY");
  write_tags(json, version.tags);
  json.member("run_link", version.run_link);
  if (!version.aliases.empty()) {
    json.key("aliases").begin_array();
    for (const std::string& alias : version.aliases) json.value(alias);
    json.end_array();
  }
  json.end_object();
}

void write(core::JsonWriter& json, const RegisteredModel& model) {
  json.begin_object().member("name", model.name);
  json.member("creation_timestamp", model.created_ms).member("last_updated_timestamp", model.updated_ms);
  write_unless_empty(json, "description", model.description);
  if (!model.latest_versions.empty()) {
    json.key("latest_versions").begin_array();
    for (const ModelVersion& version : model.latest_versions) write(json, version);
    json.end_array();
  }
  write_tags(json, model.tags);
  if (!model.aliases.empty()) {
    json.key("aliases").begin_array();
    for (const Alias& alias : model.aliases) {
      json.begin_object().member("alias", alias.alias).member("version", std::to_string(alias.version)).end_object();
    }
    json.end_array();
  }
  json.end_object();
}

void write(core::JsonWriter& json, const NewModel& body) {
  json.begin_object().member("name", body.name);
  write_unless_empty(json, "description", body.description);
  write_tags(json, body.tags);
  json.end_object();
}

void write(core::JsonWriter& json, const NewVersion& body) {
  json.begin_object().member("name", body.name).member("source", body.source);
  write_unless_empty(json, "run_id", body.run_id);
  write_unless_empty(json, "run_link", body.run_link);
  write_unless_empty(json, "description", body.description);
  write_unless_empty(json, "model_id", body.model_id);
  write_tags(json, body.tags);
  json.end_object();
}

}  // namespace wakeful::registry
