#pragma once
// What MLflow's tracking API speaks of: experiments, runs, their metrics, params, tags and inputs, logged models.
//
// Plain values, as the wire has them: ids are texts, times are milliseconds since 1970 (`_ms`), lists may be empty.
// Reading and writing them as JSON: read.hpp and write.hpp. The server and the client library share these.
// Source: mlflow-tracking.md §2.0. No thread contract: values.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/id.hpp"

namespace wakeful::tracker {

enum class RunStatus { running = 1, scheduled = 2, finished = 3, failed = 4, killed = 5 };
enum class ViewType { active_only = 1, deleted_only = 2, all = 3 };
enum class Lifecycle { active = 0, deleted = 1 };
enum class LoggedModelStatus { unspecified = 0, pending = 1, ready = 2, upload_failed = 3 };

/// "RUNNING", …
std::string_view name_of(RunStatus status);
/// "ACTIVE_ONLY", …
std::string_view name_of(ViewType view);
/// "active" or "deleted".
std::string_view name_of(Lifecycle lifecycle);
/// "LOGGED_MODEL_READY", …
std::string_view name_of(LoggedModelStatus status);

/// A tag or a param: keys are unique in their run, experiment or model.
struct KeyValue {
  std::string key;
  std::string value;
  bool operator==(const KeyValue&) const = default;
};
using Tag = KeyValue;
using Param = KeyValue;

struct Metric {
  std::string key;
  double value = 0;  // may be NaN
  std::int64_t timestamp_ms = 0;
  std::int64_t step = 0;
  // Of a logged model's metric only.
  std::string model_id{};
  std::string dataset_name{};
  std::string dataset_digest{};
  std::string run_id{};
};

struct Experiment {
  std::string experiment_id;
  std::string name;
  std::string artifact_location;
  Lifecycle lifecycle = Lifecycle::active;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::vector<Tag> tags{};
};

struct RunInfo {
  std::string run_id;
  std::string run_name;
  std::string experiment_id;
  std::string user_id;
  RunStatus status = RunStatus::running;
  std::int64_t start_time_ms = 0;
  std::optional<std::int64_t> end_time_ms{};
  std::string artifact_uri{};
  Lifecycle lifecycle = Lifecycle::active;
};
using RunId = core::Id<RunInfo>;

struct Dataset {
  std::string name;
  std::string digest;
  std::string source_type;
  std::string source;
  std::string schema{};   // "" where there is none
  std::string profile{};  // "" where there is none
};

struct DatasetInput {
  Dataset dataset;
  std::vector<Tag> tags{};
};

struct ModelOutput {
  std::string model_id;
  std::int64_t step = 0;
};

struct Run {
  RunInfo info;
  std::vector<Metric> metrics{};  // the latest value of each key
  std::vector<Param> params{};
  std::vector<Tag> tags{};
  std::vector<DatasetInput> dataset_inputs{};
  std::vector<std::string> model_inputs{};  // model ids
  std::vector<ModelOutput> model_outputs{};
};

struct LoggedModel {
  std::string model_id;
  std::string experiment_id;
  std::string name;
  std::int64_t creation_time_ms = 0;
  std::int64_t last_update_time_ms = 0;
  std::string artifact_uri;
  LoggedModelStatus status = LoggedModelStatus::pending;
  std::string model_type;
  std::string source_run_id;
  Lifecycle lifecycle = Lifecycle::active;  // not on the wire
  std::vector<Param> params{};
  std::vector<Tag> tags{};
  std::vector<Metric> metrics{};
};
using LoggedModelId = core::Id<LoggedModel>;

}  // namespace wakeful::tracker
