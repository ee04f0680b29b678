#pragma once
// The detector file: what is watched, when, and by which algorithms.
//
// Plain values, parsed and checked as far as text alone allows: names, durations, ranges, unknown keys. What needs more
// than the text is checked by the server when a file is applied: the algorithm's parameters, the cron line and its
// zone, the dimension filters. Reading and writing: read_definition, write, and yaml.hpp for files. Values: no thread
// contract.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "monitor/wire/batch.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/json.hpp"

namespace wakeful::monitor {

struct Manual {
  bool operator==(const Manual&) const = default;
};
/// At the multiples of `period` since 1970.
struct Every {
  core::Duration period{};
  bool operator==(const Every&) const = default;
};
struct Cron {
  std::string expression;
  std::string timezone = "UTC";
  bool operator==(const Cron&) const = default;
};
using Schedule = std::variant<Manual, Every, Cron>;

/// How far back training reaches: a span before now, or a fixed time.
using Start = std::variant<core::Duration, core::Timestamp>;

struct TimeSpec {
  core::Duration granularity{};             // width of a bucket; buckets start at its multiples since 1970
  std::optional<Start> start{};             // absent: all there is
  core::Duration end{};                     // how long after its end a bucket is taken as complete
  std::optional<core::Duration> retrain{};  // wall-clock age since training; absent: never by age, 0: at every run
};

/// The built-in observation store.
struct ObservationSource {
  std::string name;
};
/// A connection is a name that the runner's settings resolve; no address or password is ever kept here.
struct SqlSource {
  std::string connection;
  std::string query{};         // with :from and :until, or …
  std::string table{};         // … a table
  std::string time_column{};   // "": found by its name: ts, time, timestamp
  std::string value_column{};  // "": the metric's name
};
struct CsvSource {
  std::string path;
  std::string time_column{};
  std::string value_column{};
};
/// What a metric store's values may be by, in the order of their length.
inline constexpr std::array<std::string_view, 7> kGrains{"minute", "hour", "day", "week", "month", "quarter", "year"};
/// A metric of a metric store, whose config lies on the runner's machine.
struct MetricStoreSource {
  std::string config;
  std::string grain{};   // of kGrains
  std::string metric{};  // "": the metric's name
};
using Source = std::variant<ObservationSource, SqlSource, CsvSource, MetricStoreSource>;

enum class Aggregate { mean, sum, count, min, max, last };

/// What stands in a bucket without rows.
struct Fill {
  enum class Kind {
    gap,     // nothing: the bucket gets no verdict
    zero,    // 0 where the source was alive
    hold,    // the last value, for at most `most` buckets
    linear,  // between the neighbours, for at most `most` buckets
  };
  Kind kind = Kind::gap;
  std::int64_t most = 0;
};

struct Metric {
  std::string name;
  Source source{};
  Aggregate aggregate = Aggregate::mean;
  std::vector<std::string> dimension_groupings{};  // one column of the frame per value
  std::vector<std::string> dimension_filters{};    // "stage = 'prod'"
  Fill fill{};
  /// With `model_per: group`, the one group that a model is about: a value for each of the groupings. Never in a file.
  std::vector<std::string> group{};
};

struct Algorithm {
  std::string label;              // the key in the file: what scores and anomalies carry
  std::string name;               // of the catalog (or an alias of it); the label unless `cls` says otherwise
  std::string parameters = "{}";  // a JSON object
  std::string path{};             // of the parameters in the file that was read: "algorithms.<label>[.args]"
};

struct Definition {
  std::string name;
  std::string description{};
  std::string deployment_mode = "prod";  // lower case
  Schedule schedule{};
  TimeSpec time_spec{};
  std::vector<Metric> metrics{};
  std::vector<Algorithm> algorithms{};  // by label
  bool model_per_group = false;         // every group of a metric has a model of its own
  std::optional<Features> features{};   // rows instead of series
  std::optional<Prediction> predict{};  // … whose verdicts go to a table
};

inline constexpr std::size_t kMaxMetrics = 100;
inline constexpr std::size_t kMaxAlgorithms = 32;
inline constexpr std::size_t kMaxGroupings = 10;
inline constexpr std::size_t kMaxFilters = 100;

std::string_view name_of(Aggregate aggregate);
/// "gap", "zero", "hold(3)", "linear(3)".
std::string to_text(const Fill& fill);
/// "30d" or RFC 3339.
std::string to_text(const Start& start);

/// Errors: invalid, naming the member by its path ("metrics[0].source.sql.query"); an unknown key comes with the
/// nearest known one.
Definition read_definition(const core::ObjectReader& object);
/// The one form of a definition: defaults said, empty things left out, algorithms by label.
void write(core::JsonWriter& json, const Definition& definition);
void write(core::JsonWriter& json, const Metric& metric);
Metric read_metric(const core::ObjectReader& object);
std::string to_json(const Definition& definition);

/// The metric of one group's model.
Metric with_group(const Metric& metric, std::vector<std::string> group);

/// What decides whether a trained model still fits: metric, granularity, features and algorithms.
std::string model_digest(const Definition& definition, const Metric& metric);

/// What differs between two definitions, leaf by leaf.
struct Change {
  std::string path;
  std::string from;  // JSON; "" where there was nothing
  std::string to;
};
/// Order: by path.
std::vector<Change> changes(const Definition& before, const Definition& after);
/// All of it is new.
std::vector<Change> changes(const Definition& after);
/// The same of two JSON texts; "" is nothing.
std::vector<Change> changes_of_text(std::string_view before, std::string_view after);
void write(core::JsonWriter& json, const Change& change);

}  // namespace wakeful::monitor
