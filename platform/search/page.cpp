#include "platform/search/page.hpp"

#include <fmt/format.h>

#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"

namespace wakeful::search {
namespace {

constexpr std::size_t kMaxTokenBytes = 64U << 10U;

std::string checksum(std::string_view query) { return core::sha256_hex(query).substr(0, 12); }

core::Error bad_token(std::string_view why) {
  return core::invalid(fmt::format("Invalid page token: {}. Start again without page_token.", why), "page_token");
}

/// A letter for the type, then the value: a JSON number would lose integers beyond 2^53 and infinities.
std::string to_text(const KeyValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("i{}", *integer);
  if (const auto* real = std::get_if<double>(&value)) return "d" + core::format_real(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return "s" + *text;
  return "n";
}

KeyValue from_text(std::string_view text, char type, bool nullable) {
  if (text == "n" && nullable) return std::monostate{};
  if (text.empty() || text.front() != type) throw bad_token("it belongs to another ordering");
  text.remove_prefix(1);
  if (type == 's') return std::string(text);
  if (type == 'i') {
    if (const auto integer = core::to_integer(text)) return *integer;
  } else if (const auto real = core::to_real(text); real && *real == *real) {
    return *real;
  }
  throw bad_token("it is damaged");
}

}  // namespace

std::string make_page_token(std::string_view query, std::span<const KeyValue> values) {
  core::JsonWriter json;
  json.begin_object().member("q", std::string_view(checksum(query))).key("k").begin_array();
  for (const KeyValue& value : values) json.value(std::string_view(to_text(value)));
  json.end_array().end_object();
  return core::to_base64url(json.text());
}

std::optional<std::vector<KeyValue>> read_page_token(std::string_view token, std::string_view query,
                                                     std::string_view shape) {
  if (token.empty()) return std::nullopt;
  if (token.size() > kMaxTokenBytes) throw bad_token("it is too long");
  const auto bytes = core::from_base64url(token);
  if (!bytes) throw bad_token("it is not base64url");
  std::vector<std::string> texts;
  std::string query_sum;
  try {
    const auto document = core::parse_json(*bytes);
    const core::ObjectReader reader(document.root());
    query_sum = reader.text("q");
    texts = reader.texts("k");
  } catch (const core::Error&) {
    throw bad_token("it is damaged");
  }
  if (query_sum != checksum(query))
    throw bad_token("filter, order_by or another parameter in the page token do not match the request");
  std::vector<KeyValue> values;
  for (std::size_t at = 0; at < shape.size(); ++at) {
    const char type = shape[at];
    const bool nullable = at + 1 < shape.size() && shape[at + 1] == '?';
    if (nullable) ++at;
    if (values.size() == texts.size()) throw bad_token("it belongs to another ordering");
    values.push_back(from_text(texts[values.size()], type, nullable));
  }
  if (values.size() != texts.size()) throw bad_token("it belongs to another ordering");
  return values;
}

std::int64_t page_size(std::optional<std::int64_t> asked, PageLimits limits) {
  if (!asked) return limits.standard;
  if (*asked < 1 || *asked > limits.most) {
    throw core::invalid(
        fmt::format("Invalid value {} for parameter 'max_results' supplied: It must be between 1 and {}.", *asked,
                    limits.most),
        "max_results");
  }
  return *asked;
}

}  // namespace wakeful::search
