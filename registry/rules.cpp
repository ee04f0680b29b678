#include "registry/rules.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/names.hpp"
#include "platform/core/text.hpp"

namespace wakeful::registry {
namespace {

constexpr std::size_t kMaxShown = 300;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

std::string member(std::string_view where, std::string_view name) {
  return where.empty() ? std::string(name) : fmt::format("{}.{}", where, name);
}

/// "v7": it would read as a version's number.
bool is_version_word(std::string_view alias) {
  if (alias.size() < 2 || (alias.front() != 'v' && alias.front() != 'V')) return false;
  return std::all_of(alias.begin() + 1, alias.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void check_model_name(std::string_view name, std::string_view field) {
  const auto refuse = [&](std::string_view why) {
    throw core::invalid(fmt::format("Invalid model name: '{}'. {}", name.substr(0, kMaxShown), why),
                        std::string(field));
  };
  if (core::trim(name).empty()) refuse("Registered model name cannot be empty.");
  if (std::any_of(name.begin(), name.end(), is_control)) refuse("Names must not hold control characters.");
  if (name.find_first_of("/:") != std::string_view::npos) refuse("Names must not hold '/' or ':'.");
  if (!core::is_own_path(name)) refuse("Names must not resolve to other names when treated as files.");
  core::check_length(name, kMaxName, field, field);
}

void check_description(std::string_view text) {
  core::check_length(text, kMaxDescription, "description", "description");
}

void check_tag(const Tag& tag, std::string_view where) {
  const std::string key = member(where, "key");
  core::check_key(tag.key, key);
  core::check_length(tag.key, kMaxTagKey, key, key);
  const std::string value = member(where, "value");
  core::check_length(tag.value, kMaxTagValue, value, value);
}

void check_tags(const std::vector<Tag>& tags) {
  core::check_count(tags.size(), "tags");
  for (std::size_t i = 0; i < tags.size(); ++i) check_tag(tags[i], fmt::format("tags[{}]", i));
}

void check_alias(std::string_view alias) {
  const auto refuse = [&](std::string_view why) {
    throw core::invalid(fmt::format("Invalid alias name: '{}'. {}", alias.substr(0, kMaxShown), why), "alias");
  };
  if (alias.empty()) refuse("Registered model alias name cannot be empty.");
  if (!core::is_word(alias, "-")) refuse("Names may only contain alphanumerics, underscores (_), and dashes (-).");
  if (is_latest(alias)) refuse("'latest' alias name (case insensitive) is reserved.");
  if (is_version_word(alias)) refuse("Version alias names such as 'v9' are reserved.");
  core::check_length(alias, kMaxAlias, "alias", "alias");
}

bool is_latest(std::string_view alias) { return core::to_lower(alias) == "latest"; }

bool is_prompt(const std::vector<Tag>& tags) {
  return std::any_of(tags.begin(), tags.end(),
                     [](const Tag& tag) { return tag.key == kPromptTag && tag.value == "true"; });
}

}  // namespace wakeful::registry
