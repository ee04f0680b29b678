#pragma once
// The tables of a slice, for tests that compare a store with itself or begin with an empty one.
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "support/database.hpp"

namespace wakeful::testing {

struct Table {
  std::string_view name;
  int columns = 0;
};

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

/// The kinds of store that scenarios are played on: those of PostgreSQL where there is a server.
inline std::vector<std::string> available_kinds() {
  std::vector<std::string> kinds;
  for (const char* kind : {"sqlite_memory", "postgres", "postgres_locale"}) {
    if (Store::is_available(kind)) kinds.emplace_back(kind);
  }
  return kinds;
}

/// A store without rows in `tables`. SQLite's is new; PostgreSQL's is opened once for a program and emptied each time,
/// because a fresh schema takes a tenth of a second.
inline std::shared_ptr<db::Database> empty_store(const std::string& kind, std::span<const Table> tables) {
  if (kind == "sqlite_memory") return open_test_database();
  struct Opened {
    explicit Opened(const std::string& of) : store(of), database(store.open()) { db::upgrade(*database); }
    Store store;
    std::shared_ptr<db::Database> database;
  };
  static std::map<std::string, std::unique_ptr<Opened>> opened;
  auto& one = opened[kind];
  if (!one) one = std::make_unique<Opened>(kind);
  std::string names;
  for (const Table& table : tables) names += fmt::format("{}{}", names.empty() ? "" : ", ", table.name);
  const std::string text = fmt::format("TRUNCATE {} RESTART IDENTITY CASCADE", names);
  one->database->write([&](db::Tx& tx) { tx.execute(db::Sql("test.empty", text)); });
  return one->database;
}

}  // namespace wakeful::testing
