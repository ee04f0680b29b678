#include "control/upkeep.hpp"

#include "control/tick.hpp"
#include "monitor/observations.hpp"
#include "monitor/online_models.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/events/events.hpp"
#include "tracker/runs.hpp"

namespace wakeful::control {
namespace {

/// Rows in one piece, so that nobody waits long behind it.
constexpr std::int64_t kPiece = 500;
constexpr std::chrono::milliseconds kRound{1'000};
constexpr std::chrono::seconds kFitsRound{60};

}  // namespace

bool keep_up(db::Database& db, core::Timestamp now, Bell& bell) {
  if (db.read([&](db::Tx& tx) { return is_tick_due(tx, now); })) {
    if (db.write([&](db::Tx& tx) { return tick(tx, now); }) > 0) bell.ring();
  }
  const db::Options bulk{.priority = db::Priority::bulk};
  const bool models = db.write([&](db::Tx& tx) { return monitor::purge_models(tx, kPiece); }, bulk);
  const bool sources = db.write([&](db::Tx& tx) { return monitor::purge_sources(tx, kPiece); }, bulk);
  const auto old = db.write([&](db::Tx& tx) { return events::prune(tx, now - kEventsKept, kPiece); }, bulk);
  return models || sources || old == kPiece;
}

std::int64_t end_abandoned_fits(db::Database& db, core::Timestamp now) {
  const auto open = db.read([&](db::Tx& tx) { return tracker::list_open_runs(tx, kFitTag, now - kLongestFit); });
  for (const tracker::RunId& run : open) {
    db.write([&](db::Tx& tx) {
      const auto found = tracker::find_run(tx, run);  // it may have gone meanwhile
      if (!found || found->status != tracker::RunStatus::running) return;
      tracker::update_run(tx, {.run_id = run, .status = tracker::RunStatus::killed, .end_time_ms = core::to_ms(now)});
    });
  }
  return static_cast<std::int64_t>(open.size());
}

Upkeep::Upkeep(db::Database& db, const core::Clock& clock, Bell& bell)
    : db_(db), clock_(clock), bell_(bell), thread_([this] { run(); }) {}

Upkeep::~Upkeep() { stop(); }

void Upkeep::stop() {
  {
    core::Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Upkeep::run() {
  bool more = false;
  auto look_for_fits = std::chrono::steady_clock::now();
  while (true) {
    {
      core::Lock lock(mutex_);
      const auto next = std::chrono::steady_clock::now() + (more ? std::chrono::milliseconds{0} : kRound);
      while (!stopping_ && changed_.wait_until(mutex_, next) != std::cv_status::timeout) {
      }
      if (stopping_) return;
    }
    try {
      more = keep_up(db_, clock_.now(), bell_);
      if (std::chrono::steady_clock::now() < look_for_fits) continue;
      look_for_fits = std::chrono::steady_clock::now() + kFitsRound;
      end_abandoned_fits(db_, clock_.now());
    } catch (const std::exception& e) {
      more = false;
      core::log::warn("upkeep_failed", {{"message", e.what()}});
    }
  }
}

}  // namespace wakeful::control
