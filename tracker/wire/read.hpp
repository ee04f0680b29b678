#pragma once
// The tracking types from MLflow's JSON. Every violation is `invalid` and names the field as MLflow does
// ("metrics[3].key"). Used by the server for what clients send and by the client for what a server answers.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

Experiment read_experiment(const core::ObjectReader& object);
RunInfo read_run_info(const core::ObjectReader& object);
Run read_run(const core::ObjectReader& object);
LoggedModel read_logged_model(const core::ObjectReader& object);
Metric read_metric(const core::ObjectReader& object);
DatasetInput read_dataset_input(const core::ObjectReader& object);

/// The list `name` of {key, value}: a key is needed, a value that is absent is "".
std::vector<KeyValue> read_pairs(const core::ObjectReader& object, std::string_view name);
std::vector<Metric> read_metrics(const core::ObjectReader& object, std::string_view name);

/// An enum by its name or its number; `names[i]` is the name of number `first + i`.
std::optional<int> find_enum(const core::ObjectReader& object, std::string_view name,
                             std::span<const std::string_view> names, int first);
std::optional<RunStatus> find_run_status(const core::ObjectReader& object, std::string_view name);
std::optional<ViewType> find_view_type(const core::ObjectReader& object, std::string_view name);
std::optional<LoggedModelStatus> find_model_status(const core::ObjectReader& object, std::string_view name);

/// A text that must be there and not be empty: MLflow counts "" as missing.
/// Errors: invalid "Missing value for required parameter '…'. See …".
std::string required_text(const core::ObjectReader& object, std::string_view name);
std::int64_t required_integer(const core::ObjectReader& object, std::string_view name);
double required_real(const core::ObjectReader& object, std::string_view name);
/// `run_id`, or the deprecated `run_uuid`.
RunId required_run_id(const core::ObjectReader& object);
core::Error missing(std::string_view path);

}  // namespace wakeful::tracker
