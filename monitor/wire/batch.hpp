#pragma once
// What a detector file says about rows: how a table of numbers is made of a metric's values, and where predictions of
// whole intervals go. Part of the detector file (definition.hpp). Plain values: no thread contract.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/core/json.hpp"

namespace wakeful::monitor {

struct Definition;
struct Metric;

/// What a row may tell of its time, in UTC. Monday is 0; days of months, months and quarters count from 1.
inline constexpr std::array<std::string_view, 5> kCalendar{"hour_of_day", "day_of_week", "day_of_month", "month",
                                                           "quarter"};

/// Rows instead of series: every value of a metric, one per bucket and group, is a row that is judged by itself.
struct Features {
  std::vector<std::string> calendar{};   // of kCalendar
  std::vector<std::string> encode{};     // dimensions the metrics are grouped by; categories become 0, 1, … by name
  bool value = true;                     // the metric's value itself is a feature
  std::string scale = "none";            // or "standard": by the mean and deviation of the training
  std::optional<std::int64_t> unseen{};  // the code of a category that training did not show; absent: refused
};
inline constexpr std::array<std::string_view, 2> kScales{"none", "standard"};

/// Predictions of whole intervals, written to a table in SQL.
struct Prediction {
  std::string connection;     // looked up by the runner; no address is ever kept here
  std::string table;          // made if it is not there
  core::Duration interval{};  // of one run, when a schedule makes the runs; a multiple of the granularity
};

inline constexpr std::int64_t kMaxPredictedBuckets = 100'000;  // of one run

/// Errors: invalid, naming the member.
Features read_features(const core::ObjectReader& object);
Prediction read_prediction(const core::ObjectReader& object, core::Duration granularity);
/// What the members say about each other. Errors: invalid, naming one of them.
void check_batch(const Definition& definition);
void write(core::JsonWriter& json, const Features& features);
void write(core::JsonWriter& json, const Prediction& prediction);

/// The name of the table's time column: the source's, or "ts".
std::string time_column_of(const Metric& metric);
/// Of its value column.
std::string value_column_of(const Metric& metric);
/// What else its rows hold.
inline constexpr std::array<std::string_view, 7> kPredictionColumns{
    "prediction", "score", "model", "model_version", "run_id", "detector", "algorithm"};

}  // namespace wakeful::monitor
