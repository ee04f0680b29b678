#pragma once
// What the tracker is told when it starts.
#include <cstddef>
#include <string>

namespace wakeful::tracker {

struct Settings {
  /// Where the artifacts of experiments without a location of their own go (--default-artifact-root).
  std::string default_artifact_root = "mlflow-artifacts:/";
  /// Whether artifacts go through this server (--serve-artifacts); shown in server-info.
  bool serve_artifacts = true;
  /// Params and run tags beyond their length are cut instead of refused, as MLflow does unless
  /// MLFLOW_TRUNCATE_LONG_VALUES is false.
  bool truncate_long_values = true;
  /// MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH.
  std::size_t max_artifact_location = 2048;
  /// How much of what runs hold is kept as text in memory for the next search.
  std::size_t run_text_bytes = std::size_t{32} << 20U;
};

}  // namespace wakeful::tracker
