#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "monitor/wire/definition.hpp"

namespace wakeful::monitor {
namespace {

using core::Json;
using Leaves = std::map<std::string, const Json*>;

/// Metrics are named in paths by their name, not by their place, so that one more metric is one change.
std::string step_of(const Json& item, std::size_t index) {
  if (item.is_object()) {
    if (const auto name = item.find("name"); name != item.end() && name->is_string())
      return fmt::format("[{}]", name->get_ref<const std::string&>());
  }
  return fmt::format("[{}]", index);
}

void gather(const Json& value, const std::string& path, Leaves& leaves) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, item] : value.items())
      gather(item, path.empty() ? key : fmt::format("{}.{}", path, key), leaves);
  } else if (value.is_array() && !value.empty() && value.front().is_object()) {
    for (std::size_t i = 0; i < value.size(); ++i) gather(value[i], path + step_of(value[i], i), leaves);
  } else {
    leaves.emplace(path, &value);
  }
}

std::vector<Change> compare(const Json& before, const Json& after) {
  Leaves old_leaves;
  Leaves new_leaves;
  if (!before.is_null()) gather(before, "", old_leaves);
  gather(after, "", new_leaves);
  std::map<std::string, Change> found;
  for (const auto& [path, value] : old_leaves) {
    const auto other = new_leaves.find(path);
    if (other == new_leaves.end()) {
      found[path] = {path, core::dump_json(*value), ""};
    } else if (*other->second != *value) {
      found[path] = {path, core::dump_json(*value), core::dump_json(*other->second)};
    }
  }
  for (const auto& [path, value] : new_leaves) {
    if (!old_leaves.contains(path)) found[path] = {path, "", core::dump_json(*value)};
  }
  std::vector<Change> all;
  all.reserve(found.size());
  for (auto& [path, change] : found) all.push_back(std::move(change));
  return all;
}

}  // namespace

std::vector<Change> changes_of_text(std::string_view before, std::string_view after) {
  const core::JsonDocument to = core::parse_json(after);
  if (before.empty()) return compare(Json(), to.root());
  const core::JsonDocument from = core::parse_json(before);
  return compare(from.root(), to.root());
}

std::vector<Change> changes(const Definition& before, const Definition& after) {
  return changes_of_text(to_json(before), to_json(after));
}

std::vector<Change> changes(const Definition& after) { return changes_of_text("", to_json(after)); }

void write(core::JsonWriter& json, const Change& change) {
  json.begin_object().member("path", change.path);
  json.key("from").raw(change.from.empty() ? "null" : change.from);
  json.key("to").raw(change.to.empty() ? "null" : change.to);
  json.end_object();
}

}  // namespace wakeful::monitor
