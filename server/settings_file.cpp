#include "server/settings_file.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include <fmt/core.h>

#include "monitor/wire/yaml.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

namespace wakeful::server {
namespace {

constexpr std::string_view kConnections = "connections";

std::string key_of(const SettingRow& row) {
  std::string key(row.flag);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

std::string text_of(const core::Json& value) { return core::find_text_of(value).value_or(core::dump_json(value)); }

std::map<std::string, std::string> connections_of(const core::ObjectReader& document) {
  std::map<std::string, std::string> uris;
  const auto connections = document.find_object(kConnections);
  if (!connections) return uris;
  for (const std::string& name : connections->names()) uris.emplace(name, connections->text(name));
  return uris;
}

Settings from_document(const core::ObjectReader& document) {
  std::vector<std::string> keys{std::string(kConnections)};
  for (const SettingRow& row : setting_rows()) keys.push_back(key_of(row));
  const std::vector<std::string_view> known(keys.begin(), keys.end());
  document.refuse_unknown(known);

  Settings settings;
  for (const SettingRow& row : setting_rows()) {
    const core::Json* value = document.find_value(key_of(row));
    if (value != nullptr) row.set(settings, text_of(*value));
  }
  settings.connections = connections_of(document);
  return settings;
}

}  // namespace

Settings from_settings_text(std::string_view text, const std::string& path) {
  try {
    const std::vector<core::JsonDocument> documents = monitor::parse_yaml(text);
    if (documents.size() > 1) throw core::invalid("more than one document");
    return documents.empty() ? Settings{} : from_document(core::ObjectReader(documents.front().root()));
  } catch (const core::Error& e) {
    throw core::Error(e.code(), fmt::format("{}: {}", path, e.what()), e.field());
  }
}

Settings from_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw core::not_found(fmt::format("{}: cannot be read", path), "settings");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return from_settings_text(text, path);
}

}  // namespace wakeful::server
