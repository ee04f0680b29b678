#pragma once
// The one writer of a SQLite file: many requests' closures in one transaction, one COMMIT, then the answers.
//
// Groups run in the writer's thread, or in that of a caller who found nobody else writing (WriteQueue's turn).
// Checkpoints and tidying are the former's only.
// A group takes what is queued, up to kMaxGroup closures or kGroupBudget. The first closure needs no savepoint (if it
// fails the group has nothing else), every further one has its own. If COMMIT fails, or a statement takes the whole
// transaction down, each closure runs again alone and has its own outcome. Reasons and numbers: DESIGN.md.
// Threads: write() and run_between() any; close() once.
#include <chrono>
#include <string_view>
#include <thread>
#include <vector>

#include "platform/core/telemetry.hpp"
#include "platform/db/sqlite_connection.hpp"
#include "platform/db/statements.hpp"
#include "platform/db/write_queue.hpp"

namespace wakeful::db {

class SqliteTx;

class SqliteWriter {
 public:
  /// `pool` lends the connection that writes; one in memory is the readers' too.
  SqliteWriter(SqlitePool& pool, const OpenOptions& options);
  ~SqliteWriter();
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;

  void write(core::FunctionRef<void(Tx&)> body, const Options& options);
  void run_between(core::FunctionRef<void()> task);
  /// As run_between, with the connection that writes.
  void run_between(core::FunctionRef<void(SqliteConnection&)> task);
  /// Does what is queued, then ends the thread. Idempotent.
  void close();

 private:
  using Clock = core::Deadline::Clock;
  enum class Outcome { done, failed, transaction_lost };

  void write_here(WriteRequest& request);
  void write_there(WriteRequest& request, Priority priority);
  void loop();
  void run_tasks();
  void run_group(WriteRequest& first);
  bool begin_group(SqliteConnection& connection, WriteRequest& first);
  bool commit_group(SqliteConnection& connection);
  void run_again_alone(SqliteConnection& connection);
  void run_alone(SqliteConnection& connection, WriteRequest& request);
  Outcome run_closure(SqliteConnection& connection, WriteRequest& request, bool savepoint);
  void call(SqliteConnection& connection, WriteRequest& request);
  void log_if_slow(const SqliteTx& tx, Clock::time_point began);
  void answer_group();
  WriteQueue::Outlook outlook();
  void rest();
  bool checkpoint_is_due();
  void checkpoint_if_due();

  SqlitePool& pool_;
  WriteQueue queue_;
  StatementRecord* record_;
  core::Telemetry own_telemetry_;
  core::Telemetry& telemetry_;
  core::Counter& groups_;
  core::Counter& closures_;
  core::Histogram& commit_seconds_;
  core::Gauge& queued_;
  // Below: whose turn it is.
  std::vector<WriteRequest*> group_;
  std::size_t returning_ = 0;       // clients that are about to ask again: the last group and who came meanwhile
  Clock::duration commit_time_{0};  // of the recent commits, smoothed
  int checkpointed_pages_ = 0;
  int wal_pages_ = 0;
  std::once_flag closed_;
  std::thread thread_;
};

}  // namespace wakeful::db
