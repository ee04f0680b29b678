#pragma once
// One line of a stream as an event: {"key": …, "ts": …, "value": {…}}.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "streams/definition.hpp"

namespace wakeful::streams {

struct Event {
  std::string key;
  std::int64_t ts = 0;            // milliseconds since 1970, not negative; finer ones cut off
  std::optional<double> value{};  // nothing: the field is null or absent, and the event says nothing
};

/// Errors: invalid, saying what is wrong with the line.
Event read_event(const StreamDefinition& definition, std::string_view line);

}  // namespace wakeful::streams
