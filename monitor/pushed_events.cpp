// What is pushed for stream detectors: a log in the store, as long as its slowest reader needs it.
#include <algorithm>

#include <fmt/format.h>

#include "monitor/stream_detectors.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

constexpr std::int64_t kMostWaiting = 5'000'000;  // events of an input

constexpr db::Sql kAdvance{"pushed_input.advance",
                           "UPDATE pushed_inputs SET next_number = next_number + $2 WHERE input = $1"};
constexpr db::Sql kInput{"pushed_input.find", "SELECT next_number, first_number FROM pushed_inputs WHERE input = $1"};
constexpr db::Sql kAppend{"pushed_event.append",
                          "INSERT INTO pushed_events(input, number, line, pushed_us) VALUES ($1, $2, $3, $4)"};
constexpr std::int64_t kLongestPage = std::int64_t{4} << 20U;  // characters, and a line more

// From line to line, for whoever asked for the lengths of all that are there would read them all for each page.
constexpr db::Sql kLast{
    "pushed_event.last_of_page",
    "WITH RECURSIVE page(number, size) AS (SELECT number, LENGTH(line) FROM pushed_events WHERE input = $1 AND number "
    "= "
    "$2 UNION ALL SELECT e.number, p.size + LENGTH(e.line) FROM page p JOIN pushed_events e ON e.input = $1 AND "
    "e.number = p.number + 1 WHERE p.size < $4 AND p.number < $3) SELECT MAX(number) FROM page"};
constexpr db::Sql kList{
    "pushed_event.list",
    "SELECT line FROM pushed_events WHERE input = $1 AND number >= $2 AND number <= $3 ORDER BY number"};
// A reader that has taken nothing yet holds everything, and one whose last batch may not count holds that too.
constexpr db::Sql kRead{"pushed_input.read",
                        "SELECT COUNT(*), MIN(COALESCE((SELECT CASE WHEN l.is_open = 1 THEN l.prior_offset "
                        "ELSE l.next_offset END FROM stream_lanes l "
                        "WHERE l.detector = d.name AND l.lane = 0), -1)) FROM stream_detectors d WHERE d.push = $1"};
constexpr db::Sql kTrim{"pushed_event.trim", "DELETE FROM pushed_events WHERE input = $1 AND number < $2"};
constexpr db::Sql kTrimmed{"pushed_input.trim",
                           "UPDATE pushed_inputs SET first_number = $2 WHERE input = $1 AND first_number < $2"};
constexpr db::Sql kForget{"pushed_event.forget", "DELETE FROM pushed_events WHERE input = $1"};
constexpr db::Sql kClose{"pushed_input.close", "DELETE FROM pushed_inputs WHERE input = $1"};

struct Bounds {
  std::int64_t next = 0;
  std::int64_t first = 0;
};

Bounds bounds_of(db::Tx& tx, std::string_view input) {
  const auto found = tx.find(kInput, {input}, [](const db::Row& row) {
    return Bounds{row.integer(0), row.integer(1)};
  });
  if (!found)
    throw core::not_found(fmt::format("No stream detector reads what is pushed as '{}'", input.substr(0, 120)),
                          "input");
  return *found;
}

}  // namespace

std::int64_t push_events(db::Tx& tx, std::string_view input, const std::vector<std::string>& lines,
                         core::Timestamp now) {
  const auto count = static_cast<std::int64_t>(lines.size());
  tx.execute(kAdvance, {input, count});  // first: it holds the input until the end
  const Bounds bounds = bounds_of(tx, input);
  if (bounds.next - bounds.first > kMostWaiting)
    throw core::exhausted(
        fmt::format("'{}' has {} events that its readers have not read", input, bounds.next - count - bounds.first),
        "input");
  const std::int64_t first = bounds.next - count;
  std::vector<db::Param> rows;
  rows.reserve(4 * lines.size());
  std::int64_t number = first;
  for (const std::string& line : lines) rows.insert(rows.end(), {input, number++, line, core::to_us(now)});
  if (!rows.empty()) tx.execute_many(kAppend, rows, 4);
  return first;
}

PushedEvents list_pushed(db::Tx& tx, std::string_view input, std::int64_t from, std::int64_t most) {
  const Bounds bounds = bounds_of(tx, input);
  PushedEvents out{.first = std::max(from, bounds.first), .end = bounds.next};
  if (out.first >= out.end) return out;
  const std::int64_t last = out.first + std::min(most, out.end - out.first) - 1;
  const auto end =
      tx.find(kLast, {input, out.first, last, kLongestPage}, [](const db::Row& row) { return row.find_integer(0); });
  out.lines = tx.list(kList, {input, out.first, end->value_or(out.first - 1)},
                      [](const db::Row& row) { return std::string(row.text(0)); });
  return out;
}

void trim_pushed(db::Tx& tx, std::string_view input) {
  struct Readers {
    std::int64_t count = 0, read = -1;
  };
  const Readers readers = *tx.find(kRead, {input}, [](const db::Row& row) {
    return Readers{row.integer(0), row.find_integer(1).value_or(-1)};
  });
  if (readers.count == 0) {
    tx.execute(kForget, {input});
    tx.execute(kClose, {input});
    return;
  }
  if (readers.read < 0) return;
  tx.execute(kTrim, {input, readers.read});
  tx.execute(kTrimmed, {input, readers.read});
}

}  // namespace wakeful::monitor
