#pragma once
// Stores for tests of a slice on both databases: SQLite in memory, always fresh, and the PostgreSQL database that
// WAKEFUL_TEST_POSTGRES names, emptied of the slice's tables. Test programs may share that one at the same time as long
// as their slices do not share tables.
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "platform/db/open.hpp"

namespace wakeful::testing {

struct Table {
  std::string_view name;
  int columns = 0;
};

inline bool has_postgres() { return std::getenv("WAKEFUL_TEST_POSTGRES") != nullptr; }

/// Every row of the tables, in an order that does not depend on the store.
inline std::string fingerprint(db::Database& database, std::span<const Table> tables) {
  return database.read([&](db::Tx& tx) {
    std::string all;
    for (const Table& table : tables) {
      std::string order = "1";
      for (int i = 2; i <= table.columns; ++i) order += fmt::format(", {}", i);
      const std::string text = fmt::format("SELECT * FROM {} ORDER BY {}", table.name, order);
      tx.query(db::Sql("test.fingerprint", text), {}, [&](const db::Row& row) {
        all += fmt::format("\n{}", table.name);
        for (int i = 0; i < row.columns(); ++i) all += fmt::format(" {}", row.is_null(i) ? "null" : row.text(i));
      });
    }
    return all;
  });
}

/// An empty store. PostgreSQL's is opened once for a program: a fresh database takes it most of a second.
inline std::shared_ptr<db::Database> fresh_store(bool on_postgres, std::span<const Table> tables) {
  if (!on_postgres) {
    std::shared_ptr<db::Database> store = db::open("sqlite://");
    db::upgrade(*store);
    return store;
  }
  static const std::shared_ptr<db::Database> store = [] {
    std::shared_ptr<db::Database> opened = db::open(std::getenv("WAKEFUL_TEST_POSTGRES"));
    db::upgrade(*opened);
    return opened;
  }();
  std::string names;
  for (const Table& table : tables) names += fmt::format("{}{}", names.empty() ? "" : ", ", table.name);
  const std::string text = fmt::format("TRUNCATE {} RESTART IDENTITY CASCADE", names);
  store->write([&](db::Tx& tx) { tx.execute(db::Sql("test.empty", text)); });
  return store;
}

}  // namespace wakeful::testing
