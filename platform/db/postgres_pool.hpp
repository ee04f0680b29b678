#pragma once
// A bounded pool of sessions with one PostgreSQL server. A session that was lost, or whose server hung up while nobody
// asked, is dropped and another opened. Threads: any.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "platform/core/mutex.hpp"
#include "platform/db/postgres_connection.hpp"

namespace wakeful::db {

class PostgresPool {
 public:
  PostgresPool(std::string uri, std::size_t limit) : uri_(std::move(uri)), limit_(limit) {}

  class Lease {
   public:
    Lease(PostgresPool& pool, std::unique_ptr<PostgresConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    PostgresConnection& operator*() const { return *connection_; }
    PostgresConnection* operator->() const { return connection_.get(); }

   private:
    PostgresPool* pool_;
    std::unique_ptr<PostgresConnection> connection_;
  };

  /// Errors: unavailable past the deadline (or 30 s), without a server, and once closed. Why there is no server is
  /// said only until one was reached.
  Lease lease(core::Deadline deadline) EXCLUDES(mutex_);
  /// Waits for what is lent, at most `grace`. Idempotent.
  void close(std::chrono::milliseconds grace) EXCLUDES(mutex_);

 private:
  std::unique_ptr<PostgresConnection> find_idle(core::Deadline deadline) EXCLUDES(mutex_);
  void give_back(std::unique_ptr<PostgresConnection> connection) EXCLUDES(mutex_);
  void forget_one() EXCLUDES(mutex_);

  const std::string uri_;
  const std::size_t limit_;
  std::atomic<bool> reached_ = false;  // the server answered once: what fails now is told to clients
  core::Mutex mutex_;
  core::Condition returned_;
  std::vector<std::unique_ptr<PostgresConnection>> idle_ GUARDED_BY(mutex_);
  std::size_t open_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace wakeful::db
