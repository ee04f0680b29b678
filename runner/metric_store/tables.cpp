#include "runner/metric_store/tables.hpp"

#include <fstream>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/core/time_text.hpp"
#include "platform/db/open.hpp"
#include "runner/csv_reader.hpp"
#include "runner/sources/sql_plan.hpp"

namespace wakeful::runner {
namespace {

constexpr std::size_t kRowsAtOnce = 500;

std::string_view type_of(ColumnType type) {
  switch (type) {
    case ColumnType::integer:
      return "BIGINT";
    case ColumnType::real:
      return "DOUBLE PRECISION";
    default:
      return "TEXT";
  }
}

using Cell = std::variant<db::Null, std::int64_t, double, std::string>;

/// An empty cell is a missing one.
Cell cell_of(const std::string& text, const StoreColumn& column) {
  if (text.empty()) return db::Null{};
  const auto wrong = [&](std::string_view what) {
    return core::invalid(fmt::format("'{}' is no {} of column '{}'", text.substr(0, 100), what, column.name));
  };
  if (column.type == ColumnType::integer) {
    const auto value = core::to_integer(core::trim(text));
    if (!value) throw wrong("whole number");
    return *value;
  }
  if (column.type == ColumnType::real) {
    const auto value = core::to_real(core::trim(text));
    if (!value) throw wrong("number");
    return *value;
  }
  if (column.type == ColumnType::timestamp) {
    const auto time = core::read_time_text(text);
    if (!time) throw wrong("time");
    return core::format_rfc3339(*time);
  }
  return text;
}

class TableLoader {
 public:
  TableLoader(db::Tx& tx, const StoreTable& table) : tx_(tx), table_(table) {
    std::string columns, places;
    for (const StoreColumn& column : table.columns) {
      columns +=
          fmt::format("{}{} {}", columns.empty() ? "" : ", ", quoted(column.name, "columns"), type_of(column.type));
      places += fmt::format("{}${}", places.empty() ? "" : ", ", ++width_);
    }
    const std::string name = quoted(table.name, "tables");
    tx.execute(db::Sql("metric_store.create", fmt::format("CREATE TABLE {} ({})", name, columns)));
    insert_ = fmt::format("INSERT INTO {} VALUES ({})", name, places);
  }

  void load() {
    std::ifstream file(table_.source, std::ios::binary);
    if (!file)
      throw core::not_found(
          fmt::format("'{}' of table '{}' is no file that can be read", table_.source.string(), table_.name), "tables");
    CsvReader csv(file);
    std::vector<std::string> fields;
    bool skip = table_.has_header;
    while (csv.next(fields)) {
      if (std::exchange(skip, false)) continue;
      add(fields, csv.line());
    }
    flush();
  }

 private:
  void add(const std::vector<std::string>& fields, std::int64_t line) {
    try {
      if (fields.size() != width_)
        throw core::invalid(fmt::format("{} fields where the table has {} columns", fields.size(), width_));
      for (std::size_t i = 0; i < width_; ++i) cells_.push_back(cell_of(fields[i], table_.columns[i]));
    } catch (const core::Error& e) {
      throw core::Error(e.code(), fmt::format("{}: line {}: {}", table_.source.filename().string(), line, e.what()),
                        "tables");
    }
    if (cells_.size() >= kRowsAtOnce * width_) flush();
  }

  void flush() {
    if (cells_.empty()) return;
    std::vector<db::Param> params;
    params.reserve(cells_.size());
    for (const Cell& cell : cells_) std::visit([&](const auto& v) { params.emplace_back(v); }, cell);
    tx_.execute_many(db::Sql("metric_store.insert", insert_), params, width_);
    cells_.clear();
  }

  db::Tx& tx_;
  const StoreTable& table_;
  std::size_t width_ = 0;
  std::string insert_;
  std::vector<Cell> cells_;
};

}  // namespace

void load_tables(db::Database& database, const MetricStoreConfig& store) {
  database.write([&](db::Tx& tx) {
    for (const StoreTable& table : store.tables) TableLoader(tx, table).load();
    return 0;
  });
}

std::shared_ptr<db::Database> open_tables(const MetricStoreConfig& store, Connections& connections) {
  if (!store.connection.empty()) return connections.get(store.connection);
  std::shared_ptr<db::Database> database = db::open("sqlite://");
  load_tables(*database, store);
  return database;
}

std::vector<MetricRow> ask(db::Database& database, const search::Query& query, const db::Options& options) {
  return database.read(
      [&](db::Tx& tx) {
        use_utc(tx);
        const auto params = search::params_of<db::Param>(query);
        return tx.list(db::Sql("metric_store.rows", query.sql()), params, [](const db::Row& row) {
          MetricRow out{.time = std::string(row.text(0)), .value = row.find_real(1)};
          for (int i = 2; i < row.columns(); ++i) out.dimensions.push_back(row.find_text(i));
          return out;
        });
      },
      options);
}

}  // namespace wakeful::runner
