#pragma once
// A Tx on one SQLite connection. It does not begin or end the transaction; the writer and read() do.
// After a failed statement it refuses every further one, as PostgreSQL does. Threads: its closure's.
#include "platform/db/closure.hpp"
#include "platform/db/sqlite_connection.hpp"
#include "platform/db/statements.hpp"

namespace wakeful::db {

class SqliteTx final : public Tx {
 public:
  enum class Access { read, write };
  SqliteTx(SqliteConnection& connection, Access access, StatementRecord* record)
      : connection_(connection), access_(access), record_(record) {}

  Dialect dialect() const override { return Dialect::sqlite; }
  using Tx::execute;
  using Tx::query;
  std::int64_t execute(const Sql& sql, std::span<const Param> params) override;
  void query(const Sql& sql, std::span<const Param> params, RowCallback each) override;
  std::int64_t execute_many(const Sql& sql, std::span<const Param> params, std::size_t width) override;

  const StatementOrder& order() const { return order_; }

 private:
  SqliteConnection::Statement lend(const Sql& sql);

  SqliteConnection& connection_;
  const Access access_;
  StatementRecord* record_;
  StatementOrder order_;
};

}  // namespace wakeful::db
