#pragma once
// Lanes, keys and alerts of stream detectors in a store: functions on a transaction. The same tables stand in a
// server's store and, alone, in the file of `wakeful stream` (migrations/0005_streams.sql).
//
// An open batch is kept beside what was before it, until a topic's transaction has decided on it. Nothing is stored
// twice: a lane moves from the offset that it is known to stand at, an alert is known by its number.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "streams/keeper.hpp"

namespace wakeful::streams {

struct Taker {
  std::string_view detector;
  std::string_view fingerprint;
  std::string_view owner;
  bool is_assigned = true;  // somebody else has said whose lanes they are; else a living lease of another is respected
  core::Duration lease{};
};

/// The lanes, which are the taker's from now on; a lane that is new stands at LaneState::kUnread.
/// Errors: conflict, field "state", if another definition made them; conflict, field "lease", if another's lives.
std::vector<LaneState> take_lanes(db::Tx& tx, const Taker& taker, std::span<const std::int64_t> lanes,
                                  core::Timestamp now);
/// Errors: conflict if a lane's epoch or offset is another; then nothing was moved.
void move_lanes(db::Tx& tx, std::string_view detector, std::span<const LaneMove> moves, bool is_open,
                core::Timestamp now, core::Duration lease = {});
/// Ends the open batch of a lane. Errors: conflict if it is another's, or stands elsewhere.
void settle_lane(db::Tx& tx, std::string_view detector, const LaneState& lane, bool counts, core::Timestamp now);

/// Keeps a lane that has nothing to move. Errors: conflict if it is another's.
void hold_lane(db::Tx& tx, std::string_view detector, const LaneState& lane, core::Timestamp until);

/// The fingerprint that the state was made with, if there is any.
std::optional<std::string> find_fingerprint(db::Tx& tx, std::string_view detector);
/// The name by which the one reader of this state is known to brokers: what was kept, else who took its lanes before
/// names were kept, else the proposed one.
std::string keep_instance(db::Tx& tx, std::string_view detector, std::string_view proposed);

/// Which files the lengths in Counts are of; "" where none was written yet.
struct OutputFiles {
  std::string alerts;
  std::string dead;
  bool operator==(const OutputFiles&) const = default;
};
/// Nothing if the state is older than this knowledge. keep_instance has been called.
std::optional<OutputFiles> find_files(db::Tx& tx, std::string_view detector);
/// The lengths of a file that is another one than `before` begin at 0.
void keep_files(db::Tx& tx, std::string_view detector, const OutputFiles& files,
                const std::optional<OutputFiles>& before);

/// What a page shows of a lane.
struct LaneStatus {
  std::int64_t lane = 0;
  std::string owner{};
  std::int64_t next = LaneState::kUnread;
  std::int64_t end = 0;
  std::int64_t keys = 0;
  Counts counts{};
  core::Timestamp updated{};
};
/// Order: by number.
std::vector<LaneStatus> list_lanes(db::Tx& tx, std::string_view detector);

/// Lanes, keys and alerts.
void remove_stream(db::Tx& tx, std::string_view detector);

}  // namespace wakeful::streams
