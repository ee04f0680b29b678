#pragma once
// A user's SELECT with :from and :until, made into a sub-query with bound parameters. Pure.
//
// The text is read the way the database will read it: nothing is replaced inside quotes, quoted identifiers, comments
// or dollar quotes, and "::" is a cast. What comes out fits between parentheses. It is no judge of what a query may do:
// that is the read-only transaction under it.
#include <string>
#include <string_view>

#include "platform/db/database.hpp"
#include "platform/search/sql.hpp"

namespace wakeful::runner {

struct Placeholders {
  std::string from;
  std::string until;
};

/// Appends the query, without comments and its final semicolon; every :from and :until is bound.
/// Errors: invalid, with the position: not a SELECT or WITH, a second statement, a placeholder of another name or
/// form, braces, quotes, comments or parentheses that do not close, NUL.
void append_query(search::Query& out, std::string_view query, db::Dialect dialect, const Placeholders& values);

}  // namespace wakeful::runner
