#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "runner/sources/sources.hpp"
#include "runner/sources/sql_plan.hpp"
#include "runner/sources/sql_template.hpp"
#include "runner/time_text.hpp"

namespace wakeful::runner {
namespace {

using search::Query;

/// What :from and :until stand for. PostgreSQL takes a parameter for whatever it is compared with; SQLite compares
/// texts, so that texts which enclose the span in every usual form are given.
Placeholders placeholders(db::Dialect dialect, const Span& span) {
  if (dialect == db::Dialect::postgres)
    return {.from = core::format_rfc3339(span.after), .until = core::format_rfc3339(span.until)};
  TextBounds bounds = text_bounds(span.after, span.until);
  return {.from = std::move(bounds.lower), .until = std::move(bounds.upper)};
}

void append_subquery(Query& query, db::Dialect dialect, const SqlPlan& plan, const Span& span) {
  query.text(" FROM (");
  append_query(query, plan.sql.query, dialect, placeholders(dialect, span));
  query.text("\n) AS q");
}

}  // namespace

Query query_statement(db::Dialect dialect, const SqlPlan& plan, const Span& span) {
  Query query;
  append_select(query, dialect, plan, "q.", false);
  append_subquery(query, dialect, plan, span);
  query.text(" WHERE q." + plan.time + " IS NOT NULL");
  append_filters(query, plan, "q.");
  return query;
}

std::string find_query_time(db::Database& database, const SqlPlan& plan, const db::Options& options) {
  std::string reason;
  for (const std::string_view name : kTimeColumns) {
    std::string column = quoted(name, "source.sql.time_column");
    Query query;
    query.text("SELECT q." + column);
    append_subquery(query, database.dialect(), plan, {core::from_us(0), core::from_us(0)});
    query.text(" LIMIT 0");
    try {
      const auto params = search::params_of<db::Param>(query);
      const auto ignore = [](const db::Row&) {};
      database.read(
          [&](db::Tx& tx) { tx.query(db::Sql("source.probe", query.sql()), params, db::RowCallback(ignore)); },
          options);
      return column;
    } catch (const core::Error& e) {
      if (e.code() != core::ErrorCode::internal) throw;
      if (reason.empty()) reason = e.what();
    }
  }
  throw core::invalid(fmt::format("the query does not run, or has none of the columns {}: {}. Another time column is "
                                  "named in time_column",
                                  fmt::join(kTimeColumns, ", "), reason),
                      "source.sql.query");
}

}  // namespace wakeful::runner
