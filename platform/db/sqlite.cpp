#include "platform/db/sqlite.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "platform/core/error.hpp"
#include "platform/db/closure.hpp"
#include "platform/db/sqlite_tx.hpp"
#include "platform/db/sqlite_writer.hpp"

namespace wakeful::db {
namespace {

constexpr std::chrono::seconds kCloseGrace{5};

/// An flock beside the file, not on it: closing any descriptor of the file itself would drop SQLite's own locks.
class FileLock {
 public:
  FileLock(const std::string& path, bool wanted) {
    if (!wanted) return;
    const std::string name = path + "-lock";
    descriptor_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0)
      throw core::unavailable(fmt::format("cannot open the database {}: {}", path, std::strerror(errno)));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    ::close(descriptor_);
    throw core::unavailable(fmt::format("the database {} is in use by another server ({} is locked)", path, name));
  }
  ~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

void sync_path(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) throw core::unavailable(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  const int result = ::fsync(descriptor);
  ::close(descriptor);
  if (result != 0) throw core::unavailable(fmt::format("cannot sync {}: {}", path, std::strerror(errno)));
}

void copy_into(SqliteConnection& connection, const std::string& path) {
  auto statement = connection.lend("VACUUM INTO $1", "db.backup");
  const Param target(path);
  statement.bind(std::span(&target, 1), "db.backup");
  while (statement.step("db.backup")) {
  }
}

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(const std::string& path, const OpenOptions& options)
      : path_(path),
        lock_(path, options.exclusive && !options.read_only && !path.empty()),
        record_(options.statements),
        writing_({.path = name(),
                  .synchronous = options.synchronous,
                  .writes = true,
                  .read_only = options.read_only,
                  .cache_kib = 4096},
                 1),
        reading_({.path = name(),
                  .synchronous = options.synchronous,
                  .writes = false,
                  .read_only = options.read_only,
                  .statements = 64},
                 static_cast<std::size_t>(std::max(options.readers, 1))) {
    writing_.lease(core::Deadline::never());  // a file that cannot be opened is said here, not at the first write
    writer_ = std::make_unique<SqliteWriter>(writing_, options);
  }
  ~SqliteDatabase() override { SqliteDatabase::close(); }

  Dialect dialect() const override { return Dialect::sqlite; }

  void run_between_writes(core::FunctionRef<void()> task) override {
    require_outside_closure("run_between_writes");
    writer_->run_between(task);
  }

  void compact() override {
    require_outside_closure("compact");
    auto vacuum = [](SqliteConnection& connection) { connection.run("VACUUM"); };
    writer_->run_between(core::FunctionRef<void(SqliteConnection&)>(vacuum));
  }

  void backup(const std::string& path) override {
    require_outside_closure("backup");
    if (std::filesystem::exists(path)) throw core::invalid(fmt::format("{} exists already", path));
    const std::string partial = path + ".partial";
    std::filesystem::remove(partial);
    // A connection of its own: a copy reads one snapshot and holds nobody up. In memory there is only the one.
    if (path_.empty())
      copy_into(*writing_.lease(core::Deadline::never()), partial);
    else
      copy_into(*reading_.lease(core::Deadline::never()), partial);
    sync_path(partial, O_RDWR);
    if (::renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0)
      throw core::unavailable(fmt::format("cannot name the copy {}: {}", path, std::strerror(errno)));
    const auto folder = std::filesystem::absolute(path).parent_path();
    sync_path(folder, O_RDONLY | O_DIRECTORY);
  }

  void close() override {
    require_outside_closure("close");
    writer_->close();
    reading_.close(kCloseGrace);
    writing_.close(kCloseGrace);
  }

 protected:
  void run_write(core::FunctionRef<void(Tx&)> body, const Options& options) override {
    require_outside_closure("write");
    writer_->write(body, options);
  }

  void run_read(core::FunctionRef<void(Tx&)> body, const Options& options) override {
    require_outside_closure("read");
    const auto lease = (path_.empty() ? writing_ : reading_).lease(options.deadline);
    lease->limit(options.deadline);
    const Reading reading(*lease);
    const ClosureMark mark;
    SqliteTx tx(*lease, SqliteTx::Access::read, record_);
    body(tx);
    tx.order().require_sound();
  }

 private:
  class Reading {
   public:
    explicit Reading(SqliteConnection& connection) : connection_(connection) { connection_.run("BEGIN"); }
    ~Reading() {
      connection_.limit(core::Deadline::never());
      if (connection_.in_transaction()) connection_.try_run("ROLLBACK");
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    SqliteConnection& connection_;
  };

  std::string name() const { return path_.empty() ? ":memory:" : path_; }

  const std::string path_;
  FileLock lock_;
  StatementRecord* record_;
  SqlitePool writing_;
  SqlitePool reading_;
  std::unique_ptr<SqliteWriter> writer_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const std::string& path, const OpenOptions& options) {
  return std::make_unique<SqliteDatabase>(path, options);
}

}  // namespace wakeful::db
