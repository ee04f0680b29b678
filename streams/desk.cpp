#include "streams/desk.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::streams {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::int64_t kMostRecords = 500'000;  // of a batch
// Of a batch that goes over an API, which takes 64 MiB: as JSON a key may be six times as long.
constexpr std::size_t kMostBytes = 10U << 20U;
constexpr std::size_t kAlertBytes = 150;  // of an alert as JSON, beside its key
constexpr auto kLeastPause = std::chrono::milliseconds(100);
constexpr auto kMostPause = std::chrono::milliseconds(1'000);

}  // namespace

Desk::Desk(const StreamDefinition& definition, Keeper& keeper, Outlet& outlet)
    : definition_(definition), keeper_(keeper), outlet_(outlet), reader_(definition), pause_(kLeastPause) {}

void Desk::open(const LaneState& state) {
  lanes_.erase(state.lane);
  Lane& lane = lanes_.try_emplace(state.lane, definition_).first->second;
  for (const KeyState& key : state.keys) lane.engine.read(key.key, key.state);
  lane.state = {.lane = state.lane, .epoch = state.epoch, .next = state.next, .prior = {}, .counts = state.counts};
  lane.from = state.next;
}

void Desk::close_all() {
  lanes_.clear();
  records_ = 0;
  bytes_ = 0;
}

void Desk::take_line(std::int64_t lane, std::string_view line, std::int64_t next, bool is_too_long) {
  Lane& here = lanes_.at(lane);
  if (next <= here.state.next) return;
  count();
  here.state.next = next;
  const Record record{.value = line};
  if (is_too_long) return refuse(here, "longer than 1 MiB", record, next);
  if (core::trim(line).empty()) return;
  work(here, record, next, [&] { return reader_.read_line(line); });
}

void Desk::take_message(std::int64_t lane, const Record& message, std::int64_t offset) {
  Lane& here = lanes_.at(lane);
  if (offset < here.state.next) return;
  count();
  here.state.next = offset + 1;
  work(here, message, offset, [&] { return reader_.read_message(message); });
}

void Desk::skip_to(std::int64_t lane, std::int64_t next) {
  Lane& here = lanes_.at(lane);
  if (next <= here.state.next) return;
  count();
  here.state.counts.lost += next - std::max<std::int64_t>(here.state.next, 0);
  here.state.next = next;
}

void Desk::begin_at(std::int64_t lane, std::int64_t next) {
  count();
  lanes_.at(lane).state.next = next;
}

void Desk::see_end(std::int64_t lane, std::int64_t end) { lanes_.at(lane).end = end; }

void Desk::count() {
  if (records_++ == 0) began_ = Steady::now();
  // The clock is asked now and then: what lies that close to the limit may fall on either side of it.
  if (records_ % 1'024 == 1) most_ahead_ = core::to_ms(clock_.now()) + definition_.max_future_skew_ms;
}

template <class Read>
void Desk::work(Lane& lane, const Record& record, std::int64_t at, const Read& read) {
  Event event;
  try {
    event = read();
    if (event.ts > most_ahead_) throw core::invalid("the time lies further ahead than max_future_skew", "ts");
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid) throw;
    return refuse(lane, e.what(), record, at);
  }
  apply(lane, event, record, at);
}

void Desk::apply(Lane& lane, const Event& event, const Record& record, std::int64_t at) {
  Counts& counts = lane.state.counts;
  if (!event.value) {
    ++counts.skipped;
    return;
  }
  ++counts.events;
  counts.latest = std::max(counts.latest, event.ts);
  const std::size_t bytes = lane.engine.changed_bytes();
  const auto& late = lane.engine.apply(event, [&](const Alert& alert) {
    ++counts.alerts;
    outlet_.alert(alert);
    if (!keeper_.keeps_alerts()) return;
    bytes_ += kAlertBytes + alert.key.size();
    lane.alerts.push_back({.key = std::string(alert.key),
                           .start_ms = alert.window.start,
                           .end_ms = alert.window.end,
                           .event_ms = alert.event_ts,
                           .count = alert.window.count,
                           .value = alert.value,
                           .is_resolved = alert.is_resolved,
                           .verdict = alert.verdict});
  });
  bytes_ += lane.engine.changed_bytes() - bytes;
  if (late.empty()) return;
  ++counts.late;
  const std::string why = fmt::format("late by {} ms for {} windows", late.front().late_by, late.size());
  outlet_.bury({.reason = why, .record = record, .lane = lane.state.lane, .offset = at});
}

void Desk::refuse(Lane& lane, std::string_view why, const Record& record, std::int64_t at) {
  ++lane.state.counts.refused;
  outlet_.bury({.reason = why, .record = record, .lane = lane.state.lane, .offset = at});
}

bool Desk::is_full() const { return records_ >= kMostRecords || (keeper_.is_shared() && bytes_ >= kMostBytes); }

bool Desk::is_due() const { return records_ > 0 && (is_full() || Steady::now() - began_ >= pause_); }

std::vector<LaneMove> Desk::take_moves() {
  const Lengths lengths = outlet_.prepare();
  std::vector<LaneMove> moves;
  for (auto& [number, lane] : lanes_) {
    if (lane.state.next == lane.from) continue;
    lane.state.counts.written = lengths.written.value_or(lane.state.counts.written);
    lane.state.counts.dead = lengths.dead.value_or(lane.state.counts.dead);
    LaneMove move{.lane = number,
                  .epoch = lane.state.epoch,
                  .from = lane.from,
                  .next = lane.state.next,
                  .end = std::max(lane.end, lane.state.next),
                  .counts = lane.state.counts,
                  .changed = {},
                  .alerts = std::exchange(lane.alerts, {})};
    lane.engine.take_changes([&](const std::string& key, std::vector<double> state) {
      move.changed.push_back({key, std::move(state)});
    });
    moves.push_back(std::move(move));
    lane.from = lane.state.next;
    lane.state.is_open = outlet_.decides();
  }
  return moves;
}

void Desk::settle() {
  for (auto& [number, lane] : lanes_) {
    if (!lane.state.is_open) continue;
    keeper_.settle(lane.state, true);
    lane.state.is_open = false;
  }
}

void Desk::say_again() {
  std::vector<LaneMove> places;
  for (const auto& [number, lane] : lanes_) {
    if (lane.state.next == LaneState::kUnread) continue;
    LaneMove& place = places.emplace_back();
    place.lane = number;
    place.next = lane.state.next;
  }
  if (!places.empty()) outlet_.commit(places);
}

void Desk::move_on() {
  const auto began = Steady::now();
  const std::vector<LaneMove> moves = take_moves();
  if (!moves.empty()) {
    keeper_.move(moves, outlet_.decides());
    outlet_.commit(moves);
  }
  records_ = 0;
  bytes_ = 0;
  pause_ = std::clamp<Steady::duration>(9 * (Steady::now() - began), kLeastPause, kMostPause);
}

}  // namespace wakeful::streams
