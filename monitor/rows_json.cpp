// JSON rows, read without a tree: a push may hold a million of them.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>

#include <fmt/format.h>

#include "monitor/row_builder.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

constexpr int kMaxDepth = 64;

/// The text is not JSON from here on: no later row can be found.
struct Malformed {
  std::size_t at;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  bool done() const { return at_ == text_.size(); }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  bool take(char c) {
    skip_space();
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void need(char c) {
    if (!take(c)) fail();
  }
  char peek() {
    skip_space();
    return done() ? '\0' : text_[at_];
  }
  [[noreturn]] void fail() const { throw Malformed{at_}; }

  /// Without quotes; escapes are resolved into the scanner's own memory, which lasts until forget().
  std::string_view string() {
    need('"');
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) fail();
      ++at_;
    }
    if (done()) fail();
    if (text_[at_] == '"') return text_.substr(start, at_++ - start);
    return escaped(start);
  }

  /// The characters of a number, as JSON's grammar has it.
  std::string_view number() {
    const std::size_t start = at_;
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    const std::size_t digits = at_;
    if (skip_digits() == 0 || (text_[digits] == '0' && at_ - digits > 1)) fail();
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      if (skip_digits() == 0) fail();
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (skip_digits() == 0) fail();
    }
    return text_.substr(start, at_ - start);
  }

  void word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) fail();
    at_ += word.size();
  }

  void skip_value(int depth) {
    if (depth > kMaxDepth) fail();
    const char c = peek();
    if (c == '"') {
      string();
    } else if (c == '{') {
      need('{');
      if (take('}')) return;
      do {
        string();
        need(':');
        skip_value(depth + 1);
      } while (take(','));
      need('}');
    } else if (c == '[') {
      need('[');
      if (take(']')) return;
      do skip_value(depth + 1);
      while (take(','));
      need(']');
    } else if (c == 't') {
      word("true");
    } else if (c == 'f') {
      word("false");
    } else if (c == 'n') {
      word("null");
    } else {
      number();
    }
  }

  void forget() { kept_.clear(); }

 private:
  std::size_t skip_digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ - start;
  }

  unsigned hex4() {
    unsigned code = 0;
    if (at_ + 4 > text_.size()) fail();
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, code, 16);
    if (error != std::errc{} || end != text_.data() + at_ + 4) fail();
    at_ += 4;
    return code;
  }

  void append_code(std::string& out) {
    unsigned code = hex4();
    if (code >= 0xDC00 && code < 0xE000) fail();
    if (code >= 0xD800 && code < 0xDC00) {
      word("\\u");
      const unsigned low = hex4();
      if (low < 0xDC00 || low >= 0xE000) fail();
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    }
    const auto byte = [&](unsigned value) { out += static_cast<char>(value); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xC0 | (code >> 6U));
      byte(0x80 | (code & 0x3FU));
    } else if (code < 0x10000) {
      byte(0xE0 | (code >> 12U));
      byte(0x80 | ((code >> 6U) & 0x3FU));
      byte(0x80 | (code & 0x3FU));
    } else {
      byte(0xF0 | (code >> 18U));
      byte(0x80 | ((code >> 12U) & 0x3FU));
      byte(0x80 | ((code >> 6U) & 0x3FU));
      byte(0x80 | (code & 0x3FU));
    }
  }

  std::string_view escaped(std::size_t start) {
    std::string& out = kept_.emplace_back(text_.substr(start, at_ - start));
    while (!done() && text_[at_] != '"') {
      const char c = text_[at_++];
      if (static_cast<unsigned char>(c) < 0x20) fail();
      if (c != '\\') {
        out += c;
        continue;
      }
      if (done()) fail();
      constexpr std::string_view kFrom = "\"\\/bfnrt";
      constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
      const char escape = text_[at_++];
      if (escape == 'u')
        append_code(out);
      else if (const auto which = kFrom.find(escape); which != std::string_view::npos)
        out += kTo[which];
      else
        fail();
    }
    need('"');
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::deque<std::string> kept_;
};

struct Member {
  std::string_view name;
  std::string_view text;  // of a string or a number
  char kind = 'n';        // 's' string, 'd' number, 'n' null, 'x' anything else
};

char read_kind(Scanner& scanner, Member& member) {
  const char c = scanner.peek();
  if (c == '"') {
    member.text = scanner.string();
    return 's';
  }
  if (c == '-' || (c >= '0' && c <= '9')) {
    member.text = scanner.number();
    return 'd';
  }
  if (c == 'n') {
    scanner.word("null");
    return 'n';
  }
  scanner.skip_value(0);
  return 'x';
}

/// The members of one object. What follows is not looked at.
void read_members(Scanner& scanner, std::vector<Member>& members) {
  members.clear();
  scanner.need('{');
  if (scanner.take('}')) return;
  do {
    Member member{.name = scanner.string(), .text = {}};
    scanner.need(':');
    member.kind = read_kind(scanner, member);
    members.push_back(member);
  } while (scanner.take(','));
  scanner.need('}');
}

void add_number(const Member& member, RowBuilder& builder) {
  double value = 0;
  const auto [end, error] = std::from_chars(member.text.data(), member.text.data() + member.text.size(), value);
  if (error != std::errc{} || !std::isfinite(value))
    throw BadRow{std::string(member.name), fmt::format("{} is out of range", member.text.substr(0, 40))};
  builder.number(member.name, value);
}

const Member* find_time(const std::vector<Member>& members) {
  for (const std::string_view name : kTimeNames) {
    for (const Member& member : members) {
      if (member.name == name && member.kind != 'n') return &member;
    }
  }
  return nullptr;
}

void check_names(const std::vector<Member>& members) {
  if (members.size() > kMaxColumns) throw BadRow{"", fmt::format("more than {} members", kMaxColumns)};
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const Member& member : members) names.push_back(member.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) throw BadRow{std::string(*twice), "stands there twice"};
}

void add_row(const std::vector<Member>& members, RowBuilder& builder) {
  builder.begin();
  check_names(members);
  const Member* time = find_time(members);
  if (time) {
    if (time->kind == 'x') throw BadRow{std::string(time->name), "neither RFC 3339 nor a whole number"};
    builder.time(time->text, time->kind == 'd');
  }
  for (const Member& member : members) {
    if (&member == time) continue;
    if (member.kind == 'd')
      add_number(member, builder);
    else if (member.kind == 'x')
      throw BadRow{std::string(member.name), "neither a number nor a text"};
    else if (member.kind == 's' && !member.text.empty())
      builder.text(member.name, member.text);
    else
      builder.missing();
  }
  builder.end();
}

core::Error malformed(std::string_view body, std::size_t at) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (const char c : body.substr(0, at)) {
    column = c == '\n' ? 1 : column + 1;
    line += c == '\n' ? 1 : 0;
  }
  return core::invalid(
      fmt::format("Malformed JSON at line {}, column {}; expected an array of objects. Nothing was "
                  "stored.",
                  line, column));
}

}  // namespace

void read_json_rows(std::string_view body, RowBuilder& builder) {
  Scanner scanner(body);
  std::vector<Member> members;
  try {
    scanner.need('[');
    if (!scanner.take(']')) {
      do {
        scanner.forget();
        const bool is_object = scanner.peek() == '{';
        if (is_object)
          read_members(scanner, members);
        else
          scanner.skip_value(0);
        try {
          if (!is_object) throw BadRow{"", "not an object"};
          add_row(members, builder);
        } catch (const BadRow& bad) {
          builder.reject(bad);
        }
      } while (scanner.take(','));
      scanner.need(']');
    }
    scanner.skip_space();
    if (!scanner.done()) scanner.fail();
  } catch (const Malformed& e) {
    throw malformed(body, e.at);
  }
}

void read_ndjson_rows(std::string_view body, RowBuilder& builder) {
  std::vector<Member> members;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    Scanner scanner(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
    scanner.skip_space();
    if (scanner.done()) continue;
    try {
      try {
        read_members(scanner, members);
        scanner.skip_space();
        if (!scanner.done()) scanner.fail();
      } catch (const Malformed& e) {
        throw BadRow{"", fmt::format("malformed JSON at column {}", e.at + 1)};
      }
      add_row(members, builder);
    } catch (const BadRow& bad) {
      builder.reject(bad);
    }
  }
}

}  // namespace wakeful::monitor
