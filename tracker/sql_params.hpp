#pragma once
// Between platform/search, which builds statements, and platform/db, which runs them.
#include <string>
#include <variant>
#include <vector>

#include "platform/db/database.hpp"
#include "platform/search/sql.hpp"

namespace wakeful::tracker {

/// The values that a built query binds; they borrow from it.
inline std::vector<db::Param> params_of(const search::Query& query) {
  std::vector<db::Param> params;
  params.reserve(query.values().size());
  for (const search::Query::Value& value : query.values())
    std::visit([&](const auto& v) { params.emplace_back(v); }, value);
  return params;
}

/// A sort key's value in a row; `type` as in search::read_page_token.
inline search::KeyValue read_key_value(const db::Row& row, int column, char type) {
  if (row.is_null(column)) return std::monostate{};
  if (type == 'i') return row.integer(column);
  if (type == 'd') return row.real(column);
  return std::string(row.text(column));
}

}  // namespace wakeful::tracker
