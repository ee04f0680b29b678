#include "streams/event.hpp"

#include <cmath>
#include <limits>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/json_numbers.hpp"

namespace wakeful::streams {
namespace {

std::string read_key(const core::ObjectReader& line) {
  const core::Json* key = line.find_value("key");
  if (key == nullptr) throw core::invalid("no key", "key");
  if (auto text = core::find_text_of(*key)) return std::move(*text);
  if (!core::find_cell(*key)) throw core::invalid("the key is neither text nor a number", "key");
  return core::dump_json(*key);
}

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

}  // namespace

Event read_event(const StreamDefinition& definition, std::string_view line) {
  const auto document = core::parse_json(line);
  const core::ObjectReader object(document.root());
  Event event;
  event.key = read_key(object);
  const auto value = object.find_object("value");
  if (definition.time_field.empty()) {
    event.ts = in_ms(object.integer("ts"), definition.time_unit);
  } else {
    if (!value) throw core::invalid("no value to read the time of", "value");
    event.ts = in_ms(value->integer(definition.time_field), definition.time_unit);
  }
  const core::Json* number = value ? value->find_value(definition.value) : nullptr;
  if (number == nullptr) return event;
  event.value = core::find_cell(*number);
  if (!event.value || !std::isfinite(*event.value))
    throw core::invalid("the value is no finite number", definition.value);
  return event;
}

}  // namespace wakeful::streams
