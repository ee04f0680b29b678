#pragma once
// The one way to the rows: closures on transactions, the same on SQLite and PostgreSQL.
//
//   const Run run = db.write([&](db::Tx& tx) { return create_run(tx, wanted, now); });
//
// A closure given to write() may run more than once (a group that failed at COMMIT, a serialization failure): it does
// nothing but use its Tx. Ids, time and chance are made outside; results are returned, not captured. Every caller gets
// its own outcome, `unavailable` included when a connection is lost at COMMIT and nobody can tell.
// Inside a closure another db call or Router::handle would wait for itself: debug builds abort.
// Texts are one for both databases (see DESIGN.md); where they must differ, Sql holds two and a comment says
// "Differs because". Threads: Database any; a Tx belongs to its closure.
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "platform/core/deadline.hpp"
#include "platform/core/function_ref.hpp"

namespace wakeful::db {

enum class Dialect { sqlite, postgres };

/// A named statement; parameters are $1, $2, … The name is what telemetry and the contract suite speak of.
struct Sql {
  std::string_view name;
  std::string_view sqlite;
  std::string_view postgres;

  constexpr Sql(std::string_view n, std::string_view both) : name(n), sqlite(both), postgres(both) {}
  constexpr Sql(std::string_view n, std::string_view s, std::string_view p) : name(n), sqlite(s), postgres(p) {}
};

struct Null {};
/// Bytes, not text.
struct Blob {
  std::string_view bytes;
};

/// A value bound to a parameter; text and bytes are borrowed for the call.
class Param {
 public:
  using Value = std::variant<Null, std::int64_t, double, std::string_view, Blob>;
  Param(Null) : value_(Null{}) {}                                 // NOLINT(google-explicit-constructor)
  Param(std::int64_t v) : value_(v) {}                            // NOLINT(google-explicit-constructor)
  Param(int v) : value_(std::int64_t{v}) {}                       // NOLINT(google-explicit-constructor)
  Param(std::size_t v) : value_(static_cast<std::int64_t>(v)) {}  // NOLINT(google-explicit-constructor)
  Param(bool v) : value_(std::int64_t{v ? 1 : 0}) {}              // NOLINT(google-explicit-constructor)
  Param(double v) : value_(v) {}                                  // NOLINT(google-explicit-constructor)
  Param(std::string_view v) : value_(v) {}                        // NOLINT(google-explicit-constructor)
  Param(const std::string& v) : value_(std::string_view(v)) {}    // NOLINT(google-explicit-constructor)
  Param(const char* v) : value_(std::string_view(v)) {}           // NOLINT(google-explicit-constructor)
  Param(Blob v) : value_(v) {}                                    // NOLINT(google-explicit-constructor)
  template <class T>
  Param(const std::optional<T>& v) : value_(Null{}) {  // NOLINT(google-explicit-constructor)
    if (v) value_ = Param(*v).value_;
  }
  const Value& value() const { return value_; }

 private:
  Value value_;
};

/// One row of a result; valid until the callback returns.
class Row {
 public:
  virtual ~Row() = default;
  virtual int columns() const = 0;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  /// Text or bytes; borrowed.
  virtual std::string_view text(int column) const = 0;

  std::optional<std::int64_t> find_integer(int c) const {
    return is_null(c) ? std::nullopt : std::optional(integer(c));
  }
  std::optional<double> find_real(int c) const { return is_null(c) ? std::nullopt : std::optional(real(c)); }
  std::optional<std::string> find_text(int c) const {
    return is_null(c) ? std::nullopt : std::optional(std::string(text(c)));
  }
};

using RowCallback = core::FunctionRef<void(const Row&)>;

class Tx {
 public:
  virtual ~Tx() = default;
  virtual Dialect dialect() const = 0;

  /// Rows affected. Errors: conflict for a violated constraint, exhausted for a full disk, unavailable.
  virtual std::int64_t execute(const Sql& sql, std::span<const Param> params) = 0;
  /// Calls back for every row in order. The callback must not use the Tx.
  virtual void query(const Sql& sql, std::span<const Param> params, RowCallback each) = 0;
  /// One statement for many rows: `params` holds rows × `width` values. PostgreSQL sends them in one round trip.
  virtual std::int64_t execute_many(const Sql& sql, std::span<const Param> params, std::size_t width) = 0;

  std::int64_t execute(const Sql& sql, std::initializer_list<Param> params = {}) {
    return execute(sql, std::span(params.begin(), params.size()));
  }
  template <class F>
  void query(const Sql& sql, std::initializer_list<Param> params, F&& each) {
    query(sql, std::span(params.begin(), params.size()), RowCallback(each));
  }
  /// The first row as `read(row)` makes it, or nothing.
  template <class F>
  auto find(const Sql& sql, std::initializer_list<Param> params, F&& read)
      -> std::optional<std::invoke_result_t<F, const Row&>> {
    std::optional<std::invoke_result_t<F, const Row&>> found;
    query(sql, params, [&](const Row& row) {
      if (!found) found = read(row);
    });
    return found;
  }
  /// All rows as `read(row)` makes them.
  template <class F>
  auto list(const Sql& sql, std::span<const Param> params, F&& read)
      -> std::vector<std::invoke_result_t<F, const Row&>> {
    std::vector<std::invoke_result_t<F, const Row&>> rows;
    auto take = [&](const Row& row) { rows.push_back(read(row)); };
    query(sql, params, RowCallback(take));
    return rows;
  }
  template <class F>
  auto list(const Sql& sql, std::initializer_list<Param> params, F&& read) {
    return list(sql, std::span(params.begin(), params.size()), std::forward<F>(read));
  }
};

enum class Priority {
  interactive,  // a client waits
  bulk,         // imports, gc, backfill: chunks of at most 10 ms, after the interactive ones
};

struct Options {
  core::Deadline deadline = core::Deadline::never();
  Priority priority = Priority::interactive;
};

class Database {
 public:
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;

  /// Runs `f(tx)` in a read-write transaction and returns its result after the commit is durable.
  /// Errors: what `f` throws (then nothing was written); unavailable if the queue is full, the deadline passed before
  /// the closure began, or the outcome of the commit is unknown; exhausted for a full disk.
  template <class F>
  auto write(F&& f, Options options = {}) {
    using R = std::invoke_result_t<F&, Tx&>;
    if constexpr (std::is_void_v<R>) {
      auto body = [&](Tx& tx) { f(tx); };
      run_write(body, options);
    } else {
      std::optional<R> result;
      auto body = [&](Tx& tx) {
        result.reset();
        result.emplace(f(tx));
      };
      run_write(body, options);
      return std::move(*result);
    }
  }

  /// Runs `f(tx)` on one snapshot; writing in it is an error. No cursor outlives the call.
  /// Errors: what `f` throws; unavailable past the deadline or without a free connection.
  template <class F>
  auto read(F&& f, Options options = {}) {
    using R = std::invoke_result_t<F&, Tx&>;
    if constexpr (std::is_void_v<R>) {
      auto body = [&](Tx& tx) { f(tx); };
      run_read(body, options);
    } else {
      std::optional<R> result;
      auto body = [&](Tx& tx) {
        result.reset();
        result.emplace(f(tx));
      };
      run_read(body, options);
      return std::move(*result);
    }
  }

  /// Work that cannot run inside a transaction (VACUUM, checkpoints, backup): between groups, on the writer.
  virtual void run_between_writes(core::FunctionRef<void()> task) = 0;
  /// Gives the space of deleted rows back to the disk; may take long and holds writes up. PostgreSQL does it by itself.
  virtual void compact() = 0;
  /// A consistent copy into a file that must not exist. Errors: invalid for a database that cannot.
  virtual void backup(const std::string& path) = 0;
  /// Stops the writer after what is queued; idempotent. Afterwards every call throws unavailable.
  virtual void close() = 0;

 protected:
  virtual void run_write(core::FunctionRef<void(Tx&)> body, const Options& options) = 0;
  virtual void run_read(core::FunctionRef<void(Tx&)> body, const Options& options) = 0;
};

}  // namespace wakeful::db
