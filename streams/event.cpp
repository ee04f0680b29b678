#include "streams/event.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <simdjson.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::streams {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

std::int64_t in_ms(std::int64_t time, TimeUnit unit) {
  if (time < 0) throw core::invalid("the time is negative", "ts");
  switch (unit) {
    case TimeUnit::s:
      if (time > std::numeric_limits<std::int64_t>::max() / 1'000'000)
        throw core::invalid("the time is too large", "ts");
      return time * 1'000;
    case TimeUnit::us:
      return time / 1'000;
    case TimeUnit::ns:
      return time / 1'000'000;
    default:
      return time;
  }
}

std::int64_t time_of(const object& object, std::string_view field, TimeUnit unit) {
  std::int64_t time = 0;
  const auto found = object[field];
  if (found.error() != simdjson::SUCCESS) throw core::invalid("no time", std::string(field));
  std::string_view digits;
  if (found.get(digits) == simdjson::SUCCESS) {
    const auto number = core::to_integer(digits);
    if (number) return in_ms(*number, unit);
  }
  if (found.get(time) != simdjson::SUCCESS) throw core::invalid("the time is no integer", std::string(field));
  return in_ms(time, unit);
}

std::optional<double> number_of(const object& object, const std::string& field) {
  const auto found = object[field];
  if (found.error() != simdjson::SUCCESS || found.is_null()) return std::nullopt;
  double number = 0;
  if (found.get(number) != simdjson::SUCCESS || !std::isfinite(number))
    throw core::invalid("the value is no finite number", field);
  return number;
}

}  // namespace

std::string_view sound_key(std::string_view key) {
  if (key.find('\0') != std::string_view::npos) throw core::invalid("the key holds a zero byte", "key");
  if (key.size() > kLongestKey) throw core::invalid(fmt::format("the key is longer than {} bytes", kLongestKey), "key");
  return key;
}

struct EventReader::Parser {
  simdjson::dom::parser parser;
  std::string key;  // of a number

  object read(std::string_view text) {
    object out;
    if (parser.parse(text.data(), text.size()).get(out) != simdjson::SUCCESS)
      throw core::invalid("it is no JSON object");
    return out;
  }
  std::string_view key_of(const object& line) {
    auto found = line["key"];
    if (found.error() != simdjson::SUCCESS) throw core::invalid("no key", "key");
    std::string_view text;
    if (found.get(text) == simdjson::SUCCESS) return sound_key(text);
    if (!found.is_number()) throw core::invalid("the key is neither text nor a number", "key");
    return key = simdjson::minify(found.value_unsafe());
  }
};

EventReader::EventReader(const StreamDefinition& definition)
    : definition_(definition), parser_(std::make_unique<Parser>()) {}
EventReader::~EventReader() = default;

Event EventReader::read_line(std::string_view line) {
  const object whole = parser_->read(line);
  Event event;
  event.key = parser_->key_of(whole);
  object value;
  const auto found = whole["value"];
  const bool has_value = found.error() == simdjson::SUCCESS && !found.is_null();
  if (has_value && found.get(value) != simdjson::SUCCESS) throw core::invalid("the value is no object", "value");
  if (definition_.time_field.empty()) {
    event.ts = time_of(whole, "ts", definition_.time_unit);
  } else {
    if (!has_value) throw core::invalid("no value to read the time of", "value");
    event.ts = time_of(value, definition_.time_field, definition_.time_unit);
  }
  if (has_value) event.value = number_of(value, definition_.value);
  return event;
}

Event EventReader::read_message(const Record& message) {
  if (!message.key) throw core::invalid("the message has no key", "key");
  if (!core::is_utf8(*message.key)) throw core::invalid("the key is not UTF-8", "key");
  Event event;
  event.key = sound_key(*message.key);
  const object value = parser_->read(message.value);
  if (!definition_.time_field.empty()) {
    event.ts = time_of(value, definition_.time_field, definition_.time_unit);
  } else {
    if (message.ts_ms < 0) throw core::invalid("the message has no time", "ts");
    event.ts = message.ts_ms;
  }
  event.value = number_of(value, definition_.value);
  return event;
}

}  // namespace wakeful::streams
