#pragma once
// The bounded queue before the SQLite writer: interactive work first, bulk after it, tasks between groups; and the turn
// to write, which the writer has, or a caller that found nothing to wait for.
//
// A WriteRequest lives on its caller's stack and is borrowed until `done` is posted or cancel() gave it back. The queue
// wakes the writer once per group, not once per request: see gather(). Threads: try_take_turn, push and cancel any,
// find_* who has the turn, gather the writer.
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>

#include "platform/core/mutex.hpp"
#include "platform/db/database.hpp"
#include "platform/db/signal.hpp"

namespace wakeful::db {

struct WriteRequest {
  core::FunctionRef<void(Tx&)> body;
  core::Deadline deadline;
  std::exception_ptr error = nullptr;
  core::Deadline::Clock::time_point queued_at = {};
  Signal done = {};
};

struct BetweenWrites {
  core::FunctionRef<void()> task;
  std::exception_ptr error = nullptr;
  Signal done = {};
};

class WriteQueue {
 public:
  using TimePoint = core::Deadline::Clock::time_point;

  explicit WriteQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Errors: unavailable if full or closed.
  void push(WriteRequest& request, Priority priority) EXCLUDES(mutex_);
  void push(BetweenWrites& task) EXCLUDES(mutex_);
  /// True if the request had not begun and is now its caller's again.
  bool cancel(WriteRequest& request) EXCLUDES(mutex_);
  /// Refuses what comes later; what is queued stays to be done.
  void close() EXCLUDES(mutex_);
  std::size_t size() const EXCLUDES(mutex_);

  /// True if nobody has the turn, nothing is queued and no other client is expected: the caller has the turn then, and
  /// writes in its own thread, which saves it the way to the writer's and back. It must end_turn().
  bool try_take_turn() EXCLUDES(mutex_);
  /// What comes after a turn.
  struct Outlook {
    std::size_t expected = 0;                       // requests known to come soon, of clients that were just answered
    core::Deadline::Clock::duration patience = {};  // how long they are waited for, once somebody else has come
    bool chores = false;                            // the writer is to look for what it does between groups
  };
  void end_turn(const Outlook& outlook) EXCLUDES(mutex_);

  enum class Wake { work, idle, closed };
  /// Waits for work, and for the turn. Once there is some, and less than what is expected, waits for that too. `idle`,
  /// with the turn, once nobody wrote for `rest`.
  Wake gather(core::Deadline::Clock::duration rest) EXCLUDES(mutex_);
  /// Interactive first; a bulk request that has waited for a second goes before them.
  WriteRequest* find_request() EXCLUDES(mutex_);
  BetweenWrites* find_task() EXCLUDES(mutex_);

 private:
  std::size_t requests() const REQUIRES(mutex_) { return interactive_.size() + bulk_.size(); }
  bool has_work() const REQUIRES(mutex_) { return requests() != 0 || !tasks_.empty() || outlook_.chores; }
  void added() REQUIRES(mutex_);

  mutable core::Mutex mutex_;
  core::Condition wake_;
  std::deque<WriteRequest*> interactive_ GUARDED_BY(mutex_);
  std::deque<WriteRequest*> bulk_ GUARDED_BY(mutex_);
  std::deque<BetweenWrites*> tasks_ GUARDED_BY(mutex_);
  std::size_t wake_at_ GUARDED_BY(mutex_) = 0;  // how many requests the sleeping writer waits for; 0: it is awake
  bool turn_is_taken_ GUARDED_BY(mutex_) = false;
  Outlook outlook_ GUARDED_BY(mutex_);
  TimePoint last_turn_ GUARDED_BY(mutex_) = {};
  bool closed_ GUARDED_BY(mutex_) = false;
  const std::size_t capacity_;
};

}  // namespace wakeful::db
