#include "runner/sources/sql_template.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::runner {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

class Reader {
 public:
  Reader(search::Query& out, std::string_view query, db::Dialect dialect, const Placeholders& values)
      : out_(out), query_(query), postgres_(dialect == db::Dialect::postgres), values_(values) {}

  void read() {
    if (query_.find('\0') != std::string_view::npos) fail(query_.find('\0'), "a NUL character");
    while (at_ < query_.size()) step();
    if (depth_ > 0) fail(query_.size(), "a parenthesis is not closed");
    if (!began_) fail(0, "it is empty");
  }

 private:
  [[noreturn]] void fail(std::size_t position, std::string_view why) const {
    throw core::invalid(fmt::format("the query cannot be used: at byte {}, {}", position, why), "query");
  }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < query_.size() ? query_[at_ + ahead] : '\0'; }
  void copy_to(std::size_t end) {
    out_.text(query_.substr(at_, end - at_));
    at_ = end;
  }

  void step() {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') return copy_to(at_ + 1);
    if (c == '-' && peek(1) == '-') return skip_line_comment();
    if (c == '/' && peek(1) == '*') return skip_block_comment();
    if (ended_) fail(at_, "a second statement begins");
    if (is_letter(c)) return read_word();
    if (!began_ && c != '(') fail(at_, "it does not begin with SELECT or WITH");
    switch (c) {
      case '\'':
        return copy_quoted('\'', false);
      case '"':
        return copy_quoted('"', false);
      case ';':
        ended_ = true;
        ++at_;
        return;
      case ':':
        return read_colon();
      case '$':
        return read_dollar();
      case '(':
        ++depth_;
        return copy_to(at_ + 1);
      case ')':
        if (--depth_ < 0) fail(at_, "a parenthesis closes that was never opened");
        return copy_to(at_ + 1);
      case '{':
      case '}':
        fail(at_, "braces mean nothing here; the placeholders are :from and :until");
      default:
        return read_symbol(c);
    }
  }

  void read_symbol(char c) {
    if (!postgres_ && c == '`') return copy_quoted('`', false);
    if (!postgres_ && c == '[') return copy_bracketed();
    if (!postgres_ && (c == '?' || c == '@')) fail(at_, "the placeholders are :from and :until");
    // A number with its letters (1e5, 0x1F), so that they are not taken for words.
    std::size_t end = at_ + 1;
    if (c >= '0' && c <= '9') {
      while (end < query_.size() && is_word(query_[end])) ++end;
    }
    copy_to(end);
  }

  void read_word() {
    std::size_t end = at_;
    while (end < query_.size() && (is_word(query_[end]) || (postgres_ && query_[end] == '$'))) ++end;
    const std::string word = core::to_lower(query_.substr(at_, end - at_));
    if (!began_ && word != "select" && word != "with") fail(at_, "it does not begin with SELECT or WITH");
    began_ = true;
    copy_to(end);
    // PostgreSQL's E'…' knows backslashes; B, X, N and U& before a quote change nothing about where it ends.
    if (postgres_ && word == "e" && peek() == '\'') copy_quoted('\'', true);
  }

  void copy_quoted(char quote, bool backslashes) {
    std::size_t end = at_ + 1;
    for (; end < query_.size(); ++end) {
      if (backslashes && query_[end] == '\\') {
        ++end;
      } else if (query_[end] == quote) {
        if (end + 1 < query_.size() && query_[end + 1] == quote) {
          ++end;
          continue;
        }
        return copy_to(end + 1);
      }
    }
    fail(at_, "a quote is not closed");
  }

  void copy_bracketed() {
    const std::size_t end = query_.find(']', at_);
    if (end == std::string_view::npos) fail(at_, "a bracket is not closed");
    copy_to(end + 1);
  }

  void skip_line_comment() {
    at_ = std::min(query_.find('\n', at_), query_.size());
    out_.text(" ");
  }

  /// PostgreSQL's comments nest, SQLite's do not.
  void skip_block_comment() {
    const std::size_t begin = at_;
    int depth = 0;
    while (at_ < query_.size()) {
      if (peek() == '/' && peek(1) == '*' && (postgres_ || depth == 0)) {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        at_ += 2;
        if (--depth == 0) {
          out_.text(" ");
          return;
        }
      } else {
        ++at_;
      }
    }
    fail(begin, "a comment is not closed");
  }

  void read_colon() {
    if (peek(1) == ':') return copy_to(at_ + 2);
    if (!is_letter(peek(1))) return copy_to(at_ + 1);  // an array's slice, a label
    std::size_t end = at_ + 1;
    while (end < query_.size() && is_word(query_[end])) ++end;
    const std::string_view name = query_.substr(at_, end - at_);
    if (name == ":from") {
      out_.bind(values_.from);
    } else if (name == ":until") {
      out_.bind(values_.until);
    } else {
      constexpr std::array<std::string_view, 2> kKnown{":from", ":until"};
      const auto near = core::did_you_mean(name, kKnown);
      fail(at_, fmt::format("{} is no placeholder{}", name.substr(0, 80),
                            near ? fmt::format("; did you mean {}?", *near) : "; there are :from and :until"));
    }
    at_ = end;
  }

  void read_dollar() {
    if (!postgres_) fail(at_, "the placeholders are :from and :until");
    std::size_t end = at_ + 1;
    while (end < query_.size() && is_word(query_[end])) ++end;
    const bool opens = end < query_.size() && query_[end] == '$' && !(peek(1) >= '0' && peek(1) <= '9');
    if (!opens) fail(at_, "the placeholders are :from and :until");
    const std::string_view tag = query_.substr(at_, end + 1 - at_);
    const std::size_t close = query_.find(tag, end + 1);
    if (close == std::string_view::npos) fail(at_, "a dollar quote is not closed");
    copy_to(close + tag.size());
  }

  search::Query& out_;
  std::string_view query_;
  bool postgres_;
  const Placeholders& values_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool began_ = false;
  bool ended_ = false;
};

}  // namespace

void append_query(search::Query& out, std::string_view query, db::Dialect dialect, const Placeholders& values) {
  Reader(out, query, dialect, values).read();
}

}  // namespace wakeful::runner
