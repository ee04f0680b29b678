#pragma once
// Opens a store by its URI, the way MLflow writes them, and brings its schema up to date.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "platform/db/database.hpp"

namespace wakeful::core {
class Telemetry;
}

namespace wakeful::db {

class StatementRecord;

enum class Synchronous {
  full,    // an acknowledged write survives a power cut
  normal,  // … survives a crash of the program only (SQLite)
};

struct OpenOptions {
  Synchronous synchronous = Synchronous::full;
  int readers = 4;  // SQLite read connections; PostgreSQL: the whole pool
  std::size_t write_queue = 4096;
  bool exclusive = true;   // SQLite: one server per file, by flock; a second open is refused with its reason
  bool read_only = false;  // somebody else's: nothing of it is made or changed, not even SQLite's journal mode
  core::Telemetry* telemetry = nullptr;   // where to count; outlives the database
  StatementRecord* statements = nullptr;  // tests: which statements ran (statements.hpp); outlives the database
};

/// "sqlite:///relative.db", "sqlite:////absolute.db", "sqlite://" or "sqlite:///:memory:" (one shared in-memory store),
/// "postgresql://user@host/db" (also "postgres://" and SQLAlchemy's "postgresql+psycopg2://").
/// Does not migrate. Errors: invalid for a URI that is none of these; unavailable if it cannot be opened or is in use.
std::unique_ptr<Database> open(const std::string& uri, const OpenOptions& options = {});

/// Whether there is a store to be opened: the file of a SQLite URI. True for a server, which is not asked; false for a
/// store in memory. Errors: invalid as open.
bool exists(const std::string& uri);

struct Migration {
  std::int64_t number;
  std::string name;
  std::string sql;  // for this dialect
};

/// The migrations linked into the program, in order. "NNNN_name.sql" is for both databases; "NNNN_name.sqlite.sql" and
/// "NNNN_name.postgres.sql" where one text cannot say it.
std::vector<Migration> migrations(Dialect dialect);

struct SchemaStatus {
  std::int64_t applied = 0;  // newest applied number, 0 for an empty store
  std::int64_t known = 0;    // newest the program knows
  std::vector<std::string> pending;
};
SchemaStatus schema_status(Database& db);

/// Applies what is missing, each in one transaction with its row in `schema_migrations` (number, name, sha256, time).
/// Safe when several processes do it at once. Errors: invalid for a store that a newer program wrote, or for a
/// migration whose checksum differs from the one applied; the message says which and what to do.
void upgrade(Database& db);
/// The same with migrations of the caller's: how tests show what a changed or a newer one does.
void upgrade(Database& db, const std::vector<Migration>& known);

}  // namespace wakeful::db
