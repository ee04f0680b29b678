#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/core/time_text.hpp"
#include "runner/sources/sql_plan.hpp"
#include "runner/time_text.hpp"

namespace wakeful::runner {
namespace {

using search::Query;

/// How a time column compares.
enum class TimeForm {
  native,   // PostgreSQL's timestamp, timestamptz, date
  text,     // as text_bounds encloses it
  numbers,  // since 1970
};

struct TimeColumn {
  TimeForm form = TimeForm::native;
  std::int64_t per_second = 1;  // numbers
};

struct CatalogColumn {
  std::string name;
  std::string type;  // PostgreSQL's name of it; "" on SQLite, where types are the values'
};

std::vector<CatalogColumn> columns_of(db::Tx& tx, const SqlPlan& plan) {
  const auto read = [](const db::Row& row) {
    return CatalogColumn{std::string(row.text(0)), core::to_lower(row.text(1))};
  };
  if (tx.dialect() == db::Dialect::postgres) {
    return tx.list(db::Sql("table.columns",
                           "SELECT CAST(a.attname AS TEXT), format_type(a.atttypid, NULL) FROM pg_attribute a "
                           "WHERE a.attrelid = to_regclass(CAST($1 AS TEXT)) AND a.attnum > 0 AND NOT a.attisdropped"),
                   {db::Param(plan.table)}, read);
  }
  const auto parts = core::split(plan.sql.table, '.');
  if (parts.size() == 2) {
    return tx.list(db::Sql("table.columns", "SELECT name, '' FROM pragma_table_info($1, $2)"),
                   {db::Param(parts[1]), db::Param(parts[0])}, read);
  }
  return tx.list(db::Sql("table.columns", "SELECT name, '' FROM pragma_table_info($1)"), {db::Param(plan.sql.table)},
                 read);
}

const CatalogColumn& get_column(const std::vector<CatalogColumn>& columns, const std::string& name,
                                std::string_view field) {
  std::vector<std::string_view> known;
  for (const CatalogColumn& column : columns) {
    if (column.name == name) return column;
    known.push_back(column.name);
  }
  const auto near = core::did_you_mean(name, known);
  throw core::invalid(fmt::format("the table has no column '{}'{}", name,
                                  near ? fmt::format("; did you mean '{}'?", *near)
                                       : fmt::format("; there are {}", fmt::join(known, ", "))),
                      std::string(field));
}

/// SQLite's types are those of the values: the first one tells.
std::string type_of_values(db::Tx& tx, const std::string& table, const std::string& column) {
  const std::string text = fmt::format("SELECT typeof({0}) FROM {1} WHERE {0} IS NOT NULL LIMIT 1", column, table);
  const auto type =
      tx.find(db::Sql("table.time_type", text), {}, [](const db::Row& row) { return std::string(row.text(0)); });
  return type.value_or("text");
}

TimeColumn form_of(db::Tx& tx, const SqlPlan& plan, const CatalogColumn& column) {
  const std::string type =
      tx.dialect() == db::Dialect::sqlite ? type_of_values(tx, plan.table, plan.time) : column.type;
  if (type.substr(0, 9) == "timestamp" || type == "date") return {TimeForm::native};
  if (type == "text" || type.substr(0, 9) == "character") return {TimeForm::text};
  for (const std::string_view number : {"integer", "real", "bigint", "double precision", "numeric"}) {
    if (type != number) continue;
    const std::string text = fmt::format("SELECT CAST(MAX({}) AS DOUBLE PRECISION) FROM {}", plan.time, plan.table);
    const auto newest =
        tx.find(db::Sql("table.newest", text), {}, [](const db::Row& row) { return row.find_real(0).value_or(0); });
    return {TimeForm::numbers, core::units_per_second(newest.value_or(0))};
  }
  throw core::invalid(fmt::format("a column of type {} is no time", type), "source.sql.time_column");
}

void append_span(Query& query, const std::string& column, const TimeColumn& time, const Span& span) {
  if (time.form == TimeForm::numbers) {
    const auto units = [&](core::Timestamp at) {
      return static_cast<double>(core::to_us(at)) * (static_cast<double>(time.per_second) / 1e6);
    };
    // A microsecond to either side: nanoseconds since 1970 are coarse as doubles.
    const double slack = 1 + static_cast<double>(time.per_second) / 1e6;
    query.text(column + " > CAST(").bind(std::floor(units(span.after) - slack)).text(" AS DOUBLE PRECISION) AND ");
    query.text(column + " <= CAST(").bind(std::ceil(units(span.until) + slack)).text(" AS DOUBLE PRECISION)");
    return;
  }
  const TextBounds bounds = time.form == TimeForm::text
                                ? text_bounds(span.after, span.until)
                                : TextBounds{core::format_rfc3339(span.after), core::format_rfc3339(span.until)};
  query.text(column + " > ").bind(bounds.lower).text(" AND " + column + " <= ").bind(bounds.upper);
}

}  // namespace

Query table_statement(db::Tx& tx, const SqlPlan& plan, const Span& span) {
  const auto columns = columns_of(tx, plan);
  if (columns.empty()) throw core::not_found(fmt::format("there is no table '{}'", plan.sql.table), "source.sql.table");
  const TimeColumn time = form_of(tx, plan, get_column(columns, plan.sql.time_column, "source.sql.time_column"));
  for (const std::string& dim : plan.metric.dimension_groupings) get_column(columns, dim, "dimension_groupings");
  for (const auto& comparison : plan.filter.all) get_column(columns, comparison.key, "dimension_filters");
  const bool has_value = std::any_of(columns.begin(), columns.end(),
                                     [&](const CatalogColumn& column) { return column.name == plan.value_name; });
  const bool counts_rows =
      !has_value && plan.metric.aggregate == monitor::Aggregate::count && plan.sql.value_column.empty();
  if (!counts_rows) get_column(columns, plan.value_name, "source.sql.value_column");
  Query query;
  append_select(query, tx.dialect(), plan, "", counts_rows);
  query.text(" FROM " + plan.table + " WHERE ");
  append_span(query, plan.time, time, span);
  append_filters(query, plan, "");
  return query;
}

}  // namespace wakeful::runner
