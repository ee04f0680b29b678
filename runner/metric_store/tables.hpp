#pragma once
// The database that a metric store asks: that of its connection, or one in memory that its CSV files are read into.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/db/database.hpp"
#include "platform/search/sql.hpp"
#include "runner/metric_store/config.hpp"
#include "runner/source.hpp"

namespace wakeful::runner {

/// Reads the CSV files of the store's tables into new tables of `database`, all or none. Errors: invalid with file and
/// line: a row with another number of fields than the table has columns, a cell that is not of its column's type;
/// not_found for a file.
void load_tables(db::Database& database, const MetricStoreConfig& store);

/// Errors: as load_tables and Connections::get.
std::shared_ptr<db::Database> open_tables(const MetricStoreConfig& store, Connections& connections);

struct MetricRow {
  std::string time;  // RFC 3339
  std::optional<double> value{};
  std::vector<std::optional<std::string>> dimensions{};
};
/// The rows of a query that build_query made, in its order. Errors: as db::Database.
std::vector<MetricRow> ask(db::Database& database, const search::Query& query, const db::Options& options);

}  // namespace wakeful::runner
