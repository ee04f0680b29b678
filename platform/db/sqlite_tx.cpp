#include "platform/db/sqlite_tx.hpp"

#include <sqlite3.h>

#include <fmt/core.h>

#include "platform/core/error.hpp"

namespace wakeful::db {
namespace {

class SqliteRow final : public Row {
 public:
  SqliteRow(sqlite3_stmt* statement, std::string_view name) : statement_(statement), name_(name) {}

  int columns() const override { return sqlite3_column_count(statement_); }
  bool is_null(int column) const override { return type(column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override {
    if (type(column) != SQLITE_INTEGER) throw mismatch(column, "an integer");
    return sqlite3_column_int64(statement_, column);
  }
  double real(int column) const override {
    if (type(column) != SQLITE_FLOAT && type(column) != SQLITE_INTEGER) throw mismatch(column, "a number");
    return sqlite3_column_double(statement_, column);
  }
  std::string_view text(int column) const override {
    const int kind = type(column);
    if (kind == SQLITE_NULL) throw mismatch(column, "text");
    const void* bytes = kind == SQLITE_BLOB ? sqlite3_column_blob(statement_, column)
                                            : static_cast<const void*>(sqlite3_column_text(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
  }

 private:
  int type(int column) const {
    if (column < 0 || column >= columns())
      throw core::internal(fmt::format("{}: column {} of {}", name_, column, columns()));
    return sqlite3_column_type(statement_, column);
  }
  core::Error mismatch(int column, std::string_view wanted) const {
    return core::internal(fmt::format("{}: column {} is not {}", name_, column, wanted));
  }

  sqlite3_stmt* statement_;
  std::string_view name_;
};

}  // namespace

SqliteConnection::Statement SqliteTx::lend(const Sql& sql) {
  bool fresh = false;
  SqliteConnection::Statement statement = connection_.lend(sql.sqlite, sql.name, &fresh);
  if (fresh && record_ != nullptr) record_->add(Dialect::sqlite, sql.name);
  if (access_ == Access::read && !statement.reads_only())
    throw core::internal(fmt::format("{} writes inside a read", sql.name));
  return statement;
}

std::int64_t SqliteTx::execute(const Sql& sql, std::span<const Param> params) {
  return execute_many(sql, params, params.size());
}

std::int64_t SqliteTx::execute_many(const Sql& sql, std::span<const Param> params, std::size_t width) {
  return order_.statement(sql.name, [&] {
    SqliteConnection::Statement statement = lend(sql);
    if (width != 0 && params.size() % width != 0)
      throw core::internal(fmt::format("{}: {} values do not fill rows of {}", sql.name, params.size(), width));
    std::int64_t changed = 0;
    if (width != 0 && params.empty()) return changed;
    std::size_t done = 0;
    do {
      const std::int64_t before = connection_.total_changes();
      statement.bind(params.subspan(done, width), sql.name);
      while (statement.step(sql.name)) {
      }
      // changes() alone keeps the count of an earlier statement when this one is no change at all.
      if (connection_.total_changes() != before) changed += connection_.changes();
      statement.reset();
      done += width;
    } while (done < params.size());
    return changed;
  });
}

void SqliteTx::query(const Sql& sql, std::span<const Param> params, RowCallback each) {
  order_.statement(sql.name, [&] {
    SqliteConnection::Statement statement = lend(sql);
    statement.bind(params, sql.name);
    const SqliteRow row(statement.handle(), sql.name);
    while (statement.step(sql.name)) order_.row([&] { each(row); });
    return true;
  });
}

}  // namespace wakeful::db
