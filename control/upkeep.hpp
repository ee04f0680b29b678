#pragma once
// What has to be done now and then though nobody asks: schedules that are due become jobs even where no runner claims,
// and what was deleted is cleared away piece by piece. Claims tick by themselves, so this may be late or not run at
// all.
#include <memory>
#include <thread>

#include "control/bell.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/mutex.hpp"
#include "platform/db/database.hpp"

namespace wakeful::control {

/// Events older than this are removed.
inline constexpr core::Duration kEventsKept = std::chrono::hours(24 * 30);

/// One round; true if there is more to clear away. Rings when it made a job.
bool keep_up(db::Database& db, core::Timestamp now, Bell& bell);

/// The tag of the runs of the fit and predict API, and how long a fit may take.
inline constexpr std::string_view kFitTag = "wakeful.fit";
inline constexpr core::Duration kLongestFit = std::chrono::minutes(10);
/// Ends the runs of fits whose server died in the midst; how many.
std::int64_t end_abandoned_fits(db::Database& db, core::Timestamp now);

/// A thread that does it every second, and at once again while there is more; abandoned fits every minute. Borrows
/// everything.
class Upkeep {
 public:
  Upkeep(db::Database& db, const core::Clock& clock, Bell& bell);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  /// Idempotent; before the database is closed.
  void stop();

 private:
  void run();

  db::Database& db_;
  const core::Clock& clock_;
  Bell& bell_;
  core::Mutex mutex_;
  core::Condition changed_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace wakeful::control
