#include "platform/db/sqlite_connection.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <fmt/core.h>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/text.hpp"
#include "platform/db/closure.hpp"

namespace wakeful::db {
namespace {

constexpr int kBusyTimeoutMs = 5000;  // only another process can make us wait: inside this one there is one writer
constexpr int kProgressSteps = 2000;  // virtual machine steps between two looks at the clock: some 20 µs
constexpr std::chrono::seconds kLeaseLimit{30};
constexpr int kJournalLimitBytes = 64 << 20;
// Of the statements that a connection keeps prepared: prepared, one takes up to thirty times its text.
constexpr std::size_t kMostTextBytes = 512U << 10U;

int compare_bytes(void*, int left_size, const void* left, int right_size, const void* right) {
  const int order = std::memcmp(left, right, static_cast<std::size_t>(std::min(left_size, right_size)));
  return order != 0 ? order : left_size - right_size;
}

int past_deadline(void* deadline) { return static_cast<const core::Deadline*>(deadline)->expired() ? 1 : 0; }

int note_wal(void* pages, sqlite3*, const char*, int size) {
  *static_cast<int*>(pages) = size;
  return SQLITE_OK;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// To SQLite `$2` is a name, counted by where it first stands; `?2` is the second parameter, as PostgreSQL has it.
/// Parameters that stand in their order become `?` alone: SQLite searches all numbers that it has seen for each one,
/// and a list of 20,000 took it seconds.
std::string with_numbers(std::string_view sql) {
  std::string numbered;
  std::string bare;
  std::int64_t in_order = 0;  // how many did; below zero: one did not
  char quote = '\0';
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    const bool begins = quote == '\0' && c == '$' && i + 1 < sql.size() && is_digit(sql[i + 1]);
    numbered += begins ? '?' : c;
    bare += begins ? '?' : c;
    if (begins) {
      const std::size_t first = i + 1;
      while (i + 1 < sql.size() && is_digit(sql[i + 1])) numbered += sql[++i];
      const bool next = in_order >= 0 && core::to_integer(sql.substr(first, i + 1 - first)) == in_order + 1;
      in_order = next ? in_order + 1 : -1;
    } else if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    }
  }
  return in_order >= 0 ? bare : numbered;
}

}  // namespace

core::Error sqlite_error(sqlite3* connection, int result, std::string_view statement) {
  const std::string message = sqlite3_errmsg(connection);
  const bool disk_is_full = sqlite3_system_errno(connection) == ENOSPC;
  switch (result & 0xFF) {
    case SQLITE_CONSTRAINT:
      return core::conflict(fmt::format("a constraint refused the change: {}", message));
    case SQLITE_FULL:
      return core::exhausted("the disk of the database is full");
    case SQLITE_TOOBIG:
      return core::exhausted("a value is larger than the database takes");
    case SQLITE_INTERRUPT:
      return core::unavailable("the database did not finish before the deadline");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return core::unavailable("the database is locked by another process");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
      core::log::error("db_failed", {{"statement", statement}, {"code", result}, {"message", message}});
      if (disk_is_full) return core::exhausted("the disk of the database is full");
      return core::unavailable(fmt::format("the database cannot be used: {}", message));
    default:
      return core::internal(fmt::format("{}: {} (SQLite {})", statement, message, result));
  }
}

SqliteConnection::SqliteConnection(const SqliteSettings& settings) : path_(settings.path), kept_(settings.statements) {
  try {
    // One thread at a time uses a connection, so SQLite's own mutexes would only cost.
    const int access = settings.read_only ? SQLite::OPEN_READONLY : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
    database_ = std::make_unique<SQLite::Database>(settings.path, access | SQLITE_OPEN_NOMUTEX, kBusyTimeoutMs);
    handle_ = database_->getHandle();
    configure(settings);
  } catch (const SQLite::Exception& failure) {
    throw core::unavailable(fmt::format("cannot open the database {}: {}", settings.path, failure.what()));
  }
}

void SqliteConnection::configure(const SqliteSettings& settings) {
  // Off: a mistyped column in double quotes would be text; extensions would be code; schemas are not trusted to run
  // any.
  for (const int option : {SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
                           SQLITE_DBCONFIG_TRUSTED_SCHEMA})
    sqlite3_db_config(handle_, option, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_create_collation(handle_, "C", SQLITE_UTF8, nullptr, compare_bytes);
  if (settings.path != ":memory:" && !settings.read_only) {
    if (settings.writes && database_->execAndGet("PRAGMA journal_mode=WAL").getString() != "wal")
      throw core::unavailable(fmt::format("the file system of {} does not allow SQLite's WAL", settings.path));
    database_->exec(fmt::format("PRAGMA journal_size_limit={}", kJournalLimitBytes));
  }
  database_->exec(fmt::format("PRAGMA synchronous={}", settings.synchronous == Synchronous::full ? "FULL" : "NORMAL"));
  database_->exec(fmt::format("PRAGMA cache_size=-{}", settings.cache_kib));
  database_->exec(
      "PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON; PRAGMA secure_delete=OFF;"
      "PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY");
  // After wal_autocheckpoint, which is a hook of its own.
  sqlite3_wal_hook(handle_, note_wal, &wal_pages_);
}

SqliteConnection::~SqliteConnection() {
  for (const Prepared& prepared : prepared_) sqlite3_finalize(prepared.handle);
}

sqlite3_stmt* SqliteConnection::prepare(std::string_view sql, std::string_view name) {
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  const std::string text = with_numbers(sql);
  const int result = sqlite3_prepare_v3(handle_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT,
                                        &handle, &rest);
  if (result != SQLITE_OK) throw sqlite_error(handle_, result, name);
  if (handle == nullptr) throw core::internal(fmt::format("{}: an empty statement", name));
  return handle;
}

SqliteConnection::Statement SqliteConnection::lend(std::string_view text, std::string_view name, bool* fresh) {
  const auto found = by_text_.find(text);
  if (fresh != nullptr) *fresh = found == by_text_.end();
  if (found != by_text_.end()) {
    prepared_.splice(prepared_.begin(), prepared_, found->second);
    return {handle_, found->second->handle};
  }
  sqlite3_stmt* handle = prepare(text, name);
  prepared_.push_front({std::string(text), handle});
  by_text_.emplace(prepared_.front().text, prepared_.begin());
  text_bytes_ += text.size();
  while (prepared_.size() > 1 && (prepared_.size() > kept_ || text_bytes_ > kMostTextBytes)) forget_least_used();
  return {handle_, handle};
}

void SqliteConnection::forget_least_used() {
  const Prepared& last = prepared_.back();
  text_bytes_ -= last.text.size();
  by_text_.erase(last.text);
  sqlite3_finalize(last.handle);
  prepared_.pop_back();
}

void SqliteConnection::run(std::string_view text) {
  Statement statement = lend(text, text);
  while (statement.step(text)) {
  }
}

void SqliteConnection::try_run(std::string_view text) noexcept {
  try {
    run(text);
  } catch (const core::Error& error) {
    core::log::debug("db_clearing_up_failed", {{"statement", text}, {"message", error.what()}});
  }
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
std::int64_t SqliteConnection::total_changes() const { return sqlite3_total_changes64(handle_); }
std::int64_t SqliteConnection::changes() const { return sqlite3_changes64(handle_); }

void SqliteConnection::limit(core::Deadline deadline) {
  if (deadline.is_never() && deadline_.is_never()) return;
  deadline_ = deadline;
  sqlite3_progress_handler(handle_, deadline.is_never() ? 0 : kProgressSteps, past_deadline, &deadline_);
}

void SqliteConnection::interrupt() { sqlite3_interrupt(handle_); }

void SqliteConnection::checkpoint(bool shrink) {
  int pages = 0;
  int moved = 0;
  const int mode = shrink ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  sqlite3_busy_timeout(handle_, 0);
  const int result = sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, &pages, &moved);
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  if (result == SQLITE_OK && shrink) wal_pages_ = 0;
  if (result != SQLITE_OK && result != SQLITE_BUSY)
    core::log::warn("db_checkpoint_failed", {{"code", result}, {"message", sqlite3_errmsg(handle_)}});
}

void SqliteConnection::release_memory() { sqlite3_db_release_memory(handle_); }

SqliteConnection::Statement::~Statement() {
  if (handle_ == nullptr) return;
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);  // they borrow the caller's memory
}

void SqliteConnection::Statement::reset() { sqlite3_reset(handle_); }

bool SqliteConnection::Statement::reads_only() const { return sqlite3_stmt_readonly(handle_) != 0; }

void SqliteConnection::Statement::bind(std::span<const Param> params, std::string_view name) {
  if (static_cast<int>(params.size()) != sqlite3_bind_parameter_count(handle_))
    throw core::internal(
        fmt::format("{}: {} parameters given, {} wanted", name, params.size(), sqlite3_bind_parameter_count(handle_)));
  int result = SQLITE_OK;
  for (int i = 1; const Param& param : params) {
    // Borrowed for the call: the statement is reset before the parameters go.
    if (const auto* text = std::get_if<std::string_view>(&param.value())) {
      require_storable(*text);
      const char* begin = text->data() == nullptr ? "" : text->data();
      result = sqlite3_bind_text64(handle_, i, begin, text->size(), SQLITE_STATIC, SQLITE_UTF8);
    } else if (const auto* integer = std::get_if<std::int64_t>(&param.value())) {
      result = sqlite3_bind_int64(handle_, i, *integer);
    } else if (const auto* real = std::get_if<double>(&param.value())) {
      result = sqlite3_bind_double(handle_, i, *real);  // NaN becomes NULL
    } else if (const auto* blob = std::get_if<Blob>(&param.value())) {
      const void* begin = blob->bytes.data() == nullptr ? "" : blob->bytes.data();
      result = sqlite3_bind_blob64(handle_, i, begin, blob->bytes.size(), SQLITE_STATIC);
    } else {
      result = sqlite3_bind_null(handle_, i);
    }
    if (result != SQLITE_OK) throw sqlite_error(connection_, result, name);
    ++i;
  }
}

bool SqliteConnection::Statement::step(std::string_view name) {
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  throw sqlite_error(connection_, result, name);
}

std::unique_ptr<SqliteConnection> SqlitePool::open() {
  try {
    return std::make_unique<SqliteConnection>(settings_);
  } catch (...) {
    core::Lock lock(mutex_);
    --open_;
    returned_.notify_one();
    throw;
  }
}

SqlitePool::Lease SqlitePool::lease(core::Deadline deadline) {
  const auto until = std::min(deadline.at(), core::Deadline::Clock::now() + kLeaseLimit);
  {
    core::Lock lock(mutex_);
    while (!closed_ && idle_.empty() && open_ >= limit_) {
      if (core::Deadline::Clock::now() >= until) throw core::unavailable("no connection to the database is free");
      returned_.wait_until(mutex_, until);
    }
    if (closed_) throw core::unavailable("the database is closed");
    if (!idle_.empty()) {
      std::unique_ptr<SqliteConnection> connection = std::move(idle_.back());
      idle_.pop_back();
      lent_.push_back(connection.get());
      return {*this, std::move(connection)};
    }
    ++open_;
  }
  std::unique_ptr<SqliteConnection> connection = open();
  core::Lock lock(mutex_);
  lent_.push_back(connection.get());
  return {*this, std::move(connection)};
}

void SqlitePool::give_back(std::unique_ptr<SqliteConnection> connection) {
  core::Lock lock(mutex_);
  std::erase(lent_, connection.get());
  idle_.push_back(std::move(connection));
  if (closed_)
    returned_.notify_all();
  else
    returned_.notify_one();
}

void SqlitePool::release_memory() {
  core::Lock lock(mutex_);
  for (const auto& connection : idle_) connection->release_memory();
}

void SqlitePool::close(std::chrono::milliseconds grace) {
  std::vector<std::unique_ptr<SqliteConnection>> closing;
  core::Lock lock(mutex_);
  closed_ = true;
  returned_.notify_all();
  const auto patient_until = core::Deadline::Clock::now() + grace;
  while (!lent_.empty()) {
    if (core::Deadline::Clock::now() >= patient_until) {
      for (SqliteConnection* connection : lent_) connection->interrupt();
      returned_.wait_for(mutex_, std::chrono::milliseconds(20));
    } else {
      returned_.wait_until(mutex_, patient_until);
    }
  }
  closing = std::move(idle_);
  idle_.clear();
}

}  // namespace wakeful::db
