#include "platform/db/postgres_pool.hpp"

#include <algorithm>

#include "platform/core/error.hpp"

namespace wakeful::db {
namespace {

constexpr std::chrono::seconds kLeaseLimit{30};

}  // namespace

/// An idle session, or nothing with the right to open one.
std::unique_ptr<PostgresConnection> PostgresPool::find_idle(core::Deadline deadline) {
  const auto until = std::min(deadline.at(), core::Deadline::Clock::now() + kLeaseLimit);
  core::Lock lock(mutex_);
  while (!closed_ && idle_.empty() && open_ >= limit_) {
    if (core::Deadline::Clock::now() >= until) throw core::unavailable("no connection to the database is free");
    returned_.wait_until(mutex_, until);
  }
  if (closed_) throw core::unavailable("the database is closed");
  if (idle_.empty()) {
    ++open_;
    return nullptr;
  }
  std::unique_ptr<PostgresConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

PostgresPool::Lease PostgresPool::lease(core::Deadline deadline) {
  for (;;) {
    std::unique_ptr<PostgresConnection> connection = find_idle(deadline);
    if (connection && connection->is_quiet()) return {*this, std::move(connection)};
    if (connection) {
      forget_one();
      continue;
    }
    try {
      auto opened = std::make_unique<PostgresConnection>(uri_, deadline);
      reached_ = true;
      return {*this, std::move(opened)};
    } catch (const core::Error&) {
      forget_one();
      if (reached_) throw core::unavailable("PostgreSQL cannot be reached at the moment");
      throw;
    } catch (...) {
      forget_one();
      throw;
    }
  }
}

void PostgresPool::forget_one() {
  core::Lock lock(mutex_);
  --open_;
  returned_.notify_one();
}

void PostgresPool::give_back(std::unique_ptr<PostgresConnection> connection) {
  const bool lost = connection->is_lost();
  if (lost) connection.reset();
  core::Lock lock(mutex_);
  if (lost || closed_)
    --open_;
  else
    idle_.push_back(std::move(connection));
  if (closed_)
    returned_.notify_all();
  else
    returned_.notify_one();
}

void PostgresPool::close(std::chrono::milliseconds grace) {
  const auto until = core::Deadline::Clock::now() + grace;
  std::vector<std::unique_ptr<PostgresConnection>> closing;
  core::Lock lock(mutex_);
  closed_ = true;
  returned_.notify_all();
  open_ -= idle_.size();
  closing = std::move(idle_);
  idle_.clear();
  while (open_ > 0 && core::Deadline::Clock::now() < until) returned_.wait_until(mutex_, until);
}

}  // namespace wakeful::db
