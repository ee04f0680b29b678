#include "platform/search/dimensions.hpp"

#include <algorithm>
#include <array>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::search {
namespace {

using enum Operator;

constexpr std::array kTextOperators{equal, not_equal, less, less_equal, greater, greater_equal,
                                    like,  ilike,     in,   not_in,     is_null, is_not_null};
constexpr std::array kNumberOperators{equal, not_equal, less, less_equal, greater, greater_equal, is_null, is_not_null};
constexpr std::array<std::string_view, 2> kWords{"dims", "dimension"};
constexpr std::array<Entity, 1> kTexts{{{.name = "dimension", .aliases = kWords, .operators = kTextOperators}}};
constexpr std::array<Entity, 1> kNumbers{
    {{.name = "dimension", .aliases = kWords, .kind = Kind::number, .operators = kNumberOperators}}};

/// '%' stands for any characters, '_' for one; nothing is escaped.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t want = 0;
  std::size_t retry_at = std::string_view::npos;
  std::size_t retry_want = 0;
  while (at < text.size()) {
    if (want < pattern.size() && pattern[want] == '%') {
      retry_at = at;
      retry_want = ++want;
    } else if (want < pattern.size() && (pattern[want] == '_' || pattern[want] == text[at])) {
      ++at;
      ++want;
    } else if (retry_at != std::string_view::npos) {
      at = ++retry_at;
      want = retry_want;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', want) == std::string_view::npos;
}

template <class T>
bool ordered(Operator op, const T& a, const T& b) {
  switch (op) {
    case equal:
      return a == b;
    case not_equal:
      return a != b;
    case less:
      return a < b;
    case less_equal:
      return a <= b;
    case greater:
      return a > b;
    case greater_equal:
      return a >= b;
    default:
      return false;
  }
}

}  // namespace

Filter parse_dimension_filter(std::string_view text, std::string_view field) {
  constexpr Grammar kText{.entities = kTexts, .default_entity = "dimension"};
  constexpr Grammar kNumber{.entities = kNumbers, .default_entity = "dimension"};
  try {
    return parse_filter(text, kText, field);
  } catch (const core::Error&) {
    // A filter holds numbers throughout or texts throughout; the message about texts is the better one.
    try {
      return parse_filter(text, kNumber, field);
    } catch (const core::Error&) {
    }
    throw;
  }
}

bool holds(const Comparison& comparison, std::optional<std::string_view> value) {
  if (comparison.op == is_null) return !value;
  if (!value) return false;
  if (comparison.op == is_not_null) return true;
  if (const auto* number = std::get_if<double>(&comparison.literal.value)) {
    const auto real = core::to_real(*value);
    return real ? ordered(comparison.op, *real, *number) : comparison.op == not_equal;
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&comparison.literal.value)) {
    const bool found = std::find(list->begin(), list->end(), *value) != list->end();
    return found == (comparison.op == in);
  }
  const auto& text = std::get<std::string>(comparison.literal.value);
  if (comparison.op == like) return is_like(*value, text);
  if (comparison.op == ilike) return is_like(core::to_lower(*value), core::to_lower(text));
  return ordered(comparison.op, *value, std::string_view(text));
}

bool holds(const Filter& filter, const std::function<std::optional<std::string_view>(std::string_view)>& find) {
  return std::all_of(filter.all.begin(), filter.all.end(),
                     [&](const Comparison& comparison) { return holds(comparison, find(comparison.key)); });
}

}  // namespace wakeful::search
