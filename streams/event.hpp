#pragma once
// What comes in as an event: a line {"key": …, "ts": …, "value": {…}}, or the key, value and time of a message.
//
// This is asked for every event of a stream: nothing is built that the event does not need. Threads: one owner.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "streams/definition.hpp"

namespace wakeful::streams {

/// Longer keys are refused: they stand in every alert, and no database has an index over texts of any length.
constexpr std::size_t kLongestKey = 1'024;  // bytes
/// The key, if it is one. Errors: invalid, field "key", for one with a zero byte or longer than kLongestKey.
std::string_view sound_key(std::string_view key);

/// As it came. `value` of a line is the line.
struct Record {
  std::optional<std::string_view> key{};  // of a message
  std::string_view value{};
  std::int64_t ts_ms = -1;  // of a message; negative: it has none
};

struct Event {
  std::string_view key;
  std::int64_t ts = 0;            // milliseconds since 1970, not negative; finer ones cut off
  std::optional<double> value{};  // nothing: the field is null or absent, and the event says nothing
};

class EventReader {
 public:
  explicit EventReader(const StreamDefinition& definition);
  ~EventReader();

  /// The event borrows from the reader and from the record until the next call.
  /// Errors: invalid, saying what is wrong with it.
  Event read_line(std::string_view line);
  Event read_message(const Record& message);

 private:
  struct Parser;
  const StreamDefinition& definition_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace wakeful::streams
