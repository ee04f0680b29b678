#include "platform/db/postgres_connection.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include <fmt/core.h>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/text.hpp"
#include "platform/db/closure.hpp"
#include "platform/db/postgres_library.hpp"

namespace wakeful::db {
namespace {

constexpr std::chrono::seconds kConnectLimit{10};
constexpr std::chrono::seconds kLateAnswer{1};    // the server's own timeout comes first
constexpr std::chrono::seconds kCommitLimit{10};  // giving up a COMMIT leaves its outcome unknown
constexpr std::size_t kKeptStatements = 256;
constexpr std::size_t kMostTextBytes = 512U << 10U;  // of those; the server keeps their plans, too
constexpr std::size_t kPipelineRows = 500;
constexpr std::string_view kConnecting = "connect";
constexpr int kOldestServer = 130000;

/// Parameters as libpq takes them. Text has to end with a NUL there, so it is copied.
class Arguments {
 public:
  explicit Arguments(std::span<const Param> params) {
    for (const Param& param : params) add(param);
    for (std::size_t i = 0; i < starts_.size(); ++i)
      values_.push_back(starts_[i] == kNull ? nullptr : bytes_.data() + starts_[i]);
  }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  static constexpr std::size_t kNull = static_cast<std::size_t>(-1);

  void add(const Param& param) {
    if (const auto* text = std::get_if<std::string_view>(&param.value())) {
      require_storable(*text);
      append(*text, 0);
    } else if (const auto* integer = std::get_if<std::int64_t>(&param.value())) {
      std::array<char, 24> digits{};
      const auto end = std::to_chars(digits.begin(), digits.end(), *integer).ptr;
      append({digits.data(), static_cast<std::size_t>(end - digits.data())}, 0);
    } else if (const auto* blob = std::get_if<Blob>(&param.value())) {
      append(blob->bytes, 1);
    } else if (const auto* real = std::get_if<double>(&param.value()); real != nullptr && !std::isnan(*real)) {
      append(core::format_real(*real), 0);
    } else {
      starts_.push_back(kNull);
      lengths_.push_back(0);
      formats_.push_back(0);
    }
  }
  void append(std::string_view value, int format) {
    starts_.push_back(bytes_.size());
    lengths_.push_back(static_cast<int>(value.size()));
    formats_.push_back(format);
    bytes_.append(value);
    bytes_ += '\0';
  }

  std::string bytes_;
  std::vector<std::size_t> starts_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

std::string trimmed(const char* message) { return std::string(core::trim(message == nullptr ? "" : message)); }

int milliseconds_until(core::Deadline deadline) {
  if (deadline.is_never()) return -1;
  return static_cast<int>(std::min<std::int64_t>(deadline.remaining().count(), 3'600'000));
}

}  // namespace

void ClearResult::operator()(pg_result* result) const { pq().clear(result); }

PostgresConnection::PostgresConnection(const std::string& uri, core::Deadline deadline) {
  connect(uri, core::Deadline(std::min(deadline.at(), core::Deadline::Clock::now() + kConnectLimit)));
  try {
    configure();
  } catch (...) {
    pq().finish(connection_);
    throw;
  }
}

PostgresConnection::~PostgresConnection() { pq().finish(connection_); }

void PostgresConnection::connect(const std::string& uri, core::Deadline deadline) {
  // The URI comes last, so that what it says counts. A dead peer is noticed in about half a minute.
  const std::array<const char*, 8> names{
      "fallback_application_name", "client_encoding",  "keepalives_idle", "keepalives_interval",
      "keepalives_count",          "tcp_user_timeout", "dbname",          nullptr};
  const std::array<const char*, 8> values{"wakeful", "UTF8", "10", "5", "3", "25000", uri.c_str(), nullptr};
  connection_ = pq().connect_start_params(names.data(), values.data(), 1);
  deadline_ = deadline;
  try {
    if (connection_ == nullptr || pq().status(connection_) == CONNECTION_BAD) throw lost(kConnecting);
    for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK; state = pq().connect_poll(connection_)) {
      if (state == PGRES_POLLING_FAILED) throw lost(kConnecting);
      poll_socket(state == PGRES_POLLING_READING, state == PGRES_POLLING_WRITING);
    }
    pq().setnonblocking(connection_, 1);
  } catch (...) {
    pq().finish(connection_);
    throw;
  }
}

void PostgresConnection::configure() {
  if (pq().server_version(connection_) < kOldestServer)
    throw core::unavailable(
        fmt::format("PostgreSQL {} is too old; 13 or newer is needed", pq().server_version(connection_) / 10000));
  if (const char* encoding = pq().parameter_status(connection_, "server_encoding");
      encoding == nullptr || std::string_view(encoding) != "UTF8")
    throw core::unavailable(fmt::format("the PostgreSQL database has the encoding {}; UTF8 is needed",
                                        encoding == nullptr ? "unknown" : encoding));
  pq().set_notice_processor(
      connection_, [](void*, const char*) {}, nullptr);
  // A database or role may have other defaults. A session whose program was stopped must not keep its locks. Compiling
  // a filter of some hundred comparisons takes half a minute, in which the server hears of no time limit.
  run_text(
      "SET standard_conforming_strings = on; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET jit = off; "
      "SET default_transaction_isolation = 'read committed'; SET idle_in_transaction_session_timeout = '60s'");
  deadline_ = core::Deadline::never();
}

core::Error PostgresConnection::lost(std::string_view what) {
  lost_ = true;
  const std::string message = connection_ == nullptr ? "out of memory" : trimmed(pq().error_message(connection_));
  core::log::warn("db_connection_lost", {{"at", what}, {"message", message}});
  // Only who opens the database is told its address and user: later it is a client that hears this.
  const bool opening = what == kConnecting && !message.empty();
  return core::unavailable(opening ? fmt::format("PostgreSQL cannot be reached: {}", message)
                                   : "PostgreSQL does not answer");
}

core::Error PostgresConnection::failure(const PostgresResult& result, std::string_view name) {
  const char* field = pq().result_error_field(result.get(), PG_DIAG_SQLSTATE);
  const std::string state = field == nullptr ? "" : field;
  const std::string message = trimmed(pq().result_error_field(result.get(), PG_DIAG_MESSAGE_PRIMARY));
  if (pq().status(connection_) == CONNECTION_BAD || state.empty()) return lost(name);
  may_retry_ = state == "40001" || state == "40P01";
  const std::string_view kind = std::string_view(state).substr(0, 2);
  if (kind == "23") return core::conflict(fmt::format("a constraint refused the change: {}", message));
  if (state == "53100") return core::exhausted("the disk of the database is full");
  if (state == "54000") return core::exhausted("a value is larger than the database takes");
  if (state == "57014") return core::unavailable("the database did not finish before the deadline");
  // A number of parameters that the statement does not have is told by the server alone: asking for a description first
  // costs a round trip, and libpq before 15.20 takes none of more than 7,000 parameters.
  if (state == "08P01") return core::internal(fmt::format("{}: {}", name, message));
  if (kind == "57" || kind == "53" || kind == "08" || kind == "40" || kind == "55") {
    core::log::warn("db_failed", {{"statement", name}, {"state", state}, {"message", message}});
    lost_ = lost_ || kind == "57" || kind == "08";
    return core::unavailable("the database cannot answer at the moment");
  }
  return core::internal(fmt::format("{}: {} (PostgreSQL {})", name, message, state));
}

void PostgresConnection::poll_socket(bool reading, bool writing) {
  pollfd socket{};
  socket.fd = pq().socket(connection_);
  socket.events = static_cast<short>((reading ? POLLIN : 0) | (writing ? POLLOUT : 0));
  const auto limit = deadline_.is_never() ? deadline_ : core::Deadline(deadline_.at() + kLateAnswer);
  for (;;) {
    const int ready = ::poll(&socket, 1, milliseconds_until(limit));
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) throw lost("poll");
    if (limit.expired()) {
      lost_ = true;
      throw core::unavailable("PostgreSQL did not answer before the deadline");
    }
  }
}

void PostgresConnection::wait_for_answer() {
  for (;;) {
    const int unsent = pq().flush(connection_);
    if (unsent < 0) throw lost("send");
    if (unsent == 0 && pq().is_busy(connection_) == 0) return;
    poll_socket(true, unsent == 1);
    if (pq().consume_input(connection_) == 0) throw lost("receive");
  }
}

PostgresResult PostgresConnection::receive() {
  wait_for_answer();
  return PostgresResult(pq().get_result(connection_));
}

/// The last result of what was sent; the connection is free afterwards.
PostgresResult PostgresConnection::receive_only() {
  PostgresResult last;
  PostgresResult failed;
  while (PostgresResult result = receive()) {
    const auto status = pq().result_status(result.get());
    if (status == PGRES_FATAL_ERROR && !failed)
      failed = std::move(result);
    else
      last = std::move(result);
    if (pq().status(connection_) == CONNECTION_BAD) break;
  }
  return failed ? std::move(failed) : std::move(last);
}

void PostgresConnection::require_success(const PostgresResult& result, std::string_view name) {
  if (!result) throw lost(name);
  const auto status = pq().result_status(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
    throw failure(result, name);
}

PostgresResult PostgresConnection::run_text(const std::string& text) {
  if (pq().send_query(connection_, text.c_str()) == 0) throw lost(text);
  PostgresResult result = receive_only();
  require_success(result, text);
  return result;
}

void PostgresConnection::begin(Access access, core::Deadline deadline) {
  may_retry_ = false;
  in_doubt_ = false;
  deadline_ = deadline;
  std::string text = access == Access::write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  if (!deadline.is_never())
    text += fmt::format("; SET LOCAL statement_timeout = {}", std::max(milliseconds_until(deadline), 1));
  run_text(text);
}

void PostgresConnection::commit() {
  if (!deadline_.is_never())
    deadline_ = core::Deadline(std::max(deadline_.at(), core::Deadline::Clock::now() + kCommitLimit));
  in_doubt_ = true;
  const PostgresResult result = run_text("COMMIT");
  in_doubt_ = false;
  if (std::string_view(pq().cmd_status(result.get())) != "COMMIT")
    throw core::internal("the closure went on after a statement had failed");
}

void PostgresConnection::rollback() noexcept {
  if (lost_) return;
  try {
    deadline_ = core::Deadline(core::Deadline::Clock::now() + kConnectLimit);
    run_text("ROLLBACK");
  } catch (const core::Error&) {
    lost_ = true;
  }
}

bool PostgresConnection::is_quiet() {
  if (lost_ || pq().status(connection_) == CONNECTION_BAD) return false;
  pollfd socket{};
  socket.fd = pq().socket(connection_);
  socket.events = POLLIN;
  return ::poll(&socket, 1, 0) == 0;
}

const PostgresConnection::Prepared& PostgresConnection::prepare(const Sql& sql, bool* fresh) {
  const auto found = by_text_.find(sql.postgres);
  if (fresh != nullptr) *fresh = found == by_text_.end();
  if (found != by_text_.end()) {
    prepared_.splice(prepared_.begin(), prepared_, found->second);
    return *found->second;
  }
  while (prepared_.size() >= kKeptStatements || (!prepared_.empty() && text_bytes_ > kMostTextBytes))
    forget_least_used();
  Prepared statement{std::string(sql.postgres), fmt::format("s{}", next_name_++)};
  if (pq().send_prepare(connection_, statement.name.c_str(), statement.text.c_str(), 0, nullptr) == 0)
    throw lost(sql.name);
  require_success(receive_only(), sql.name);
  text_bytes_ += statement.text.size();
  prepared_.push_front(std::move(statement));
  by_text_.emplace(prepared_.front().text, prepared_.begin());
  return prepared_.front();
}

void PostgresConnection::forget_least_used() {
  const Prepared& last = prepared_.back();
  run_text("DEALLOCATE " + last.name);
  text_bytes_ -= last.text.size();
  by_text_.erase(last.text);
  prepared_.pop_back();
}

void PostgresConnection::send(const Prepared& statement, std::span<const Param> params, std::string_view name) {
  const Arguments arguments(params);
  if (pq().send_query_prepared(connection_, statement.name.c_str(), static_cast<int>(params.size()), arguments.values(),
                               arguments.lengths(), arguments.formats(), 0) == 0)
    throw lost(name);
}

PostgresResult PostgresConnection::run(const Sql& sql, std::span<const Param> params, bool* fresh) {
  const Prepared& statement = prepare(sql, fresh);
  send(statement, params, sql.name);
  PostgresResult result = receive_only();
  require_success(result, sql.name);
  return result;
}

std::int64_t PostgresConnection::run_many(const Sql& sql, std::span<const Param> params, std::size_t width,
                                          bool* fresh) {
  const Prepared& statement = prepare(sql, fresh);
  if (width == 0 || params.size() % width != 0)
    throw core::internal(fmt::format("{}: {} values do not fill rows of {}", sql.name, params.size(), width));
  for (const Param& param : params)  // before anything is sent: a refusal must not leave half a pipeline
    if (const auto* text = std::get_if<std::string_view>(&param.value())) require_storable(*text);
  std::int64_t changed = 0;
  while (!params.empty()) {
    const auto part = params.first(std::min(params.size(), kPipelineRows * width));
    params = params.subspan(part.size());
    changed += run_pipeline(statement, part, width, sql.name);
  }
  return changed;
}

std::int64_t PostgresConnection::run_pipeline(const Prepared& statement, std::span<const Param> params,
                                              std::size_t width, std::string_view name) {
  if (pq().enter_pipeline_mode(connection_) == 0) throw lost(name);
  for (std::size_t at = 0; at < params.size(); at += width) send(statement, params.subspan(at, width), name);
  if (pq().pipeline_sync(connection_) == 0) throw lost(name);
  std::int64_t changed = 0;
  PostgresResult failed;
  for (;;) {
    PostgresResult result = receive();
    if (!result) {  // the end of one statement's results
      if (pq().status(connection_) == CONNECTION_BAD) throw lost(name);
      continue;
    }
    const auto status = pq().result_status(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_COMMAND_OK) changed += core::to_integer(pq().cmd_tuples(result.get())).value_or(0);
    if (status == PGRES_FATAL_ERROR && !failed) failed = std::move(result);
  }
  if (pq().exit_pipeline_mode(connection_) == 0) throw lost(name);
  if (failed) throw failure(failed, name);
  return changed;
}

}  // namespace wakeful::db
