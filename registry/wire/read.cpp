#include "registry/wire/read.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::registry {
namespace {

constexpr std::array<std::string_view, 4> kStages{"None", "Staging", "Production", "Archived"};
constexpr std::size_t kMaxShown = 200;

std::string text_or_empty(const core::ObjectReader& object, std::string_view name) {
  return object.find_text(name).value_or("");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view name_of(Stage stage) { return kStages.at(static_cast<std::size_t>(static_cast<int>(stage))); }

std::string required_text(const core::ObjectReader& object, std::string_view name) {
  auto text = object.find_text(name);
  if (text && !text->empty()) return std::move(*text);
  const std::string path = object.path_of(name);
  throw core::invalid(
      fmt::format("Missing value for required parameter '{}'. See the API docs for more information about request "
                  "parameters.",
                  path),
      path);
}

std::int64_t parse_version(std::string_view text, std::string_view field) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_digit)) {
    if (const auto number = core::to_integer(text)) return *number;
  }
  throw core::invalid(
      fmt::format("Invalid value '{}' for parameter '{}' supplied: Model version must be an integer, a string of "
                  "digits.",
                  text.substr(0, kMaxShown), field),
      std::string(field));
}

Stage parse_stage(std::string_view text, std::string_view field) {
  const std::string wanted = core::to_lower(text);
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    if (core::to_lower(kStages[i]) == wanted) return static_cast<Stage>(i);
  }
  throw core::invalid(
      fmt::format("Invalid Model Version stage: {}. Value must be one of None, Staging, Production, Archived.",
                  text.substr(0, kMaxShown)),
      std::string(field));
}

std::vector<Tag> read_tags(const core::ObjectReader& object) {
  std::vector<Tag> tags;
  const auto items = object.objects("tags");
  tags.reserve(items.size());
  for (const auto& item : items) tags.push_back({required_text(item, "key"), text_or_empty(item, "value")});
  return tags;
}

NewModel read_new_model(const core::ObjectReader& body) {
  return {
      .name = required_text(body, "name"), .description = text_or_empty(body, "description"), .tags = read_tags(body)};
}

NewVersion read_new_version(const core::ObjectReader& body) {
  return {.name = required_text(body, "name"),
          .source = required_text(body, "source"),
          .run_id = text_or_empty(body, "run_id"),
          .run_link = text_or_empty(body, "run_link"),
          .description = text_or_empty(body, "description"),
          .model_id = text_or_empty(body, "model_id"),
          .tags = read_tags(body)};
}

Search read_search(const core::ObjectReader& body) {
  return {.filter = text_or_empty(body, "filter"),
          .order_by = body.texts("order_by"),
          .max_results = body.find_integer("max_results"),
          .page_token = text_or_empty(body, "page_token")};
}

ModelVersion read_model_version(const core::ObjectReader& object) {
  return {.name = object.text("name"),
          .version = parse_version(object.text("version"), object.path_of("version")),
          .created_ms = object.find_integer("creation_timestamp").value_or(0),
          .updated_ms = object.find_integer("last_updated_timestamp").value_or(0),
          .stage = parse_stage(object.find_text("current_stage").value_or("None"), object.path_of("current_stage")),
          .description = object.find_text("description"),
          .source = text_or_empty(object, "source"),
          .run_id = text_or_empty(object, "run_id"),
          .run_link = text_or_empty(object, "run_link"),
          .tags = read_tags(object),
          .aliases = object.texts("aliases")};
}

RegisteredModel read_registered_model(const core::ObjectReader& object) {
  RegisteredModel model{.name = object.text("name"),
                        .created_ms = object.find_integer("creation_timestamp").value_or(0),
                        .updated_ms = object.find_integer("last_updated_timestamp").value_or(0),
                        .description = text_or_empty(object, "description"),
                        .tags = read_tags(object)};
  for (const auto& item : object.objects("aliases"))
    model.aliases.push_back({item.text("alias"), parse_version(item.text("version"), item.path_of("version"))});
  for (const auto& item : object.objects("latest_versions")) model.latest_versions.push_back(read_model_version(item));
  return model;
}

}  // namespace wakeful::registry
