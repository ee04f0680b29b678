#pragma once
// What runs read and made: datasets, and logged models as inputs and outputs. Everything may be sent again.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/db/database.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

inline constexpr std::string_view kContextTag = "mlflow.data.context";

/// Datasets are shared in their experiment by (name, digest): the first one's source, schema and profile stay. A run
/// that has the dataset already keeps its tags. Locks the run.
/// Errors: not_found; invalid for a deleted run or beyond MLflow's limits.
void log_inputs(db::Tx& tx, const RunId& run, std::span<const DatasetInput> datasets,
                std::span<const std::string> model_ids);

/// Locks the run. Errors: not_found; invalid for a deleted run or beyond the limits.
void log_outputs(db::Tx& tx, const RunId& run, std::span<const ModelOutput> models);

/// Adds the model to the run's tag mlflow.log-model.history: what clients of MLflow 2 do after logging a model.
/// `model_json` is an object. Locks the run.
/// Errors: not_found; invalid for a deleted run, for text that is no object, or without MLflow's mandatory fields.
void log_model(db::Tx& tx, const RunId& run, const std::string& model_json);

struct DatasetSummary {
  std::string experiment_id;
  std::string name;
  std::string digest;
  std::string context;
};

/// The distinct datasets of 1 to 20 experiments, at most 1,000. Errors: invalid for another number of experiments.
std::vector<DatasetSummary> find_dataset_summaries(db::Tx& tx, std::span<const std::string> experiment_ids);

}  // namespace wakeful::tracker
