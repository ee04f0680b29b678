#pragma once
// The time windows of one key: which ones an event belongs to, what they hold, and when they close.
//
// Times are whole milliseconds of the event's own clock. Hopping windows are [start, start + size), start a multiple of
// `step` and not negative; tumbling ones have step == size. Sliding windows end at an event and reach back: [t - size,
// t], both ends included. `latest` is the largest time of the key, this event's included; a window is closed once
// latest - grace has reached its end (a sliding one: has passed it). An event that belongs to a closed window is late
// for it. A closed window is given once as final, when the next event of its key comes: no clock on a wall closes
// anything, so the same events give the same results whenever they are read. Threads: one owner. Source of the rules:
// Quix Streams' time windows with closing by key, and Kafka Streams' TimeWindows.
#include <cstdint>
#include <string_view>
#include <vector>

namespace wakeful::streams {

enum class WindowKind { hopping, sliding };  // a tumbling window is a hopping one whose step is its size
enum class Aggregate { mean, sum, count, min, max };

struct WindowSpec {
  WindowKind kind = WindowKind::hopping;
  std::int64_t size_ms = 0;
  std::int64_t step_ms = 0;  // of hopping windows
  std::int64_t grace_ms = 0;
  bool operator==(const WindowSpec&) const = default;
};

struct Window {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t count = 0;
  double sum = 0;  // added in the order of arrival; sliding: of time
  double min = 0;
  double max = 0;
  std::int64_t first = 0;  // the earliest and the latest event in it
  std::int64_t last = 0;
  bool operator==(const Window&) const = default;

  double value(Aggregate aggregate) const;
};

struct LateFor {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t late_by = 0;
};

/// What one event did, each list in ascending order of start. Reused from event to event.
struct Outcome {
  std::vector<Window> updated;
  std::vector<Window> closed;
  std::vector<LateFor> late;
  void clear();
};

/// The whole number of a state at `at`, which moves on. Errors: invalid, field "state", if there is none.
std::int64_t read_whole(const std::vector<double>& numbers, std::size_t& at);

class KeyWindows {
 public:
  /// `out` is cleared first. ts >= 0. Cost: the event's windows; sliding: the events of two windows for each that
  /// changes.
  void add(const WindowSpec& spec, std::int64_t ts, double value, Outcome& out);

  /// Everything, as numbers; read gives it back. Errors of read: invalid, field "state".
  std::vector<double> save() const;
  /// How many numbers save() gives.
  std::size_t size() const { return 3 + 8 * windows_.size() + 3 * points_.size(); }
  void read(const std::vector<double>& numbers, std::size_t& at);

 private:
  struct Point {
    std::int64_t ts;
    double value;
    bool given;  // the window that ends here has been final
  };
  void add_hopping(const WindowSpec& spec, std::int64_t ts, double value, Outcome& out);
  void add_sliding(const WindowSpec& spec, std::int64_t ts, double value, Outcome& out);
  Window window_at(const WindowSpec& spec, std::size_t point) const;

  std::int64_t latest_ = -1;     // largest time that went into a window; -1: none
  std::vector<Window> windows_;  // open, ascending
  std::vector<Point> points_;    // sliding: those that open windows need, ascending
};

}  // namespace wakeful::streams
