#pragma once
// From a filter to SQL for both databases: a field map says how each key is compared, this says how the text is built.
// Values are only ever bound. Pure.
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "platform/search/filter.hpp"

namespace wakeful::search {

/// A piece of SQL under construction, with the values that it binds. Owns copies, so a Param may borrow from it.
class Query {
 public:
  using Value = std::variant<std::int64_t, double, std::string>;
  Query& text(std::string_view sql) {
    sql_ += sql;
    return *this;
  }
  /// Appends "$n" and remembers the value.
  Query& bind(Value value);
  const std::string& sql() const { return sql_; }
  const std::vector<Value>& values() const { return values_; }

 private:
  std::string sql_;
  std::vector<Value> values_;
};

/// The values that a built query binds, as the database takes them; they borrow from it.
template <class Param>
std::vector<Param> params_of(const Query& query) {
  std::vector<Param> params;
  params.reserve(query.values().size());
  for (const Query::Value& value : query.values()) std::visit([&](const auto& v) { params.emplace_back(v); }, value);
  return params;
}

/// The pattern of a LIKE … ESCAPE '!' for what has `text` in it, whatever that is.
std::string like_containing(std::string_view text);

/// Appends `column <op> literal`, the value bound. LIKE is case-sensitive on both databases and has no escape
/// character; ILIKE folds ASCII case by comparing lower() of both sides. Numbers are cast, so that neither database
/// guesses a parameter's type: a fraction compared with a BIGINT column is a plain miss.
void compare(Query& query, std::string_view column, const Comparison& comparison);

/// Ends the subquery of an EXISTS that is looked up for each row. PostgreSQL would turn it into a join, and plan a
/// filter of some hundred joins for minutes; an OFFSET keeps it from that.
inline constexpr std::string_view kEndLookUp = " LIMIT 1 OFFSET 0)";

/// Appends one comparison's condition, in parentheses where needed. A slice writes one of these.
using Condition = std::function<void(Query&, const Comparison&)>;

/// Appends " AND (…)" for each comparison.
void where_all(Query& query, const Filter& filter, const Condition& condition);

/// One column of an ordering. Missing values sort last in both directions, as MLflow has them.
struct SortKey {
  std::string expression;  // SQL without parameters
  bool ascending = true;
  bool nullable = false;
};

/// Appends " ORDER BY …". The last key must be unique, or pages lose rows.
void order_by(Query& query, std::span<const SortKey> keys);

/// A value of a sort key in the last row of a page; monostate is NULL.
using KeyValue = std::variant<std::monostate, std::int64_t, double, std::string>;

/// A sort key's value in a row; `type` as in read_page_token.
template <class Row>
KeyValue read_key_value(const Row& row, int column, char type) {
  if (row.is_null(column)) return std::monostate{};
  if (type == 'i') return row.integer(column);
  if (type == 'd') return row.real(column);
  return std::string(row.text(column));
}

/// Appends " AND (…)": the rows that come after the row with these values in the order of `keys`.
/// Errors: internal if the counts differ.
void after(Query& query, std::span<const SortKey> keys, std::span<const KeyValue> values);

}  // namespace wakeful::search
