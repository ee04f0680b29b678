#include "platform/db/postgres.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/telemetry.hpp"
#include "platform/db/closure.hpp"
#include "platform/db/postgres_pool.hpp"
#include "platform/db/postgres_tx.hpp"

namespace wakeful::db {
namespace {

constexpr int kAttempts = 8;  // of one closure: serialization failures, deadlocks, sessions lost before COMMIT
constexpr std::chrono::milliseconds kSlowClosure{50};
constexpr std::chrono::seconds kCloseGrace{5};
using Clock = core::Deadline::Clock;
using Access = PostgresConnection::Access;

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(const std::string& uri, const OpenOptions& options)
      : record_(options.statements),
        telemetry_(options.telemetry != nullptr ? *options.telemetry : own_telemetry_),
        closures_(telemetry_.counter("wakeful_db_writes_total", "Writes answered, failed ones included.")),
        commit_seconds_(telemetry_.histogram("wakeful_db_commit_seconds", "Time of COMMIT, the sync of the disk.")),
        pool_(uri, static_cast<std::size_t>(std::max(options.readers, 1))) {
    pool_.lease(core::Deadline::never());  // a server that does not answer is said here, not at the first request
  }
  ~PostgresDatabase() override { PostgresDatabase::close(); }

  Dialect dialect() const override { return Dialect::postgres; }

  void run_between_writes(core::FunctionRef<void()> task) override {
    require_outside_closure("run_between_writes");
    const ClosureMark mark;
    task();
  }
  void compact() override { require_outside_closure("compact"); }
  void backup(const std::string&) override {
    throw core::invalid("a PostgreSQL database is backed up by its own tools (pg_dump)");
  }
  void close() override {
    require_outside_closure("close");
    pool_.close(kCloseGrace);
  }

 protected:
  void run_write(core::FunctionRef<void(Tx&)> body, const Options& options) override {
    require_outside_closure("write");
    closures_.add();
    run(body, options.deadline, Access::write);
  }
  void run_read(core::FunctionRef<void(Tx&)> body, const Options& options) override {
    require_outside_closure("read");
    run(body, options.deadline, Access::read);
  }

 private:
  void run(core::FunctionRef<void(Tx&)> body, core::Deadline deadline, Access access);
  bool attempt(core::FunctionRef<void(Tx&)> body, core::Deadline deadline, Access access, bool last);
  void call(PostgresConnection& connection, core::FunctionRef<void(Tx&)> body);
  void commit(PostgresConnection& connection);

  StatementRecord* record_;
  core::Telemetry own_telemetry_;
  core::Telemetry& telemetry_;
  core::Counter& closures_;
  core::Histogram& commit_seconds_;
  PostgresPool pool_;
};

void PostgresDatabase::run(core::FunctionRef<void(Tx&)> body, core::Deadline deadline, Access access) {
  for (int i = 1; !attempt(body, deadline, access, i == kAttempts); ++i) {
    // Two that ran into each other do so again if they start together again.
    const auto spread = std::hash<std::thread::id>()(std::this_thread::get_id()) % 8;
    std::this_thread::sleep_for(std::chrono::milliseconds((std::uint64_t{1} << std::min(i - 1, 5)) + spread));
  }
}

/// False if the closure may, and should, run again.
bool PostgresDatabase::attempt(core::FunctionRef<void(Tx&)> body, core::Deadline deadline, Access access, bool last) {
  if (deadline.expired()) throw core::unavailable("the deadline passed before the database could begin");
  const auto lease = pool_.lease(deadline);
  try {
    lease->begin(access, deadline);
    call(*lease, body);
    if (access == Access::write)
      commit(*lease);
    else
      lease->rollback();
    return true;
  } catch (...) {
    const bool again = !last && !deadline.expired() && (lease->is_lost() ? !lease->is_in_doubt() : lease->may_retry());
    lease->rollback();
    if (!again) throw;
    return false;
  }
}

void PostgresDatabase::call(PostgresConnection& connection, core::FunctionRef<void(Tx&)> body) {
  const ClosureMark mark;
  PostgresTx tx(connection, record_);
  const auto began = Clock::now();
  body(tx);
  tx.order().require_sound();
  const auto took = Clock::now() - began;
  if (took > kSlowClosure)
    core::log::debug("db_slow_closure", {{"ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()},
                                         {"statement", tx.order().last()}});
}

void PostgresDatabase::commit(PostgresConnection& connection) {
  const auto began = Clock::now();
  try {
    connection.commit();
  } catch (const core::Error&) {
    if (!connection.is_lost()) throw;
    throw core::unavailable(
        "the connection to the database was lost at the commit: the change may have happened or not");
  }
  commit_seconds_.observe(std::chrono::duration<double>(Clock::now() - began).count());
}

}  // namespace

std::unique_ptr<Database> open_postgres(const std::string& uri, const OpenOptions& options) {
  return std::make_unique<PostgresDatabase>(uri, options);
}

}  // namespace wakeful::db
