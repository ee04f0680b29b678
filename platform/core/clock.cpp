#include "platform/core/clock.hpp"

#include <array>
#include <charconv>
#include <limits>

#include <fmt/core.h>

#include "platform/core/error.hpp"

namespace wakeful::core {
namespace {

using namespace std::chrono;

/// Takes exactly `digits` decimal digits off the front of `rest`.
bool take_digits(std::string_view& rest, std::size_t digits, int& value) {
  if (rest.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (rest[i] < '0' || rest[i] > '9') return false;
    value = value * 10 + (rest[i] - '0');
  }
  rest.remove_prefix(digits);
  return true;
}

bool take(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& rest, sys_days& day) {
  int y = 0;
  int m = 0;
  int d = 0;
  if (!take_digits(rest, 4, y) || !take(rest, '-') || !take_digits(rest, 2, m) || !take(rest, '-') ||
      !take_digits(rest, 2, d))
    return false;
  const year_month_day date{year{y}, month{static_cast<unsigned>(m)}, std::chrono::day{static_cast<unsigned>(d)}};
  if (!date.ok()) return false;
  day = date;
  return true;
}

bool take_fraction(std::string_view& rest, microseconds& fraction) {
  if (!take(rest, '.') && !take(rest, ',')) return true;
  std::int64_t us = 0;
  int digits = 0;
  while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
    if (digits < 6) us = us * 10 + (rest.front() - '0');
    ++digits;
    rest.remove_prefix(1);
  }
  if (digits == 0) return false;
  for (; digits < 6; ++digits) us *= 10;
  fraction = microseconds{us};
  return true;
}

bool take_offset(std::string_view& rest, minutes& offset) {
  offset = minutes{0};
  if (rest.empty() || take(rest, 'Z') || take(rest, 'z')) return true;
  const bool west = rest.front() == '-';
  if (!take(rest, '+') && !take(rest, '-')) return false;
  int h = 0;
  int m = 0;
  if (!take_digits(rest, 2, h)) return false;
  take(rest, ':');
  if (!rest.empty() && !take_digits(rest, 2, m)) return false;
  if (h > 23 || m > 59) return false;
  offset = minutes{(west ? -1 : 1) * (h * 60 + m)};
  return true;
}

bool parse(std::string_view rest, Timestamp& out) {
  sys_days day{};
  if (!take_date(rest, day)) return false;
  out = day;
  if (rest.empty()) return true;
  if (!take(rest, 'T') && !take(rest, 't') && !take(rest, ' ')) return false;
  int h = 0;
  int m = 0;
  int s = 0;
  microseconds fraction{0};
  minutes offset{0};
  if (!take_digits(rest, 2, h) || !take(rest, ':') || !take_digits(rest, 2, m)) return false;
  if (take(rest, ':') && (!take_digits(rest, 2, s) || !take_fraction(rest, fraction))) return false;
  if (h > 23 || m > 59 || s > 60 || !take_offset(rest, offset) || !rest.empty()) return false;
  out = day + hours{h} + minutes{m} + seconds{s} + fraction - offset;
  return true;
}

struct Unit {
  std::string_view name;
  std::int64_t us;
};
constexpr std::array kUnits = {Unit{"w", 604'800'000'000},
                               Unit{"d", 86'400'000'000},
                               Unit{"h", 3'600'000'000},
                               Unit{"m", 60'000'000},
                               Unit{"s", 1'000'000},
                               Unit{"ms", 1'000},
                               Unit{"us", 1}};

}  // namespace

std::string format_rfc3339(Timestamp t) {
  const auto day = floor<days>(t);
  const year_month_day date{day};
  const hh_mm_ss time{t - day};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 time.hours().count(), time.minutes().count(), time.seconds().count());
  if (time.subseconds().count() != 0) text += fmt::format(".{:06}", time.subseconds().count());
  return text + "Z";
}

Timestamp parse_rfc3339(std::string_view text) {
  Timestamp t;
  if (!parse(text, t))
    throw invalid(fmt::format("'{}' is not a time; write RFC 3339, such as 2026-03-01T12:00:00Z", text));
  return t;
}

Duration parse_duration(std::string_view text) {
  const auto refuse = [&] {
    return invalid(
        fmt::format("'{}' is not a duration; write numbers with a unit of w, d, h, m, s, ms or us: 30d, 1h30m", text));
  };
  std::string_view rest = text;
  std::int64_t total = 0;
  if (rest.empty()) throw refuse();
  while (!rest.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc{} || rest.front() == '-') throw refuse();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    std::size_t letters = 0;
    while (letters < rest.size() && (rest[letters] < '0' || rest[letters] > '9')) ++letters;
    const std::string_view name = rest.substr(0, letters);
    rest.remove_prefix(letters);
    const Unit* unit = nullptr;
    for (const Unit& u : kUnits)
      if (u.name == name) unit = &u;
    if (!unit || count > (std::numeric_limits<std::int64_t>::max() - total) / unit->us) throw refuse();
    total += count * unit->us;
  }
  return Duration{total};
}

std::string format_duration(Duration d) {
  // Weeks are read but not written: "14d" is what people expect to see.
  for (const Unit& u : kUnits)
    if (u.name != "w" && d.count() != 0 && d.count() % u.us == 0) return fmt::format("{}{}", d.count() / u.us, u.name);
  return "0s";
}

Timestamp SystemClock::now() const { return floor<Duration>(system_clock::now()); }

}  // namespace wakeful::core
