#pragma once
// What a stream detector must not lose, and who keeps it: how far each lane was read, and the windows of its keys.
//
// A lane is a partition of a topic; what has no partitions is lane 0. Whoever takes a lane owns it: the epoch grows,
// and moves with an older one are refused. Implementations: a file beside the process (local_keeper.hpp), a server's
// store through its API (runner/remote_keeper.hpp). Threads: one owner each.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "streams/key_detector.hpp"

namespace wakeful::streams {

/// Of one lane, over all runs.
struct Counts {
  std::int64_t events = 0;   // with a value
  std::int64_t skipped = 0;  // without one
  std::int64_t refused = 0;  // that cannot be read
  std::int64_t late = 0;     // events that came too late for a window
  std::int64_t alerts = 0;
  std::int64_t lost = 0;     // that the topic no longer had when they were asked for
  std::int64_t latest = -1;  // the largest event time
  std::int64_t written = 0;  // bytes of the file of alerts, and of dead letters, when this lane last moved
  std::int64_t dead = 0;

  bool operator==(const Counts&) const = default;
};

struct KeyState {
  std::string key;
  std::vector<double> state;
};

struct LaneState {
  static constexpr std::int64_t kUnread = -1;

  std::int64_t lane = 0;
  std::int64_t epoch = 0;
  std::int64_t next = kUnread;   // the offset to read
  std::int64_t prior = kUnread;  // where the last batch began
  bool is_open = false;          // the last batch counts only if the topics got it
  Counts counts{};
  std::vector<KeyState> keys{};
};

/// An alert as a store shows it.
struct KeptAlert {
  std::string key;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t event_ms = 0;  // of the event that made it
  std::int64_t count = 0;
  double value = 0;
  bool is_resolved = false;
  std::optional<Verdict> verdict{};  // of an algorithm
};

struct LaneMove {
  std::int64_t lane = 0;
  std::int64_t epoch = 0;
  std::int64_t from = LaneState::kUnread;
  std::int64_t next = 0;
  std::int64_t end = 0;  // of the input as last seen: what is left to read
  Counts counts{};
  std::vector<KeyState> changed{};
  std::vector<KeptAlert> alerts{};
};

class Keeper {
 public:
  virtual ~Keeper() = default;

  /// The lanes as they were left, keys and all. Errors: conflict, field "state", if they were made by another
  /// definition; conflict, field "lease", if they belong to somebody else for now; unavailable.
  virtual std::vector<LaneState> take(std::span<const std::int64_t> lanes) = 0;
  /// Moves lanes on, all or none; durable once it returns. What was open of them counts from then on. With `is_open`
  /// settle can still take these moves back. Errors: conflict if somebody else took a lane; unavailable: nobody knows.
  virtual void move(std::span<const LaneMove> moves, bool is_open) = 0;
  /// Ends an open batch: it counts, or it never was. Errors: as move.
  virtual void settle(const LaneState& lane, bool counts) = 0;
  /// Whether it wants the alerts of a move.
  virtual bool keeps_alerts() const = 0;
  /// Whether other processes may have it too, so that a lane that it does not know was read by nobody.
  virtual bool is_shared() const = 0;
};

}  // namespace wakeful::streams
