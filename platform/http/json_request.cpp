#include "platform/http/json_request.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::http {
namespace {

constexpr std::string_view kJson = "application/json";

void check_content_type(const Request& request) {
  const auto type = request.headers.find("Content-Type");
  if (!type) {
    throw core::invalid("Bad Request. Content-Type header is missing; it must be application/json.", "Content-Type");
  }
  const std::string_view kind = core::trim(type->substr(0, type->find(';')));
  if (kind == kJson) return;
  throw core::invalid(
      fmt::format("Bad Request. Content-Type must be one of ['application/json'], not '{}'.", kind.substr(0, 100)),
      "Content-Type");
}

/// Puts the bare words that Python's json module writes for doubles into quotes.
std::string quote_words(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords{"NaN", "-Infinity", "Infinity"};
  std::string quoted;
  bool in_text = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') in_text = !in_text;
    if (in_text && c == '\\' && at + 1 < text.size()) {
      quoted.append(text, at, 2);
      at += 2;
      continue;
    }
    const auto word = std::find_if(kWords.begin(), kWords.end(),
                                   [&](std::string_view known) { return text.substr(at).starts_with(known); });
    if (!in_text && word != kWords.end()) {
      quoted += fmt::format("\"{}\"", *word);
      at += word->size();
      continue;
    }
    quoted += c;
    ++at;
  }
  return quoted;
}

core::JsonDocument parse(std::string_view text) {
  try {
    return core::parse_json(text);
  } catch (const core::Error&) {
    if (text.find("NaN") == std::string_view::npos && text.find("Infinity") == std::string_view::npos) throw;
  }
  return core::parse_json(quote_words(text));
}

core::JsonDocument parse_body(std::string_view body) {
  const std::string_view text = core::trim(body);
  if (text.empty()) return core::parse_json("{}");
  core::JsonDocument document = parse(text);
  if (text.front() == '"') {
    // A JSON text: its content is the object. Reading it as a member is the way to its characters.
    const core::JsonDocument wrapped = core::parse_json(fmt::format("{{\"body\":{}}}", text));
    document = parse(core::ObjectReader(wrapped.root()).text("body"));
  }
  core::use_snake_case(document);
  return document;
}

}  // namespace

core::JsonDocument read_body(Request& request) {
  if (request.method == "POST" || request.method == "PUT") check_content_type(request);
  return parse_body(request.read_body());
}

core::JsonDocument read_query(Request& request, std::initializer_list<std::string_view> lists) {
  const auto& items = request.query.items();
  if (items.empty()) return parse_body(request.read_body());
  core::JsonWriter json;
  json.begin_object();
  std::vector<std::string_view> seen;
  for (const auto& [name, value] : items) {
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
    seen.push_back(name);
    if (std::find(lists.begin(), lists.end(), name) == lists.end()) {
      json.member(name, value);
      continue;
    }
    json.key(name).begin_array();
    for (const std::string& one : request.query.all(name)) json.value(one);
    json.end_array();
  }
  json.end_object();
  core::JsonDocument document = core::parse_json(json.text());
  core::use_snake_case(document);
  return document;
}

bool read_flag(const Request& request, std::string_view name) {
  const auto value = request.query.find(name);
  if (!value) return false;
  const std::string word = core::to_lower(*value);
  if (word == "true" || word == "false") return word == "true";
  throw core::invalid(fmt::format("Invalid boolean value: {}, must be 'true' or 'false'.", value->substr(0, 100)),
                      std::string(name));
}

}  // namespace wakeful::http
