#include "platform/search/scan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::search {
namespace {

constexpr std::size_t kGlance = 60;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_word(char c) {
  return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Where the number that starts at `at` ends; `at` if none does.
std::size_t number_end(std::string_view text, std::size_t at) {
  const auto digits = [&](std::size_t from) {
    while (from < text.size() && is_digit(text[from])) ++from;
    return from;
  };
  std::size_t end = at < text.size() && text[at] == '-' ? at + 1 : at;
  const std::size_t whole = digits(end);
  std::size_t count = whole - end;
  end = whole;
  if (end < text.size() && text[end] == '.') {
    const std::size_t fraction = digits(end + 1);
    count += fraction - end - 1;
    end = fraction;
  }
  if (count == 0) return at;
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    std::size_t exponent = end + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    const std::size_t last = digits(exponent);
    if (last > exponent) end = last;
  }
  return end;
}

/// The line of `text` around `position` and a caret below it; long texts are cut, line breaks become blanks.
std::string caret_lines(std::string_view text, std::size_t position) {
  constexpr std::size_t kBefore = 60;
  constexpr std::size_t kAfter = 40;
  std::size_t first = position > kBefore ? position - kBefore : 0;
  std::size_t last = std::min(text.size(), position + kAfter);
  while (first > 0 && is_continuation(text[first])) --first;
  while (last < text.size() && is_continuation(text[last])) ++last;
  std::string line(text.substr(first, last - first));
  std::replace_if(line.begin(), line.end(), is_space, ' ');
  const auto before = text.substr(first, position - first);
  const auto column =
      before.size() - static_cast<std::size_t>(std::count_if(before.begin(), before.end(), is_continuation));
  return fmt::format("\n  {}\n  {}^", line, std::string(column, ' '));
}

}  // namespace

void Scanner::fail(std::size_t position, std::string message) const {
  throw core::invalid(fmt::format("{} (at position {}){}", message, position, caret_lines(text_, position)),
                      std::string(field_));
}

void Scanner::skip_space() {
  while (is_space(peek())) ++at_;
}

bool Scanner::take(char expected) {
  if (peek() != expected || at_end()) return false;
  ++at_;
  return true;
}

bool Scanner::at_word(std::size_t ahead) const { return at_ + ahead < text_.size() && is_word(text_[at_ + ahead]); }

bool Scanner::take_word(std::string_view word) {
  if (text_.size() - at_ < word.size() || at_word(word.size()) || peek(word.size()) == '.') return false;
  if (core::to_lower(text_.substr(at_, word.size())) != core::to_lower(word)) return false;
  at_ += word.size();
  return true;
}

std::string_view Scanner::glance() const {
  constexpr std::string_view kEnds = "),'\"`=!<>;";
  std::size_t end = at_;
  if (at_word() || peek() == '.' || peek() == '-') {
    while (end < text_.size() && !is_space(text_[end]) && kEnds.find(text_[end]) == std::string_view::npos) ++end;
  } else if (at_quote() || peek() == '`') {
    end = std::min(text_.find(text_[at_], at_ + 1), text_.size() - 1) + 1;
  } else if (!at_end()) {
    ++end;
  }
  end = std::min(end, at_ + kGlance);
  while (end < text_.size() && is_continuation(text_[end])) ++end;
  return text_.substr(at_, end - at_);
}

std::string_view Scanner::read_word() {
  const std::size_t start = at_;
  while (at_word()) ++at_;
  return text_.substr(start, at_ - start);
}

std::string_view Scanner::read_quoted() {
  const std::size_t start = at_;
  const char quote = text_[at_];
  // A doubled quote or one behind a backslash belongs to the text, unless no other quote follows that could close it.
  std::size_t fallback = std::string_view::npos;
  for (std::size_t i = start + 1; i < text_.size(); ++i) {
    const char next = i + 1 < text_.size() ? text_[i + 1] : '\0';
    if (text_[i] == '\\' && next == quote && quote != '`') {
      fallback = ++i;
    } else if (text_[i] == quote && next == quote) {
      fallback = i++;
    } else if (text_[i] == quote) {
      at_ = i + 1;
      return text_.substr(start + 1, i - start - 1);
    }
  }
  if (fallback == std::string_view::npos)
    fail(start, fmt::format("Invalid clause(s) in filter string: {} is never closed", quote));
  at_ = fallback + 1;
  return text_.substr(start + 1, fallback - start - 1);
}

std::string Scanner::read_key() {
  if (at_quote() || peek() == '`') return std::string(read_quoted());
  const std::size_t start = at_;
  while (at_word() || peek() == '.') ++at_;
  return std::string(text_.substr(start, at_ - start));
}

Identifier Scanner::read_identifier() {
  const std::size_t start = at_;
  if (peek() == '\'' || number_end(text_, at_) > at_) {
    fail(start, fmt::format("Invalid comparison clause. Expected 'Identifier' found '{}'", glance()));
  }
  Identifier read;
  const bool quoted = peek() == '"' || peek() == '`';
  const bool may_be_entity = peek() != '"';
  std::string first;
  if (quoted) {
    first = read_quoted();
  } else if (at_word()) {
    first = read_word();
  } else {
    fail(start, fmt::format("Invalid clause(s) in filter string: '{}'", glance()));
  }
  if (may_be_entity && take('.')) {
    read.entity = std::move(first);
    read.key = read_key();
  } else {
    read.key = std::move(first);
  }
  return read;
}

std::optional<Literal> Scanner::read_number() {
  const std::size_t end = number_end(text_, at_);
  if (end == at_ || (end < text_.size() && (is_word(text_[end]) || text_[end] == '.'))) return std::nullopt;
  auto number = to_number(text_.substr(at_, end - at_));
  if (number) at_ = end;
  return number;
}

std::optional<Literal> to_number(std::string_view text) {
  if (text.empty() || number_end(text, 0) != text.size()) return std::nullopt;
  Literal literal;
  const auto real = core::to_real(text);
  if (!real) return std::nullopt;
  literal.value = *real;
  if (const auto whole = core::to_integer(text)) {
    literal.is_integer = true;
    literal.integer = *whole;
  }
  return literal;
}

}  // namespace wakeful::search
