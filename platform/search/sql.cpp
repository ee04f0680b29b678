#include "platform/search/sql.hpp"

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::search {
namespace {

/// PostgreSQL's LIKE takes a backslash as its escape, SQLite's none. Naming one that the pattern then doubles makes
/// both read every other character as it stands.
constexpr char kEscape = '!';

/// SQLite refuses expressions that nest deeper than 1,000, and a chain of ANDs nests with every link.
constexpr std::size_t kComparisonsInGroup = 50;

std::string escape_pattern(std::string_view pattern) {
  std::string escaped;
  for (const char c : pattern) {
    if (c == kEscape) escaped += kEscape;
    escaped += c;
  }
  return escaped;
}

void bind_number(Query& query, const Literal& literal) {
  query.text("CAST(");
  if (literal.is_integer) {
    query.bind(literal.integer).text(" AS BIGINT)");
  } else {
    query.bind(std::get<double>(literal.value)).text(" AS DOUBLE PRECISION)");
  }
}

void bind_list(Query& query, const std::vector<std::string>& values) {
  query.text("(");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) query.text(", ");
    query.bind(values[i]);
  }
  query.text(")");
}

void bind_key(Query& query, const KeyValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    query.text("CAST(").bind(*integer).text(" AS BIGINT)");
  } else if (const auto* real = std::get_if<double>(&value)) {
    query.text("CAST(").bind(*real).text(" AS DOUBLE PRECISION)");
  } else {
    query.bind(std::get<std::string>(value));
  }
}

/// Rows whose key comes strictly after `value`.
void beyond(Query& query, const SortKey& key, const KeyValue& value) {
  if (std::holds_alternative<std::monostate>(value)) {
    query.text("1 = 0");
    return;
  }
  query.text(key.nullable ? "(" + key.expression + " IS NULL OR " : std::string());
  query.text(key.expression).text(key.ascending ? " > " : " < ");
  bind_key(query, value);
  if (key.nullable) query.text(")");
}

void level(Query& query, const SortKey& key, const KeyValue& value) {
  query.text(key.expression);
  if (std::holds_alternative<std::monostate>(value)) {
    query.text(" IS NULL");
    return;
  }
  query.text(" = ");
  bind_key(query, value);
}

}  // namespace

Query& Query::bind(Value value) {
  values_.push_back(std::move(value));
  sql_ += fmt::format("${}", values_.size());
  return *this;
}

std::string like_containing(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + "%";
}

void compare(Query& query, std::string_view column, const Comparison& comparison) {
  const Literal& literal = comparison.literal;
  const Operator op = comparison.op;
  switch (op) {
    case Operator::is_null:
    case Operator::is_not_null:
      query.text(column).text(" ").text(name_of(op));
      return;
    case Operator::in:
    case Operator::not_in:
      query.text(column).text(" ").text(name_of(op)).text(" ");
      bind_list(query, std::get<std::vector<std::string>>(literal.value));
      return;
    case Operator::like:
      query.text(column).text(" LIKE ").bind(escape_pattern(std::get<std::string>(literal.value))).text(" ESCAPE '!'");
      return;
    case Operator::ilike:
      query.text("lower(").text(column).text(") LIKE ");
      query.bind(core::to_lower(escape_pattern(std::get<std::string>(literal.value)))).text(" ESCAPE '!'");
      return;
    default:
      query.text(column).text(" ").text(op == Operator::not_equal ? "<>" : name_of(op)).text(" ");
      if (const auto* text = std::get_if<std::string>(&literal.value)) {
        query.bind(*text);
      } else {
        bind_number(query, literal);
      }
  }
}

void where_all(Query& query, const Filter& filter, const Condition& condition) {
  const bool grouped = filter.all.size() > kComparisonsInGroup;
  for (std::size_t i = 0; i < filter.all.size(); ++i) {
    if (grouped && i % kComparisonsInGroup == 0) query.text(i == 0 ? " AND (1 = 1" : ") AND (1 = 1");
    query.text(" AND (");
    condition(query, filter.all[i]);
    query.text(")");
  }
  if (grouped) query.text(")");
}

void order_by(Query& query, std::span<const SortKey> keys) {
  std::string_view before = " ORDER BY ";
  for (const SortKey& key : keys) {
    query.text(before);
    if (key.nullable) query.text("(" + key.expression + " IS NULL), ");
    query.text(key.expression).text(key.ascending ? " ASC" : " DESC");
    before = ", ";
  }
}

void after(Query& query, std::span<const SortKey> keys, std::span<const KeyValue> values) {
  if (keys.size() != values.size() || keys.empty()) throw core::internal("a page's keys do not fit its ordering");
  query.text(" AND (");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) {
      query.text(" OR (");
      level(query, keys[i - 1], values[i - 1]);
      query.text(" AND (");
    }
    beyond(query, keys[i], values[i]);
  }
  for (std::size_t i = 1; i < keys.size(); ++i) query.text("))");
  query.text(")");
}

}  // namespace wakeful::search
