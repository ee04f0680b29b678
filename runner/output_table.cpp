#include "runner/output_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "runner/sources/sql_plan.hpp"

namespace wakeful::runner {

OutputTable::OutputTable(const monitor::Definition& definition)
    : detector_(definition.name), plain_table_(definition.predict->table) {
  for (const std::string_view part : core::split(plain_table_, '.'))
    table_ += (table_.empty() ? "" : ".") + quoted(part, "predict.output.table");
  const monitor::Metric& metric = definition.metrics.front();
  columns_.push_back(quoted(monitor::time_column_of(metric), "source.time_column"));
  for (const std::string& name : metric.dimension_groupings) columns_.push_back(quoted(name, "dimension_groupings"));
  columns_.push_back(quoted(monitor::value_column_of(metric), "source.value_column"));
  for (const std::string_view name : monitor::kPredictionColumns) columns_.push_back(quoted(name, "predict"));
  groups_ = metric.dimension_groupings.size();
  whole_days_ = definition.time_spec.granularity % std::chrono::hours(24) == core::Duration{};
}

/// Days are written as dates, so that the table says what its source says.
std::string OutputTable::time_text(core::Timestamp time) const {
  const std::string text = core::format_rfc3339(time);
  return whole_days_ ? text.substr(0, 10) : text;
}

std::vector<std::string> OutputTable::columns_in(db::Tx& tx) const {
  const auto read = [](const db::Row& row) { return std::string(row.text(0)); };
  // Differs because each database keeps its own catalog.
  if (tx.dialect() == db::Dialect::postgres) {
    return tx.list(db::Sql("output.columns",
                           "SELECT CAST(attname AS TEXT) FROM pg_attribute "
                           "WHERE attrelid = to_regclass(CAST($1 AS TEXT)) AND attnum > 0 AND NOT attisdropped"),
                   {table_}, read);
  }
  const auto parts = core::split(plain_table_, '.');
  const std::string_view schema = parts.size() == 2 ? parts[0] : "main";
  // SQLite takes a column's name in any case.
  return tx.list(db::Sql("output.columns", "SELECT lower(name) FROM pragma_table_info($1, $2)"), {parts.back(), schema},
                 read);
}

/// Errors: invalid for a table of somebody's that lacks columns, which it names.
void OutputTable::check(db::Tx& tx, const std::vector<std::string>& there) const {
  std::vector<std::string> missing;
  for (const std::string& column : columns_) {
    const std::string name = column.substr(1, column.size() - 2);
    const std::string wanted = tx.dialect() == db::Dialect::sqlite ? core::to_lower(name) : name;
    if (std::find(there.begin(), there.end(), wanted) == there.end()) missing.push_back("'" + name + "'");
  }
  if (missing.empty()) return;
  throw core::invalid(fmt::format("the table is there, but without {}: name another one, or add {}",
                                  fmt::join(missing, ", "), missing.size() == 1 ? "it" : "them"),
                      "predict.output.table");
}

/// The key makes sure of what replace() does: no row twice.
void OutputTable::create(db::Tx& tx) const {
  std::string text = fmt::format("CREATE TABLE IF NOT EXISTS {} (", table_);
  const auto add = [&](std::size_t column, std::string_view type) {
    text += fmt::format("{} {} NOT NULL, ", columns_[column], type);
  };
  add(0, whole_days_ ? "DATE" : "TIMESTAMPTZ");
  for (std::size_t i = 1; i <= groups_; ++i) add(i, "TEXT");
  add(groups_ + 1, "DOUBLE PRECISION");
  add(groups_ + 2, "TEXT");
  add(groups_ + 3, "DOUBLE PRECISION");
  add(groups_ + 4, "TEXT");
  add(groups_ + 5, "BIGINT");
  for (std::size_t i = groups_ + 6; i < columns_.size(); ++i) add(i, "TEXT");
  std::vector<std::string> key{columns_[groups_ + 7], columns_[0]};
  key.insert(key.end(), columns_.begin() + 1, columns_.begin() + 1 + static_cast<std::ptrdiff_t>(groups_));
  key.push_back(columns_.back());
  text += fmt::format("PRIMARY KEY ({}))", fmt::join(key, ", "));
  tx.execute(db::Sql("output.create", text));
}

void OutputTable::replace(db::Tx& tx, const OutputInterval& interval, const std::vector<PredictionRow>& rows,
                          const std::string& run_id) const {
  use_utc(tx);
  if (const auto there = columns_in(tx); there.empty())
    create(tx);
  else
    check(tx, there);
  const std::string remove = fmt::format("DELETE FROM {} WHERE {} = $1 AND {} >= $2 AND {} < $3", table_,
                                         columns_[groups_ + 7], columns_[0], columns_[0]);
  tx.execute(db::Sql("output.remove", remove), {detector_, time_text(interval.from), time_text(interval.until)});
  std::string places;
  for (std::size_t i = 1; i <= columns_.size(); ++i) places += fmt::format("{}${}", i == 1 ? "" : ", ", i);
  const std::string insert = fmt::format("INSERT INTO {} ({}) VALUES ({})", table_, fmt::join(columns_, ", "), places);
  std::vector<std::string> times;
  times.reserve(rows.size());
  std::vector<db::Param> params;
  params.reserve(rows.size() * columns_.size());
  for (const PredictionRow& row : rows) {
    times.push_back(time_text(row.time));
    params.emplace_back(times.back());
    for (const std::string& value : row.group) params.emplace_back(value);
    params.emplace_back(row.value);
    params.emplace_back(row.is_outlier ? "outlier" : "correct");
    params.emplace_back(row.score);
    params.emplace_back(row.model);
    params.emplace_back(row.model_version);
    params.emplace_back(run_id);
    params.emplace_back(detector_);
    params.emplace_back(row.algorithm);
  }
  if (!rows.empty()) tx.execute_many(db::Sql("output.insert", insert), params, columns_.size());
}

}  // namespace wakeful::runner
