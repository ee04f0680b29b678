#include "runner/time_text.hpp"

namespace wakeful::runner {
namespace {

std::string clock_text(std::int64_t us, char separator) {
  std::string text = core::format_rfc3339(core::from_us(us)).substr(0, 19);
  text[10] = separator;
  return text;
}

}  // namespace

TextBounds text_bounds(core::Timestamp after, core::Timestamp until) {
  constexpr core::Duration kSecond = std::chrono::seconds(1);
  const auto floor = [&](core::Timestamp t) { return std::chrono::floor<std::chrono::seconds>(t); };
  // ' ' sorts before 'T', so the lower bound with a space is below all texts of its second, and the upper one with a T
  // two seconds on is above all of the last second: "59Z" and "59.5" are both below "00".
  return {.lower = clock_text(core::to_us(floor(after)) - 1, ' '),
          .upper = clock_text(core::to_us(floor(until)) + 2 * kSecond.count(), 'T')};
}

}  // namespace wakeful::runner
