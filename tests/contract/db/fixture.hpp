#pragma once
// What the suites of this folder share: an empty store of every kind, and threads that surely wait in the queue.
#include <chrono>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "platform/core/error.hpp"
#include "platform/core/telemetry.hpp"
#include "support/database.hpp"

namespace wakeful::db {

class DatabaseContract : public wakeful::testing::EveryDatabase {
 protected:
  bool migrated() const override { return false; }
  OpenOptions options() override {
    OpenOptions options;
    options.telemetry = &telemetry_;
    options.readers = 8;
    return options;
  }
  /// Writes that have been queued and not yet answered.
  double queued() { return telemetry_.gauge("wakeful_db_queued_writes", "").value(); }
  void run(std::string_view text) {
    db().write([&](Tx& tx) { tx.execute(Sql("test.run", text)); });
  }
  std::int64_t count(std::string_view table) {
    const std::string text = "SELECT COUNT(*) FROM " + std::string(table);
    return db().read(
        [&](Tx& tx) { return *tx.find(Sql("test.count", text), {}, [](const Row& row) { return row.integer(0); }); });
  }

 private:
  core::Telemetry telemetry_;
};

/// The code of what `f` throws; a test failure if it throws nothing.
template <class F>
core::ErrorCode code_of(F&& f) {
  try {
    f();
  } catch (const core::Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return core::ErrorCode::internal;
}

inline bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace wakeful::db
