#include "streams/state.hpp"

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "streams/wire.hpp"

namespace wakeful::streams {
namespace {

constexpr db::Sql kFingerprint{"stream.fingerprint",
                               "SELECT fingerprint FROM stream_lanes WHERE detector = $1 ORDER BY lane LIMIT 1"};
constexpr db::Sql kKeepInstance{
    "stream.keep_instance",
    "INSERT INTO stream_instances(detector, name, output_file, dead_letters_file) "
    "SELECT $1, COALESCE(MIN(owner), $2), CASE WHEN COUNT(*) = 0 THEN '' END, CASE WHEN COUNT(*) = 0 THEN '' END "
    "FROM stream_lanes WHERE detector = $1 ON CONFLICT(detector) DO NOTHING"};
constexpr db::Sql kInstance{"stream.instance", "SELECT name FROM stream_instances WHERE detector = $1"};
constexpr db::Sql kFiles{"stream.files",
                         "SELECT output_file, dead_letters_file FROM stream_instances WHERE detector = $1"};
constexpr db::Sql kKeepFiles{
    "stream.keep_files", "UPDATE stream_instances SET output_file = $2, dead_letters_file = $3 WHERE detector = $1"};
constexpr db::Sql kAllCounts{"stream.all_counts",
                             "SELECT lane, counts, prior_counts FROM stream_lanes WHERE detector = $1 ORDER BY lane"};
constexpr db::Sql kSetCounts{
    "stream.set_counts", "UPDATE stream_lanes SET counts = $3, prior_counts = $4 WHERE detector = $1 AND lane = $2"};
constexpr db::Sql kHolder{"stream.holder",
                          "SELECT owner, lease_until_us FROM stream_lanes WHERE detector = $1 AND lane = $2"};
// Epochs begin at the time, so that those of a state that was removed do not come again: somebody may still hold one.
constexpr db::Sql kTake{
    "stream.take",
    "INSERT INTO stream_lanes(detector, lane, fingerprint, epoch, owner, lease_until_us, next_offset, prior_offset, "
    "is_open, end_offset, counts, prior_counts, updated_us) VALUES ($1, $2, $3, $7, $4, $5, -1, -1, 0, 0, $6, $6, $7) "
    "ON CONFLICT(detector, lane) DO UPDATE SET epoch = stream_lanes.epoch + 1, owner = excluded.owner, "
    "lease_until_us = excluded.lease_until_us"};
constexpr db::Sql kLane{"stream.lane",
                        "SELECT epoch, next_offset, prior_offset, is_open, counts FROM stream_lanes "
                        "WHERE detector = $1 AND lane = $2"};
constexpr db::Sql kKeys{"stream.keys", "SELECT name, state FROM stream_keys WHERE detector = $1 AND lane = $2"};
constexpr db::Sql kMove{
    "stream.move",
    "UPDATE stream_lanes SET prior_offset = next_offset, prior_counts = counts, next_offset = $5, counts = $6, "
    "is_open = $7, end_offset = $8, updated_us = $9, lease_until_us = $10 "
    "WHERE detector = $1 AND lane = $2 AND epoch = $3 AND next_offset = $4"};
constexpr db::Sql kKeep{
    "stream.keep",
    "INSERT INTO stream_keys(detector, lane, name, state, prior_state, batch) VALUES ($1, $2, $3, $4, NULL, $5) "
    "ON CONFLICT(detector, lane, name) DO UPDATE SET prior_state = stream_keys.state, state = excluded.state, "
    "batch = excluded.batch"};
constexpr db::Sql kAlert{
    "stream.alert",
    "INSERT INTO stream_alerts(detector, lane, number, name, start_us, end_us, event_us, event_count, value, "
    "is_resolved, score, expected, lower, upper) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"};
constexpr db::Sql kClose{
    "stream.close",
    "UPDATE stream_lanes SET is_open = 0 WHERE detector = $1 AND lane = $2 AND epoch = $3 AND next_offset = $4 "
    "AND is_open = 1"};
constexpr db::Sql kTakeBack{
    "stream.take_back",
    "UPDATE stream_lanes SET is_open = 0, next_offset = prior_offset, counts = prior_counts, updated_us = $5 "
    "WHERE detector = $1 AND lane = $2 AND epoch = $3 AND next_offset = $4 AND is_open = 1"};
constexpr db::Sql kHold{"stream.hold",
                        "UPDATE stream_lanes SET lease_until_us = $4 WHERE detector = $1 AND lane = $2 AND epoch = $3"};
constexpr db::Sql kForgetNewKeys{
    "stream.forget_new_keys",
    "DELETE FROM stream_keys WHERE detector = $1 AND lane = $2 AND batch = $3 AND prior_state IS NULL"};
constexpr db::Sql kRestoreKeys{
    "stream.restore_keys",
    "UPDATE stream_keys SET state = prior_state, batch = -1 WHERE detector = $1 AND lane = $2 AND batch = $3"};
constexpr db::Sql kForgetAlerts{"stream.forget_alerts",
                                "DELETE FROM stream_alerts WHERE detector = $1 AND lane = $2 AND number > $3"};
constexpr db::Sql kStatus{"stream.status",
                          "SELECT l.lane, l.owner, l.next_offset, l.end_offset, l.counts, l.updated_us, "
                          "(SELECT COUNT(*) FROM stream_keys k WHERE k.detector = l.detector AND k.lane = l.lane) "
                          "FROM stream_lanes l WHERE l.detector = $1 ORDER BY l.lane"};
constexpr db::Sql kRemoveLanes{"stream.remove_lanes", "DELETE FROM stream_lanes WHERE detector = $1"};
constexpr db::Sql kRemoveKeys{"stream.remove_keys", "DELETE FROM stream_keys WHERE detector = $1"};
constexpr db::Sql kRemoveAlerts{"stream.remove_alerts", "DELETE FROM stream_alerts WHERE detector = $1"};

LaneState load(db::Tx& tx, std::string_view detector, std::int64_t number) {
  LaneState lane = *tx.find(kLane, {detector, number}, [&](const db::Row& row) {
    return LaneState{.lane = number,
                     .epoch = row.integer(0),
                     .next = row.integer(1),
                     .prior = row.integer(2),
                     .is_open = row.integer(3) != 0,
                     .counts = counts_of(row.text(4))};
  });
  lane.keys = tx.list(kKeys, {detector, number}, [](const db::Row& row) {
    return KeyState{.key = std::string(row.text(0)), .state = state_of(row.text(1))};
  });
  return lane;
}

void refuse_living_lease(db::Tx& tx, const Taker& taker, std::int64_t lane, core::Timestamp now) {
  tx.query(kHolder, {taker.detector, lane}, [&](const db::Row& row) {
    if (row.integer(1) > core::to_us(now) && row.text(0) != taker.owner)
      throw core::conflict(fmt::format("stream '{}' is read by '{}'", taker.detector, row.text(0)), "lease");
  });
}

void keep_keys(db::Tx& tx, std::string_view detector, const LaneMove& move) {
  if (move.changed.empty()) return;
  std::vector<std::string> states;
  states.reserve(move.changed.size());
  std::vector<db::Param> rows;
  rows.reserve(5 * move.changed.size());
  for (const KeyState& key : move.changed) {
    states.push_back(state_text(key.state));
    rows.insert(rows.end(), {detector, move.lane, key.key, states.back(), move.next});
  }
  tx.execute_many(kKeep, rows, 5);
}

void keep_alerts(db::Tx& tx, std::string_view detector, const LaneMove& move) {
  if (move.alerts.empty()) return;
  std::vector<db::Param> rows;
  rows.reserve(14 * move.alerts.size());
  std::int64_t number = move.counts.alerts - static_cast<std::int64_t>(move.alerts.size());
  for (const KeptAlert& a : move.alerts) {
    rows.insert(rows.end(), {detector, move.lane, ++number, a.key, 1'000 * a.start_ms, 1'000 * a.end_ms,
                             1'000 * a.event_ms, a.count, a.value, a.is_resolved});
    const Verdict verdict = a.verdict.value_or(Verdict{});
    rows.push_back(a.verdict ? db::Param(verdict.score) : db::Param(db::Null{}));
    rows.insert(rows.end(), {verdict.expected, verdict.lower, verdict.upper});
  }
  tx.execute_many(kAlert, rows, 14);
}

void require_one(std::int64_t rows, std::int64_t lane) {
  if (rows != 1)
    throw core::conflict(fmt::format("lane {} was taken by another reader, or was moved on already", lane), "lane");
}

}  // namespace

std::vector<LaneState> take_lanes(db::Tx& tx, const Taker& taker, std::span<const std::int64_t> lanes,
                                  core::Timestamp now) {
  const auto made_by = find_fingerprint(tx, taker.detector);
  if (made_by && *made_by != taker.fingerprint)
    throw core::conflict(
        fmt::format("the state of '{}' was made with another input, window, value or timestamp", taker.detector),
        "state");
  const std::string none = counts_text({});
  const std::int64_t lease_until = taker.lease.count() > 0 ? core::to_us(now + taker.lease) : 0;
  std::vector<LaneState> out;
  for (const std::int64_t lane : lanes) {
    if (!taker.is_assigned) refuse_living_lease(tx, taker, lane, now);
    tx.execute(kTake, {taker.detector, lane, taker.fingerprint, taker.owner, lease_until, none, core::to_us(now)});
    out.push_back(load(tx, taker.detector, lane));
  }
  return out;
}

void move_lanes(db::Tx& tx, std::string_view detector, std::span<const LaneMove> moves, bool is_open,
                core::Timestamp now, core::Duration lease) {
  const std::int64_t lease_until = lease.count() > 0 ? core::to_us(now + lease) : 0;
  for (const LaneMove& move : moves) {
    const std::string counts = counts_text(move.counts);
    require_one(tx.execute(kMove, {detector, move.lane, move.epoch, move.from, move.next, counts, is_open, move.end,
                                   core::to_us(now), lease_until}),
                move.lane);
    keep_keys(tx, detector, move);
    keep_alerts(tx, detector, move);
  }
}

void settle_lane(db::Tx& tx, std::string_view detector, const LaneState& lane, bool counts, core::Timestamp now) {
  if (counts) {
    require_one(tx.execute(kClose, {detector, lane.lane, lane.epoch, lane.next}), lane.lane);
    return;
  }
  require_one(tx.execute(kTakeBack, {detector, lane.lane, lane.epoch, lane.next, core::to_us(now)}), lane.lane);
  tx.execute(kForgetNewKeys, {detector, lane.lane, lane.next});
  tx.execute(kRestoreKeys, {detector, lane.lane, lane.next});
  const LaneState before = load(tx, detector, lane.lane);
  tx.execute(kForgetAlerts, {detector, lane.lane, before.counts.alerts});
}

void hold_lane(db::Tx& tx, std::string_view detector, const LaneState& lane, core::Timestamp until) {
  require_one(tx.execute(kHold, {detector, lane.lane, lane.epoch, core::to_us(until)}), lane.lane);
}

std::optional<std::string> find_fingerprint(db::Tx& tx, std::string_view detector) {
  return tx.find(kFingerprint, {detector}, [](const db::Row& row) { return std::string(row.text(0)); });
}

std::string keep_instance(db::Tx& tx, std::string_view detector, std::string_view proposed) {
  tx.execute(kKeepInstance, {detector, proposed});
  return *tx.find(kInstance, {detector}, [](const db::Row& row) { return std::string(row.text(0)); });
}

std::optional<OutputFiles> find_files(db::Tx& tx, std::string_view detector) {
  std::optional<OutputFiles> out;
  tx.query(kFiles, {detector}, [&](const db::Row& row) {
    if (!row.is_null(0)) out = OutputFiles{.alerts = std::string(row.text(0)), .dead = std::string(row.text(1))};
  });
  return out;
}

void keep_files(db::Tx& tx, std::string_view detector, const OutputFiles& files,
                const std::optional<OutputFiles>& before) {
  const auto anew = [&](Counts counts) {
    if (before && before->alerts != files.alerts) counts.written = 0;
    if (before && before->dead != files.dead) counts.dead = 0;
    return counts_text(counts);
  };
  struct Texts {
    std::int64_t lane;
    std::string counts, prior;
  };
  const auto lanes = tx.list(kAllCounts, {detector}, [&](const db::Row& row) {
    return Texts{row.integer(0), anew(counts_of(row.text(1))), anew(counts_of(row.text(2)))};
  });
  for (const Texts& lane : lanes) tx.execute(kSetCounts, {detector, lane.lane, lane.counts, lane.prior});
  tx.execute(kKeepFiles, {detector, files.alerts, files.dead});
}

std::vector<LaneStatus> list_lanes(db::Tx& tx, std::string_view detector) {
  return tx.list(kStatus, {detector}, [](const db::Row& row) {
    return LaneStatus{.lane = row.integer(0),
                      .owner = std::string(row.text(1)),
                      .next = row.integer(2),
                      .end = row.integer(3),
                      .keys = row.integer(6),
                      .counts = counts_of(row.text(4)),
                      .updated = core::from_us(row.integer(5))};
  });
}

void remove_stream(db::Tx& tx, std::string_view detector) {
  for (const db::Sql& sql : {kRemoveLanes, kRemoveKeys, kRemoveAlerts}) tx.execute(sql, {detector});
}

}  // namespace wakeful::streams
