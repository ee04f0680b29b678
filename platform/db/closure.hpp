#pragma once
// What holds for every closure on a transaction, whichever adaptor runs it: no db call inside one, and only text that
// both databases can keep. Threads: any; the mark of a running closure belongs to its thread.
#include <exception>
#include <string>
#include <string_view>

namespace wakeful::db {

/// True while this thread runs a closure of write() or read().
bool inside_closure();

/// Refuses what would wait for itself: aborts in debug builds, throws internal otherwise.
void require_outside_closure(std::string_view call);

/// Marks this thread as running a closure, for the life of the mark.
class ClosureMark {
 public:
  ClosureMark();
  ~ClosureMark();
  ClosureMark(const ClosureMark&) = delete;
  ClosureMark& operator=(const ClosureMark&) = delete;
};

/// Errors: invalid for text with a NUL or with bytes that are not UTF-8: PostgreSQL keeps neither.
void require_storable(std::string_view text);

/// What a Tx lets its closure do next: nothing after a failed statement (PostgreSQL's transaction is dead then), no
/// statement among the rows of another.
class StatementOrder {
 public:
  /// Runs `body` as the statement `name`. Errors: its own; internal out of order.
  template <class F>
  auto statement(std::string_view name, F&& body) {
    require_free(name);
    failed_ = true;  // until it went well
    auto result = body();
    failed_ = false;
    return result;
  }
  /// Shows one row to the closure: an exception of its own is no failed statement.
  template <class F>
  void row(F&& body) {
    const Showing showing(*this);
    body();
  }
  /// Errors: internal if the closure caught a failed statement's error and went on.
  void require_sound() const;
  std::string_view last() const { return last_; }

 private:
  class Showing {
   public:
    explicit Showing(StatementOrder& order) : order_(order), unwinding_(std::uncaught_exceptions()) {
      order_.failed_ = false;
      order_.showing_row_ = true;
    }
    ~Showing() {
      order_.showing_row_ = false;
      order_.failed_ = std::uncaught_exceptions() == unwinding_;
    }
    Showing(const Showing&) = delete;
    Showing& operator=(const Showing&) = delete;

   private:
    StatementOrder& order_;
    const int unwinding_;
  };
  void require_free(std::string_view name);

  std::string last_;
  bool failed_ = false;
  bool showing_row_ = false;
};

}  // namespace wakeful::db
