#pragma once
// A Tx on one PostgreSQL session. It does not begin or end the transaction. Threads: its closure's.
#include "platform/db/closure.hpp"
#include "platform/db/postgres_connection.hpp"
#include "platform/db/statements.hpp"

namespace wakeful::db {

class PostgresTx final : public Tx {
 public:
  PostgresTx(PostgresConnection& connection, StatementRecord* record) : connection_(connection), record_(record) {}

  Dialect dialect() const override { return Dialect::postgres; }
  using Tx::execute;
  using Tx::query;
  std::int64_t execute(const Sql& sql, std::span<const Param> params) override;
  void query(const Sql& sql, std::span<const Param> params, RowCallback each) override;
  std::int64_t execute_many(const Sql& sql, std::span<const Param> params, std::size_t width) override;

  const StatementOrder& order() const { return order_; }

 private:
  void note(bool fresh, const Sql& sql);

  PostgresConnection& connection_;
  StatementRecord* record_;
  StatementOrder order_;
};

}  // namespace wakeful::db
