#include "server/lookups.hpp"

#include <array>
#include <string>
#include <string_view>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"
#include "registry/versions.hpp"
#include "registry/wire/read.hpp"
#include "tracker/logged_models.hpp"
#include "tracker/runs.hpp"

namespace wakeful::server {
namespace {

constexpr std::string_view kVersionsTag = "mlflow.modelVersions";

std::string tag_of(const tracker::LoggedModel& model, std::string_view key) {
  for (const tracker::Tag& tag : model.tags)
    if (tag.key == key) return tag.value;
  return "";
}

/// The text between the brackets of a JSON array; "" for what is none, for clients write this tag, too.
std::string items_of(const std::string& list) {
  const std::string text(core::trim(list));
  if (!text.starts_with('[')) return "";
  try {
    core::parse_json(text);
  } catch (const core::Error&) {
    return "";
  }
  return std::string(core::trim(std::string_view(text).substr(1, text.size() - 2)));
}

/// `list`, a JSON array, with one more version in it.
std::string with_version(const std::string& list, const std::string& name, std::int64_t version) {
  core::JsonWriter item;
  item.begin_object().member("name", name).member("version", version).end_object();
  const std::string items = items_of(list);
  return "[" + items + (items.empty() ? "" : ", ") + item.text() + "]";
}

void tell_logged_model(db::Tx& tx, const std::string& id, const std::string& name, std::int64_t version) {
  const tracker::LoggedModelId model(id);
  const std::string list = tag_of(tracker::get_logged_model(tx, model, true), kVersionsTag);
  const std::array tags = {tracker::Tag{std::string(kVersionsTag), with_version(list, name, version)}};
  tracker::set_logged_model_tags(tx, model, tags);
}

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  for (const std::string_view word : core::split(list, ','))
    if (!core::trim(word).empty()) words.push_back(core::to_lower(core::trim(word)));
  return words;
}

}  // namespace

tracker::ArtifactRoots artifact_roots(db::Database& database) {
  return {
      .run =
          [&database](const std::string& id) {
            return database.read(
                [&](db::Tx& tx) { return tracker::get_run_info(tx, tracker::RunId(id)).artifact_uri; });
          },
      .model =
          [&database](const std::string& id) {
            return database.read(
                [&](db::Tx& tx) { return tracker::get_logged_model(tx, tracker::LoggedModelId(id)).artifact_uri; });
          },
      .version =
          [&database](const std::string& name, const std::string& version) {
            const std::int64_t number = registry::parse_version(version);
            return database.read([&](db::Tx& tx) { return registry::get_download_uri(tx, name, number); });
          },
  };
}

registry::Settings registry_settings(const Settings& settings, const std::string& artifact_root) {
  registry::Settings keeping;
  keeping.find_run_location = [](db::Tx& tx, const std::string& id) -> std::optional<std::string> {
    const auto run = tracker::find_run(tx, tracker::RunId(id));
    if (!run) return std::nullopt;
    return run->artifact_uri;
  };
  keeping.find_logged_model = [](db::Tx& tx, const std::string& id) -> std::optional<registry::LoggedModelFacts> {
    const std::array ids = {id};
    const auto found = tracker::load_logged_models(tx, ids);
    if (found.empty() || found.front().lifecycle == tracker::Lifecycle::deleted) return std::nullopt;
    return registry::LoggedModelFacts{.artifact_uri = found.front().artifact_uri,
                                      .source_run_id = found.front().source_run_id};
  };
  keeping.on_version_of_logged_model = tell_logged_model;
  keeping.artifact_root = artifact_root;
  keeping.allowed_host_schemes = words_of(settings.allowed_artifact_schemes);
  keeping.source_pattern = settings.source_pattern;
  return keeping;
}

}  // namespace wakeful::server
