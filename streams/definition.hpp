#pragma once
// What the file of a stream detector says.
//
//   name: hot-machines
//   schedule: stream
//   stream:
//     input: {file: readings.jsonl}            # or {stdin: true}: JSON lines {"key": …, "ts": …, "value": {…}}
//     value: Temperature_C                     # a field of the JSON value
//     timestamp: {field: Timestamp, unit: ns}  # default: the line's own ts, in milliseconds
//     window: {kind: hopping, size: 5s, step: 1s, aggregate: mean, emit: updates, grace: 0s, min_count: 1, min_span:
//     0s} alert: {when: ">= 90", round: 2, cooldown: 0s, resolved: false} output: {file: alerts.jsonl, value: number}
//     # or {stdout: true}; value: number or json dead_letters: {file: refused.jsonl}      # what is late or cannot be
//     read; without it they are only counted max_future_skew: 5m
//
// Values: no thread contract.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/core/json.hpp"
#include "streams/windows.hpp"

namespace wakeful::streams {

enum class Emit {
  updates,  // every window that an event changed
  oldest,   // of those the one that began first
  final,    // every window once, when it closes
};
enum class TimeUnit { s, ms, us, ns };
enum class Comparison { above, at_least, below, at_most, equal, unequal };

struct StreamDefinition {
  std::string name;
  std::string input;  // a path; "": standard input
  std::string value;  // of the JSON value

  std::string time_field;  // of the JSON value; "": the line's ts
  TimeUnit time_unit = TimeUnit::ms;

  WindowSpec window;
  Aggregate aggregate = Aggregate::mean;
  Emit emit = Emit::updates;
  std::int64_t min_count = 1;
  std::int64_t min_span_ms = 0;  // between the first and the last event of a window

  Comparison comparison = Comparison::at_least;
  double threshold = 0;
  std::optional<int> round;  // decimals; compared after rounding
  std::int64_t cooldown_ms = 0;
  bool resolved = false;

  std::string output;  // a path; "": standard output
  bool is_json = false;
  std::string dead_letters;  // a path; "": none
  std::int64_t max_future_skew_ms = 300'000;
};

/// Errors: invalid, naming the member by its path, with the nearest known name where one is unknown.
StreamDefinition read_stream(const core::ObjectReader& document);

/// What the kept state depends on: two definitions with the same text can go on with each other's.
std::string fingerprint(const StreamDefinition& definition);

/// Rounds as printf does: the exact binary value, ties to even.
double round_to(double value, int decimals);
/// Whether the value, rounded, is one to alert about.
bool is_alert(const StreamDefinition& definition, double rounded);

}  // namespace wakeful::streams
