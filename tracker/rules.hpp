#pragma once
// What keys, values and batches may be: MLflow's limits with MLflow's words. Pure.
//
// Lengths count code points. Every check throws `invalid` and names the field. Source: mlflow-tracking.md §4.1, §4.2.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/names.hpp"
#include "tracker/settings.hpp"
#include "tracker/wire/requests.hpp"

namespace wakeful::tracker {

using core::check_key;
using core::check_length;
using core::length_of;

inline constexpr std::size_t kMaxKey = 250;
inline constexpr std::size_t kMaxParamValue = 6'000;
inline constexpr std::size_t kMaxRunTagValue = 8'000;
inline constexpr std::size_t kMaxExperimentTagValue = 20'000;
inline constexpr std::size_t kMaxExperimentName = 500;
inline constexpr std::size_t kMaxMetricsPerBatch = 1'000;
inline constexpr std::size_t kMaxParamsPerBatch = 100;
inline constexpr std::size_t kMaxTagsPerBatch = 100;
inline constexpr std::size_t kMaxItemsPerBatch = 1'000;

/// Cuts to `most` code points, or refuses, as the settings say.
void fit_value(std::string& value, std::size_t most, std::string_view what, std::string_view field,
               const Settings& settings);

/// For a single call: `metrics` as log-metric names things.
void check_metric(const Metric& metric, std::string_view key_field, std::string_view path);
void check_param(Param& param, std::string_view key_field, std::string_view path, const Settings& settings);
void check_run_tag(Tag& tag, std::string_view key_field, std::string_view path, const Settings& settings);
void check_experiment_tag(const Tag& tag);
/// Tags given when something is created: only what every database can index.
void check_initial_tags(const std::vector<Tag>& tags);

/// A batch that may be logged to a run that takes one.
class CheckedBatch {
 public:
  /// Checks everything but the run itself, in MLflow's order; cuts long values. Errors: invalid, naming the field.
  CheckedBatch(Batch batch, const Settings& settings);
  const std::vector<Metric>& metrics() const { return batch_.metrics; }
  const std::vector<Param>& params() const { return batch_.params; }
  const std::vector<Tag>& tags() const { return batch_.tags; }

 private:
  Batch batch_;
};

/// "Invalid value \"…\" for parameter 'run_id' supplied."
void check_run_id(const RunId& run);

/// "Invalid experiment ID 'abc'. Experiment ID must be a valid integer."
std::int64_t parse_experiment_id(std::string_view text);

/// FNV-1a, 64 bits: the value_hash of params and tags. Stored, so it never changes.
std::int64_t value_hash(std::string_view value);

}  // namespace wakeful::tracker
