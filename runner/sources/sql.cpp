// A table or a query of somebody else's SQLite or PostgreSQL database, read in read-only transactions.
//
// Names are checked, looked up in the catalog and quoted; values are only ever bound. What the database compares is a
// span that encloses the wanted one, because time columns come in many forms; rows are held against the exact span
// here.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/core/time_text.hpp"
#include "runner/sources/sources.hpp"
#include "runner/sources/sql_plan.hpp"

namespace wakeful::runner {
namespace {

using search::Query;

class SqlSource final : public Source {
 public:
  SqlSource(const monitor::Metric& metric, const SourceContext& context)
      : plan_(plan_sql(metric)), connections_(context.connections), settings_(context.settings) {}

  Observations pull(const Span& span, core::Deadline deadline) override {
    try {
      const auto database = connections_.get(plan_.sql.connection);
      const auto limit = core::Deadline::after(settings_.statement_timeout);
      const db::Options options{.deadline = std::min(limit.at(), deadline.at()) == limit.at() ? limit : deadline};
      if (plan_.time.empty()) plan_.time = find_query_time(*database, plan_, options);
      return database->read([&](db::Tx& tx) { return read(tx, span); }, options);
    } catch (const core::Error& e) {
      // What the database does not take is the fault of the file, or of the table that it names.
      const auto code = e.code() == core::ErrorCode::internal ? core::ErrorCode::invalid : e.code();
      throw core::Error(code, fmt::format("sql:{}: {}", plan_.sql.connection, e.what()),
                        e.field().empty() ? "source.sql" : e.field());
    }
  }

 private:
  Observations read(db::Tx& tx, const Span& span) const {
    use_utc(tx);
    Query query =
        plan_.sql.query.empty() ? table_statement(tx, plan_, span) : query_statement(tx.dialect(), plan_, span);
    query.text(" LIMIT ").bind(static_cast<std::int64_t>(settings_.max_rows) + 1);
    ObservationCollector rows(settings_.max_rows);
    std::size_t count = 0;
    std::vector<std::optional<std::string_view>> dims(plan_.dims.size());
    const auto each = [&](const db::Row& row) {
      // Also those that are dropped below: behind LIMIT may be one that would not be.
      if (++count > settings_.max_rows) ObservationCollector::refuse(settings_.max_rows);
      if (row.is_null(0) || row.is_null(1)) return;
      const auto time = core::read_time_text(row.text(0));
      if (!time || *time <= span.after || *time > span.until) return;
      const double value = row.real(1);
      if (!std::isfinite(value)) return;
      for (std::size_t d = 0; d < dims.size(); ++d) {
        const int column = static_cast<int>(d) + 2;
        dims[d] = row.is_null(column) ? std::nullopt : std::optional(row.text(column));
      }
      rows.add(*time, dims, value);
    };
    const auto params = search::params_of<db::Param>(query);
    tx.query(db::Sql("source.rows", query.sql()), params, db::RowCallback(each));
    return rows.take(ObservationCollector::Ties::by_value);
  }

  SqlPlan plan_;
  Connections& connections_;
  SourceSettings settings_;
};

}  // namespace

/// The session's own habits would change how times are written and read. `true`: for this transaction.
void use_utc(db::Tx& tx) {
  if (tx.dialect() == db::Dialect::sqlite) return;
  const auto ignore = [](const db::Row&) {};
  tx.query(db::Sql("source.use_utc",
                   "SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, MDY', true)"),
           {}, ignore);
}

std::string quoted(std::string_view name, std::string_view field) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fits = [&](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; };
  if (name.empty() || name.size() > 100 || is_digit(name.front()) || !std::all_of(name.begin(), name.end(), fits)) {
    throw core::invalid(fmt::format("'{}' cannot be a name in SQL here: letters, digits and '_'", name.substr(0, 100)),
                        std::string(field));
  }
  return fmt::format("\"{}\"", name);
}

SqlPlan plan_sql(const monitor::Metric& metric) {
  SqlPlan plan{.metric = metric, .sql = std::get<monitor::SqlSource>(metric.source), .filter = parse_filters(metric)};
  plan.value_name = plan.sql.value_column.empty() ? metric.name : plan.sql.value_column;
  if (plan.sql.query.empty()) {
    for (const std::string_view part : core::split(plan.sql.table, '.'))
      plan.table += (plan.table.empty() ? "" : ".") + quoted(part, "source.sql.table");
  }
  plan.value = quoted(plan.value_name, "source.sql.value_column");
  if (!plan.sql.time_column.empty()) plan.time = quoted(plan.sql.time_column, "source.sql.time_column");
  for (const std::string& dim : metric.dimension_groupings) plan.dims.push_back(quoted(dim, "dimension_groupings"));
  for (const auto& comparison : plan.filter.all)
    plan.filter_columns.push_back(quoted(comparison.key, "dimension_filters"));
  return plan;
}

void append_select(Query& query, db::Dialect dialect, const SqlPlan& plan, std::string_view of, bool counts_rows) {
  query.text("SELECT CAST(").text(of).text(plan.time).text(" AS TEXT), ");
  if (counts_rows) {
    query.text("CAST(1 AS DOUBLE PRECISION)");
  } else if (dialect == db::Dialect::postgres) {
    query.text("CAST(").text(of).text(plan.value).text(" AS DOUBLE PRECISION)");
  } else {
    // Differs because SQLite casts text that is no number to 0.
    const std::string value = std::string(of) + plan.value;
    query.text(fmt::format("CASE WHEN typeof({0}) IN ('integer', 'real') THEN {0} END", value));
  }
  for (const std::string& dim : plan.dims) query.text(", CAST(").text(of).text(dim).text(" AS TEXT)");
}

void append_filters(Query& query, const SqlPlan& plan, std::string_view of) {
  for (std::size_t i = 0; i < plan.filter.all.size(); ++i) {
    query.text(" AND (");
    search::compare(query, std::string(of) + plan.filter_columns[i], plan.filter.all[i]);
    query.text(")");
  }
}

std::unique_ptr<Source> make_sql_source(const monitor::Metric& metric, const SourceContext& context) {
  return std::make_unique<SqlSource>(metric, context);
}

}  // namespace wakeful::runner
