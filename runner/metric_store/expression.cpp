#include "runner/metric_store/expression.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::runner {
namespace {

constexpr std::size_t kMaxDefinition = 2'000;
constexpr int kMaxDepth = 50;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// A piece of the SQL: text as it stands, or a column.
struct Piece {
  std::string text;
  bool is_column = false;
};

class Parser {
 public:
  Parser(std::string_view text, const std::string& field) : text_(text), field_(field) {}

  std::vector<Piece> parse() {
    sum();
    skip();
    if (at_ != text_.size()) fail(fmt::format("'{}' is too much", text_.substr(at_, 20)));
    if (aggregates_ == 0) fail("there is no aggregate in it: COUNT, SUM, AVG, MIN or MAX");
    return std::move(pieces_);
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw core::invalid(fmt::format("'{}': at character {} of \"{}\": {}", field_, at_ + 1, text_.substr(0, 200), why),
                        field_);
  }
  void skip() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void need(char c) {
    if (!take(c)) fail(fmt::format("a '{}' is missing", c));
  }
  void put(std::string text) { pieces_.push_back({std::move(text), false}); }

  std::string_view word() {
    skip();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  void sum() {
    product();
    while (peek() == '+' || peek() == '-') {
      put(fmt::format(" {} ", text_[at_++]));
      product();
    }
  }

  void product() {
    factor();
    while (peek() == '*' || peek() == '/') {
      const bool divides = text_[at_++] == '/';
      put(divides ? " / NULLIF(" : " * ");
      factor();
      if (divides) put(", 0)");
    }
  }

  void factor() {
    if (++depth_ > kMaxDepth) fail("nested too deeply");
    const char next = peek();
    if (next == '(') {
      need('(');
      put("(");
      sum();
      need(')');
      put(")");
    } else if (next == '-') {
      need('-');
      put("-(");
      factor();
      put(")");
    } else if (is_digit(next)) {
      number();
    } else if (is_letter(next)) {
      name();
    } else {
      fail(next == '\0' ? "it ends too early" : fmt::format("'{}' does not belong there", next));
    }
    --depth_;
  }

  void number() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
    const auto value = core::to_real(text_.substr(begin, at_ - begin));
    if (!value) fail("no number");
    put(fmt::format("CAST({} AS DOUBLE PRECISION)", core::format_real(*value)));
  }

  void name() {
    const std::size_t begin = at_;
    const std::string_view found = word();
    if (peek() == '(') {
      aggregate(found, begin);
      return;
    }
    if (!inside_) {
      at_ = begin;
      fail(fmt::format("column '{}' stands outside an aggregate", found));
    }
    pieces_.push_back({std::string(found), true});
  }

  void aggregate(std::string_view found, std::size_t begin) {
    constexpr std::array<std::string_view, 5> kNames{"COUNT", "SUM", "AVG", "MIN", "MAX"};
    std::string upper(found);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (std::find(kNames.begin(), kNames.end(), upper) == kNames.end()) {
      const auto near = core::did_you_mean(upper, kNames);
      at_ = begin;
      fail(fmt::format("unknown function '{}'{}", found,
                       near ? fmt::format("; did you mean {}?", *near) : "; there are COUNT, SUM, AVG, MIN, MAX"));
    }
    if (inside_) {
      at_ = begin;
      fail("an aggregate within an aggregate");
    }
    ++aggregates_;
    need('(');
    put(fmt::format("CAST({}(", upper));
    if (upper == "COUNT" && take('*')) {
      put("*");
    } else {
      argument();
    }
    need(')');
    put(") AS DOUBLE PRECISION)");
  }

  void argument() {
    const std::size_t begin = at_;
    if (core::to_lower(word()) == "distinct") {
      put("DISTINCT ");
    } else {
      at_ = begin;
    }
    inside_ = true;
    sum();
    inside_ = false;
  }

  std::string_view text_;
  const std::string& field_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int aggregates_ = 0;
  bool inside_ = false;
  std::vector<Piece> pieces_;
};

}  // namespace

MetricExpression parse_metric_expression(std::string_view text, const std::string& field) {
  if (text.size() > kMaxDefinition)
    throw core::invalid(fmt::format("'{}': longer than {} bytes", field, kMaxDefinition), field);
  MetricExpression out;
  std::vector<Piece> pieces = Parser(text, field).parse();
  for (const Piece& piece : pieces) {
    if (piece.is_column && std::find(out.columns.begin(), out.columns.end(), piece.text) == out.columns.end())
      out.columns.push_back(piece.text);
  }
  out.sql = [pieces = std::move(pieces)](const auto& write) {
    std::string sql;
    for (const Piece& piece : pieces) sql += piece.is_column ? write(piece.text) : piece.text;
    return sql;
  };
  return out;
}

}  // namespace wakeful::runner
