#pragma once
// What the two forms of a SQL source share: the names, checked and quoted once, and how rows are selected and read.
// Used by sql*.cpp only.
#include <string>
#include <string_view>
#include <vector>

#include "monitor/wire/definition.hpp"
#include "platform/db/database.hpp"
#include "platform/search/dimensions.hpp"
#include "platform/search/sql.hpp"
#include "runner/window.hpp"

namespace wakeful::runner {

struct SqlPlan {
  monitor::Metric metric{};
  monitor::SqlSource sql{};
  search::Filter filter{};
  std::string value_name{};
  // In double quotes:
  std::string table{};  // "" in the query form
  std::string time{};   // "" while it has to be found
  std::string value{};
  std::vector<std::string> dims{};
  std::vector<std::string> filter_columns{};  // of filter.all, in its order
};

/// Errors: invalid, naming the member, for a name that is none or a filter that does not parse.
SqlPlan plan_sql(const monitor::Metric& metric);

/// PostgreSQL's session says times in UTC and RFC 3339's order from now on, in this transaction.
void use_utc(db::Tx& tx);

/// "name" as SQL. Errors: invalid naming `field`: letters, digits and '_' only, and no digit in front.
std::string quoted(std::string_view name, std::string_view field);

/// "SELECT <time as text>, <value as double or NULL>, <dimensions as text…>"; `of` stands before every column.
void append_select(search::Query& query, db::Dialect dialect, const SqlPlan& plan, std::string_view of,
                   bool counts_rows);
/// " AND (…)" for each filter.
void append_filters(search::Query& query, const SqlPlan& plan, std::string_view of);

/// The statement of the table form. Errors: not_found for a table, invalid for a column that is not there.
search::Query table_statement(db::Tx& tx, const SqlPlan& plan, const Span& span);
/// The statement of the query form; plan.time must be known.
search::Query query_statement(db::Dialect dialect, const SqlPlan& plan, const Span& span);
/// Finds the time column of a query by its name. Errors: invalid if there is none or the query does not run.
std::string find_query_time(db::Database& database, const SqlPlan& plan, const db::Options& options);

}  // namespace wakeful::runner
