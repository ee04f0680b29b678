#pragma once
// Time comes in from outside: whoever needs "now" is given a Clock, or a Timestamp.
//
// A Timestamp counts microseconds since 1970-01-01T00:00:00Z. Columns and fields that hold one as an integer say the
// unit in their name (`_us` ours, `_ms` where MLflow speaks). ManualClock is for tests: no test sleeps.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace wakeful::core {

using Duration = std::chrono::microseconds;
using Timestamp = std::chrono::sys_time<Duration>;

constexpr Timestamp from_us(std::int64_t us) { return Timestamp{Duration{us}}; }
constexpr std::int64_t to_us(Timestamp t) { return t.time_since_epoch().count(); }
constexpr Timestamp from_ms(std::int64_t ms) { return Timestamp{std::chrono::milliseconds{ms}}; }
/// Rounds towards the past.
constexpr std::int64_t to_ms(Timestamp t) {
  return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

/// "2026-03-01T12:00:00Z", with six decimals only where there are microseconds.
std::string format_rfc3339(Timestamp t);

/// Reads RFC 3339 with any offset, "2026-03-01T13:00:00.25+01:00"; a space is taken for the T, digits beyond
/// microseconds are cut. A date alone is midnight, and a time without offset is UTC, as CSV files have them.
/// Errors: invalid, with the text.
Timestamp parse_rfc3339(std::string_view text);

/// "90s", "5m", "30d", "1h30m", "250ms", "2w"; "0s" is allowed, a sign is not.
/// Errors: invalid, with the text and the units that are known.
Duration parse_duration(std::string_view text);
/// The shortest form that parse_duration reads back: "5m", "36h", "1500ms".
std::string format_duration(Duration d);

class Clock {
 public:
  virtual ~Clock() = default;
  /// Threads: any.
  virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_us_(to_us(start)) {}
  Timestamp now() const override { return from_us(now_us_.load()); }
  void advance(Duration d) { now_us_ += d.count(); }
  void set(Timestamp t) { now_us_ = to_us(t); }

 private:
  std::atomic<std::int64_t> now_us_;
};

}  // namespace wakeful::core
