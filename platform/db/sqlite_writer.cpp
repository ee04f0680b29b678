#include "platform/db/sqlite_writer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/db/closure.hpp"
#include "platform/db/sqlite_tx.hpp"

namespace wakeful::db {
namespace {

constexpr std::size_t kMaxGroup = 512;
constexpr std::chrono::milliseconds kGroupBudget{5};
constexpr std::chrono::milliseconds kSlowClosure{50};
constexpr std::chrono::seconds kRest{5};
// 8 MiB of WAL: moved in some 20 ms, and not more often than every few hundred groups.
constexpr int kCheckpointPages = 2048;
// Waiting for returning clients never costs more than a quarter of a commit, nor 2 ms.
constexpr int kPatienceShare = 4;
constexpr std::chrono::milliseconds kMaxPatience{2};

}  // namespace

SqliteWriter::SqliteWriter(SqlitePool& pool, const OpenOptions& options)
    : pool_(pool),
      queue_(options.write_queue),
      record_(options.statements),
      telemetry_(options.telemetry != nullptr ? *options.telemetry : own_telemetry_),
      groups_(telemetry_.counter("wakeful_db_groups_total", "Transactions committed by the writer.")),
      closures_(telemetry_.counter("wakeful_db_writes_total", "Writes answered, failed ones included.")),
      commit_seconds_(telemetry_.histogram("wakeful_db_commit_seconds", "Time of COMMIT, the sync of the disk.")),
      queued_(telemetry_.gauge("wakeful_db_queued_writes", "Writes waiting for the writer.")) {
  thread_ = std::thread([this] { loop(); });
}

SqliteWriter::~SqliteWriter() { close(); }

void SqliteWriter::close() {
  std::call_once(closed_, [this] {
    queue_.close();
    thread_.join();
  });
}

void SqliteWriter::write(core::FunctionRef<void(Tx&)> body, const Options& options) {
  WriteRequest request{.body = body, .deadline = options.deadline};
  if (queue_.try_take_turn())
    write_here(request);
  else
    write_there(request, options.priority);
  if (request.error) std::rethrow_exception(request.error);
}

/// In the caller's thread, with whatever is queued meanwhile.
void SqliteWriter::write_here(WriteRequest& request) {
  queued_.add(1);
  run_group(request);
  queue_.end_turn(outlook());
}

void SqliteWriter::write_there(WriteRequest& request, Priority priority) {
  queue_.push(request, priority);
  queued_.add(1);
  const bool answered = request.done.wait(request.deadline);
  if (!answered && queue_.cancel(request)) {
    queued_.add(-1);
    throw core::unavailable("the write did not begin before its deadline");
  }
  if (!answered) request.done.wait();  // it has begun: only who has the turn knows its outcome
}

void SqliteWriter::run_between(core::FunctionRef<void()> task) {
  BetweenWrites work{.task = task};
  queue_.push(work);
  work.done.wait();
  if (work.error) std::rethrow_exception(work.error);
}

void SqliteWriter::run_between(core::FunctionRef<void(SqliteConnection&)> task) {
  auto with_connection = [&] { task(*pool_.lease(core::Deadline::never())); };
  run_between(core::FunctionRef<void()>(with_connection));
}

void SqliteWriter::loop() {
  for (;;) {
    switch (queue_.gather(kRest)) {
      case WriteQueue::Wake::closed:
        return;
      case WriteQueue::Wake::idle:
        rest();
        break;
      case WriteQueue::Wake::work:
        run_tasks();
        if (WriteRequest* request = queue_.find_request()) run_group(*request);
        checkpoint_if_due();
    }
    queue_.end_turn(outlook());
  }
}

WriteQueue::Outlook SqliteWriter::outlook() {
  return {.expected = returning_,
          .patience = std::min<Clock::duration>(commit_time_ / kPatienceShare, kMaxPatience),
          .chores = checkpoint_is_due()};
}

void SqliteWriter::run_tasks() {
  while (BetweenWrites* work = queue_.find_task()) {
    try {
      const ClosureMark mark;
      work->task();
    } catch (...) {
      work->error = std::current_exception();
    }
    work->done.post();
  }
}

void SqliteWriter::run_group(WriteRequest& first) {
  group_.clear();
  const auto lease = [&]() -> std::optional<SqlitePool::Lease> {
    try {
      return pool_.lease(first.deadline);
    } catch (...) {
      first.error = std::current_exception();
      return std::nullopt;
    }
  }();
  group_.push_back(&first);
  if (!lease || !begin_group(**lease, first)) return answer_group();
  SqliteConnection& connection = **lease;
  const auto budget = Clock::now() + kGroupBudget;
  WriteRequest* next = nullptr;
  while (group_.size() < kMaxGroup && Clock::now() < budget && (next = queue_.find_request()) != nullptr) {
    group_.push_back(next);
    if (run_closure(connection, *next, true) == Outcome::transaction_lost) {
      run_again_alone(connection);
      return answer_group();
    }
  }
  if (!commit_group(connection)) run_again_alone(connection);
  answer_group();
}

/// Opens the transaction and runs the first closure; false if that leaves nothing to commit.
bool SqliteWriter::begin_group(SqliteConnection& connection, WriteRequest& first) {
  try {
    connection.run("BEGIN IMMEDIATE");
  } catch (...) {
    first.error = std::current_exception();
    return false;
  }
  if (run_closure(connection, first, false) == Outcome::done) return true;
  if (connection.in_transaction()) connection.try_run("ROLLBACK");
  return false;
}

/// False if the closures have to run again, each alone: nobody knows which of them made COMMIT fail.
bool SqliteWriter::commit_group(SqliteConnection& connection) {
  const auto began = Clock::now();
  try {
    connection.limit(core::Deadline::never());
    connection.run("COMMIT");
  } catch (const core::Error& error) {
    core::log::warn("db_commit_failed", {{"writes", group_.size()}, {"message", error.what()}});
    if (connection.in_transaction()) connection.try_run("ROLLBACK");
    if (group_.size() > 1) return false;
    group_.front()->error = std::current_exception();
    return true;
  }
  const auto took = Clock::now() - began;
  commit_seconds_.observe(std::chrono::duration<double>(took).count());
  groups_.add();
  commit_time_ += (took - commit_time_) / 8;
  wal_pages_ = connection.wal_pages();
  return true;
}

/// Errors of the first attempt go too: what a closure then saw was never committed.
void SqliteWriter::run_again_alone(SqliteConnection& connection) {
  for (WriteRequest* request : group_) {
    request->error = nullptr;
    run_alone(connection, *request);
  }
}

void SqliteWriter::run_alone(SqliteConnection& connection, WriteRequest& request) {
  try {
    connection.run("BEGIN IMMEDIATE");
    if (run_closure(connection, request, false) == Outcome::done) {
      connection.limit(core::Deadline::never());
      connection.run("COMMIT");
      groups_.add();
    }
  } catch (...) {
    request.error = std::current_exception();
  }
  if (connection.in_transaction()) connection.try_run("ROLLBACK");
}

SqliteWriter::Outcome SqliteWriter::run_closure(SqliteConnection& connection, WriteRequest& request, bool savepoint) {
  try {
    if (request.deadline.expired()) throw core::unavailable("the write did not begin before its deadline");
    if (savepoint) connection.run("SAVEPOINT one");
    call(connection, request);
    if (savepoint) connection.run("RELEASE one");
    return Outcome::done;
  } catch (...) {
    request.error = std::current_exception();
  }
  connection.limit(core::Deadline::never());
  // A full disk or an interrupted statement may have rolled back the whole transaction.
  if (!connection.in_transaction()) return Outcome::transaction_lost;
  if (!savepoint) return Outcome::failed;
  try {
    connection.run("ROLLBACK TO one");
    connection.run("RELEASE one");
  } catch (const core::Error&) {
    connection.try_run("ROLLBACK");
    return Outcome::transaction_lost;
  }
  return Outcome::failed;
}

void SqliteWriter::call(SqliteConnection& connection, WriteRequest& request) {
  const ClosureMark mark;
  SqliteTx tx(connection, SqliteTx::Access::write, record_);
  const auto began = Clock::now();
  connection.limit(request.deadline);
  request.body(tx);
  tx.order().require_sound();
  log_if_slow(tx, began);
}

void SqliteWriter::log_if_slow(const SqliteTx& tx, Clock::time_point began) {
  const auto took = Clock::now() - began;
  if (took < kSlowClosure) return;
  core::log::warn("db_slow_write", {{"ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()},
                                    {"statement", tx.order().last()}});
}

void SqliteWriter::answer_group() {
  closures_.add(group_.size());
  queued_.add(-static_cast<double>(group_.size()));
  // Who came while the group ran will be in the next one; who is answered now comes back soon, if it is a busy client.
  returning_ = std::min(group_.size() + queue_.size(), kMaxGroup);
  for (WriteRequest* request : group_) request->done.post();
  group_.clear();
}

bool SqliteWriter::checkpoint_is_due() {
  if (wal_pages_ < checkpointed_pages_) checkpointed_pages_ = 0;  // the WAL began anew
  return wal_pages_ - checkpointed_pages_ >= kCheckpointPages;
}

void SqliteWriter::checkpoint_if_due() {
  if (!checkpoint_is_due()) return;
  pool_.lease(core::Deadline::never())->checkpoint(false);
  checkpointed_pages_ = wal_pages_;
}

void SqliteWriter::rest() {
  returning_ = 0;
  std::optional<SqlitePool::Lease> lease;
  try {
    lease.emplace(pool_.lease(core::Deadline::after(std::chrono::milliseconds(0))));
  } catch (const core::Error&) {
    return;  // in memory a reader may have the connection, for as long as it likes: then another time
  }
  SqliteConnection& connection = **lease;
  if (connection.wal_pages() > 0) {
    connection.checkpoint(true);
    wal_pages_ = connection.wal_pages();
    checkpointed_pages_ = 0;
  }
  connection.release_memory();
}

}  // namespace wakeful::db
