#include "monitor/query_params.hpp"

#include <fmt/format.h>

#include "monitor/rows.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

[[noreturn]] void refuse(std::string_view name, std::string_view why) {
  throw core::invalid(fmt::format("'{}': {}", name, why), std::string(name));
}

core::Timestamp from_number(std::int64_t count, TimeUnit unit, std::string_view name) {
  switch (unit) {
    case TimeUnit::none:
      refuse(name, "a number: say its unit with ts_unit=s, ms, us or ns");
    case TimeUnit::nanoseconds:
      return core::from_us(count / 1'000);
    case TimeUnit::microseconds:
      return core::from_us(count);
    default:
      break;
  }
  const std::int64_t per = unit == TimeUnit::seconds ? 1'000'000 : 1'000;
  constexpr std::int64_t kMostUs = 9'000'000'000'000'000'000;
  if (count > kMostUs / per || count < -kMostUs / per) refuse(name, "out of range");
  return core::from_us(count * per);
}

}  // namespace

std::optional<core::Timestamp> find_time_param(const http::Request& request, std::string_view name) {
  const auto text = request.query.find(name);
  if (!text || text->empty()) return std::nullopt;
  if (const auto count = core::to_integer(*text))
    return from_number(*count, parse_time_unit(text_param(request, "ts_unit")), name);
  try {
    return core::parse_rfc3339(*text);
  } catch (const core::Error& e) {
    refuse(name, e.what());
  }
}

std::optional<std::int64_t> find_integer_param(const http::Request& request, std::string_view name, std::int64_t least,
                                               std::int64_t most) {
  const auto text = request.query.find(name);
  if (!text || text->empty()) return std::nullopt;
  const auto number = core::to_integer(*text);
  if (!number || *number < least || *number > most)
    refuse(name, fmt::format("'{}' is no whole number from {} to {}", text->substr(0, 40), least, most));
  return number;
}

bool find_flag_param(const http::Request& request, std::string_view name) {
  const auto text = request.query.find(name);
  if (!text) return false;
  const std::string word = core::to_lower(*text);
  if (word == "true" || word == "1" || word.empty()) return true;
  if (word == "false" || word == "0") return false;
  refuse(name, fmt::format("'{}' is neither true nor false", text->substr(0, 40)));
}

PageTerms page_params(const http::Request& request) {
  PageTerms terms{.max_results = std::nullopt, .page_token = text_param(request, "page_token")};
  if (const auto text = request.query.find("max_results")) {
    terms.max_results = core::to_integer(*text);
    if (!terms.max_results) refuse("max_results", fmt::format("'{}' is no whole number", text->substr(0, 40)));
  }
  return terms;
}

std::string text_param(const http::Request& request, std::string_view name) {
  return request.query.find(name).value_or("");
}

std::string required_param(const http::Request& request, std::string_view name) {
  std::string text = text_param(request, name);
  if (text.empty()) refuse(name, "missing");
  return text;
}

}  // namespace wakeful::monitor
