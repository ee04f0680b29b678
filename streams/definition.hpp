#pragma once
// What the file of a stream detector says.
//
//   name: hot-machines
//   schedule: stream
//   stream:
//     input: {kafka: {brokers: "127.0.0.1:9092", topic: readings, group: hot-machines, offset: earliest}}
//                                    # or {push: NAME}, {file: readings.jsonl}, {stdin: true}: JSON lines
//                                    # {"key": …, "ts": …, "value": {…}}
//     value: Temperature_C           # a field of the JSON value
//     timestamp: {field: Timestamp, unit: ns}     # default: the message's own, or the line's ts, in milliseconds
//     window: {kind: hopping, size: 5s, step: 1s, aggregate: mean, emit: updates, grace: 0s, min_count: 1,
//              min_span: 0s}
//     alert: {when: ">= 90", round: 2, cooldown: 0s, resolved: false}
//                                    # or {algorithm: {ewma_residual: {}}, train: 60}: a detector of the catalog for
//                                    # each key judges its closed windows, having learned from the first 60
//     output: {kafka: {topic: alerts, value: number}}    # or {file: alerts.jsonl, value: json}, {stdout: true}
//     dead_letters: {kafka: {topic: refused}}            # or {file: refused.jsonl}; without it they are only counted
//     max_future_skew: 5m
//
// Values: no thread contract.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "platform/core/json.hpp"
#include "streams/key_detector.hpp"
#include "streams/windows.hpp"

namespace wakeful::streams {

enum class Emit {
  updates,  // every window that an event changed
  oldest,   // of those the one that began first
  final,    // every window once, when it closes
};
enum class TimeUnit { s, ms, us, ns };
enum class Comparison { above, at_least, below, at_most, equal, unequal };

/// Lines of a file, or of standard input where the path is "".
struct FileInput {
  std::string path;
  bool operator==(const FileInput&) const = default;
};
/// Lines that are pushed to a server under a name.
struct PushInput {
  std::string name;
  bool operator==(const PushInput&) const = default;
};
struct KafkaInput {
  std::string brokers;  // host:port, …
  std::string topic;
  std::string group;
  bool is_from_end = false;  // where a partition begins that was never read
  bool operator==(const KafkaInput&) const = default;
};

/// Nothing beyond the anomalies of a server's store.
struct NoOutput {
  bool operator==(const NoOutput&) const = default;
};
/// Lines of a file, or of standard output where the path is "".
struct FileOutput {
  std::string path;
  bool operator==(const FileOutput&) const = default;
};
struct TopicOutput {
  std::string brokers;
  std::string topic;
  bool operator==(const TopicOutput&) const = default;
};

struct StreamDefinition {
  std::string name;
  std::string description;
  std::variant<FileInput, PushInput, KafkaInput> input;
  std::string value;  // of the JSON value

  std::string time_field;  // of the JSON value; "": the message's own time, or the line's ts
  TimeUnit time_unit = TimeUnit::ms;

  WindowSpec window;
  Aggregate aggregate = Aggregate::mean;
  Emit emit = Emit::updates;
  std::int64_t min_count = 1;
  std::int64_t min_span_ms = 0;  // between the first and the last event of a window

  std::optional<KeyAlgorithm> algorithm{};  // instead of a comparison
  Comparison comparison = Comparison::at_least;
  double threshold = 0;
  std::optional<int> round;  // decimals; compared after rounding
  std::int64_t cooldown_ms = 0;
  bool resolved = false;

  std::variant<NoOutput, FileOutput, TopicOutput> output;
  bool is_json = false;
  std::variant<NoOutput, FileOutput, TopicOutput> dead_letters;
  std::int64_t max_future_skew_ms = 300'000;
};

/// Errors: invalid, naming the member by its path, with the nearest known name where one is unknown.
StreamDefinition read_stream(const core::ObjectReader& document);

/// What the kept state depends on: two definitions with the same text can go on with each other's.
std::string fingerprint(const StreamDefinition& definition);

/// "kafka://brokers/topic", "push:name", "file:path" or "stdin".
std::string describe_input(const StreamDefinition& definition);
std::string_view name_of(Aggregate aggregate);

/// Errors: invalid, naming what only `wakeful stream` has: a server's detectors touch no files.
void check_for_server(const StreamDefinition& definition);
/// Whether alerts or refused messages go to a topic, whose transactions then decide what counts.
bool writes_to_topic(const StreamDefinition& definition);

/// Rounds as printf does: the exact binary value, ties to even.
double round_to(double value, int decimals);
/// The value, rounded, if it is one to alert about.
std::optional<double> find_alert(const StreamDefinition& definition, double value);
/// The value as an alert shows it.
double shown(const StreamDefinition& definition, double value);

}  // namespace wakeful::streams
