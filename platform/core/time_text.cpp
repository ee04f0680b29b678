#include "platform/core/time_text.hpp"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::core {
namespace {

constexpr double kFirstMillis = 1e11;
constexpr double kFirstMicros = 1e14;
constexpr double kFirstNanos = 1e17;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "…+00" and "…+0530", as PostgreSQL and strftime write offsets.
std::string with_colon(std::string_view text) {
  std::string out(text);
  const std::size_t sign = out.find_last_of("+-");
  if (sign == std::string::npos || sign < 11) return out;  // a date's own dashes
  const std::size_t digits = out.size() - sign - 1;
  if (digits == 2) return out + ":00";
  if (digits == 4 && out.find(':', sign) == std::string::npos) out.insert(sign + 3, ":");
  return out;
}

Timestamp from_number(double number, std::string_view text) {
  if (!std::isfinite(number) || std::abs(number) > 9e18)
    throw invalid(fmt::format("'{}' is no time", text), "time_column");
  // Whole numbers are exact up to 2^53, that is for microseconds until the year 2255.
  const double per_second = static_cast<double>(units_per_second(number));
  const double seconds = std::floor(number / per_second);
  const double rest_us = (number - seconds * per_second) * (1e6 / per_second);
  return from_us(static_cast<std::int64_t>(seconds) * 1'000'000 + static_cast<std::int64_t>(std::round(rest_us)));
}

Timestamp from_integer(std::int64_t number) {
  const std::int64_t per_second = units_per_second(static_cast<double>(number));
  if (per_second > 1'000'000) {
    const std::int64_t per_us = per_second / 1'000'000;
    return from_us(number / per_us - (number % per_us < 0 ? 1 : 0));
  }
  return from_us(number * (1'000'000 / per_second));
}

}  // namespace

std::int64_t units_per_second(double number) {
  const double size = std::abs(number);
  if (size < kFirstMillis) return 1;
  if (size < kFirstMicros) return 1'000;
  return size < kFirstNanos ? 1'000'000 : 1'000'000'000;
}

std::optional<Timestamp> read_time_text(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  const bool is_number = text.find('-', 1) == std::string_view::npos && text.find(':') == std::string_view::npos &&
                         (is_digit(text.front()) || text.front() == '-' || text.front() == '.');
  if (is_number) {
    if (const auto whole = to_integer(text)) return from_integer(*whole);
    if (const auto real = to_real(text)) return from_number(*real, text);
  }
  try {
    return parse_rfc3339(with_colon(text));
  } catch (const Error&) {
    throw invalid(fmt::format("'{}' is no time: RFC 3339, or a number since 1970", text.substr(0, 100)), "time_column");
  }
}

}  // namespace wakeful::core
