#pragma once
// One session with a PostgreSQL server.
//
// Never blocks in libpq: it sends, then polls until the answer or the deadline. The server ends a statement at its
// deadline by itself (statement_timeout); if it does not say so a second later the session is given up as lost.
// Threads: one at a time.
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "platform/core/deadline.hpp"
#include "platform/core/error.hpp"
#include "platform/db/database.hpp"

struct pg_conn;
struct pg_result;

namespace wakeful::db {

struct ClearResult {
  void operator()(pg_result* result) const;
};
using PostgresResult = std::unique_ptr<pg_result, ClearResult>;

class PostgresConnection {
 public:
  PostgresConnection(const std::string& uri, core::Deadline deadline);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  enum class Access { read, write };
  /// Begins a transaction whose statements end at the deadline.
  void begin(Access access, core::Deadline deadline);
  void commit();
  /// Says nothing if it fails: then the session is lost.
  void rollback() noexcept;

  /// `fresh` (may be null) is told whether the text had to be prepared.
  PostgresResult run(const Sql& sql, std::span<const Param> params, bool* fresh);
  /// Rows affected by one statement for many rows, sent without waiting for each.
  std::int64_t run_many(const Sql& sql, std::span<const Param> params, std::size_t width, bool* fresh);

  /// The session is of no use any more.
  bool is_lost() const { return lost_; }
  /// COMMIT was sent and its answer has not come: nobody here knows the outcome.
  bool is_in_doubt() const { return in_doubt_; }
  /// The newest failure was a serialization failure or a deadlock: the transaction may succeed when run again.
  bool may_retry() const { return may_retry_; }
  /// Nothing has come from the server while nobody asked, so it has not hung up.
  bool is_quiet();

 private:
  struct Prepared {
    std::string text;
    std::string name;
  };

  void connect(const std::string& uri, core::Deadline deadline);
  void configure();
  PostgresResult run_text(const std::string& text);
  const Prepared& prepare(const Sql& sql, bool* fresh);
  void forget_least_used();
  void send(const Prepared& statement, std::span<const Param> params, std::string_view name);
  PostgresResult receive();
  PostgresResult receive_only();
  std::int64_t run_pipeline(const Prepared& statement, std::span<const Param> params, std::size_t width,
                            std::string_view name);
  void wait_for_answer();
  void poll_socket(bool reading, bool writing);
  void require_success(const PostgresResult& result, std::string_view name);
  core::Error lost(std::string_view what);
  core::Error failure(const PostgresResult& result, std::string_view name);

  pg_conn* connection_ = nullptr;
  core::Deadline deadline_ = core::Deadline::never();
  std::list<Prepared> prepared_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Prepared>::iterator> by_text_;
  std::size_t text_bytes_ = 0;  // of all that are kept
  std::int64_t next_name_ = 0;
  bool lost_ = false;
  bool may_retry_ = false;
  bool in_doubt_ = false;
};

}  // namespace wakeful::db
