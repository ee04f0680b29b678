#pragma once
// One SQLite connection with its prepared statements, and a bounded pool of such.
//
// A statement is lent and comes back reset whatever happens: one that is not reset keeps its snapshot and pins the WAL.
// Threads: a connection belongs to one thread at a time (interrupt() any); the pool any.
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "platform/core/deadline.hpp"
#include "platform/core/error.hpp"
#include "platform/core/mutex.hpp"
#include "platform/db/open.hpp"

struct sqlite3;
struct sqlite3_stmt;
namespace SQLite {  // NOLINT(readability-identifier-naming): not ours
class Database;
}

namespace wakeful::db {

/// The error for what `connection` just reported. `statement` names it in the log and in internal errors.
core::Error sqlite_error(sqlite3* connection, int result, std::string_view statement);

struct SqliteSettings {
  std::string path;  // ":memory:" or a file
  Synchronous synchronous = Synchronous::full;
  bool writes = true;
  bool read_only = false;  // the file is somebody else's
  int cache_kib = 2048;
  std::size_t statements = 128;  // kept prepared, fewer where their texts are long
};

class SqliteConnection {
 public:
  explicit SqliteConnection(const SqliteSettings& settings);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  class Statement {
   public:
    Statement(sqlite3* connection, sqlite3_stmt* handle) : connection_(connection), handle_(handle) {}
    ~Statement();
    Statement(Statement&& other) noexcept
        : connection_(other.connection_), handle_(std::exchange(other.handle_, nullptr)) {}
    Statement& operator=(Statement&&) = delete;
    sqlite3_stmt* handle() const { return handle_; }
    void bind(std::span<const Param> params, std::string_view name);
    /// True for a row, false when done.
    bool step(std::string_view name);
    /// Ready for the next parameters.
    void reset();
    bool reads_only() const;

   private:
    sqlite3* connection_;
    sqlite3_stmt* handle_;
  };

  /// `fresh` (may be null) is told whether the text had to be prepared. Errors: internal for text that SQLite does not
  /// take.
  Statement lend(std::string_view text, std::string_view name, bool* fresh = nullptr);
  /// Runs one text without parameters.
  void run(std::string_view text);
  /// As run(), but for clearing up: says nothing if it fails.
  void try_run(std::string_view text) noexcept;

  bool in_transaction() const;
  std::int64_t total_changes() const;
  std::int64_t changes() const;
  /// Statements that run past the deadline are interrupted; never() lifts it.
  void limit(core::Deadline deadline);
  void interrupt();
  /// Pages in the WAL after the newest commit.
  int wal_pages() const { return wal_pages_; }
  /// Moves the WAL into the file as far as readers allow, without waiting for them; `shrink` also empties it if nobody
  /// reads.
  void checkpoint(bool shrink);
  void release_memory();
  const std::string& path() const { return path_; }

 private:
  struct Prepared {
    std::string text;
    sqlite3_stmt* handle;
  };
  void configure(const SqliteSettings& settings);
  sqlite3_stmt* prepare(std::string_view text, std::string_view name);
  void forget_least_used();

  std::unique_ptr<SQLite::Database> database_;
  sqlite3* handle_ = nullptr;
  std::string path_;
  std::list<Prepared> prepared_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Prepared>::iterator> by_text_;
  std::size_t text_bytes_ = 0;  // of all that are kept
  const std::size_t kept_;
  core::Deadline deadline_ = core::Deadline::never();
  int wal_pages_ = 0;
};

class SqlitePool {
 public:
  SqlitePool(SqliteSettings settings, std::size_t limit) : settings_(std::move(settings)), limit_(limit) {}

  class Lease {
   public:
    Lease(SqlitePool& pool, std::unique_ptr<SqliteConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    SqliteConnection& operator*() const { return *connection_; }
    SqliteConnection* operator->() const { return connection_.get(); }

   private:
    SqlitePool* pool_;
    std::unique_ptr<SqliteConnection> connection_;
  };

  /// Errors: unavailable past the deadline (or 30 s), and once closed.
  Lease lease(core::Deadline deadline) EXCLUDES(mutex_);
  /// Memory that idle connections can spare.
  void release_memory() EXCLUDES(mutex_);
  /// Waits for what is lent, interrupts it after `grace`, and closes all. Idempotent.
  void close(std::chrono::milliseconds grace) EXCLUDES(mutex_);

 private:
  void give_back(std::unique_ptr<SqliteConnection> connection) EXCLUDES(mutex_);
  std::unique_ptr<SqliteConnection> open() EXCLUDES(mutex_);

  const SqliteSettings settings_;
  const std::size_t limit_;
  core::Mutex mutex_;
  core::Condition returned_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_ GUARDED_BY(mutex_);
  std::vector<SqliteConnection*> lent_ GUARDED_BY(mutex_);
  std::size_t open_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace wakeful::db
