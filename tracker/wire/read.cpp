#include "tracker/wire/read.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::tracker {
namespace {

constexpr std::array<std::string_view, 5> kRunStatuses{"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
constexpr std::array<std::string_view, 3> kViews{"ACTIVE_ONLY", "DELETED_ONLY", "ALL"};
constexpr std::array<std::string_view, 4> kModelStatuses{"LOGGED_MODEL_STATUS_UNSPECIFIED", "LOGGED_MODEL_PENDING",
                                                         "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"};

std::string text_or_empty(const core::ObjectReader& object, std::string_view name) {
  return object.find_text(name).value_or("");
}

Lifecycle read_lifecycle(const core::ObjectReader& object) {
  return object.find_text("lifecycle_stage") == "deleted" ? Lifecycle::deleted : Lifecycle::active;
}

void read_inputs(Run& run, const core::ObjectReader& object) {
  if (const auto inputs = object.find_object("inputs")) {
    for (const auto& input : inputs->objects("dataset_inputs")) run.dataset_inputs.push_back(read_dataset_input(input));
    for (const auto& input : inputs->objects("model_inputs")) run.model_inputs.push_back(input.text("model_id"));
  }
  if (const auto outputs = object.find_object("outputs")) {
    for (const auto& output : outputs->objects("model_outputs"))
      run.model_outputs.push_back({output.text("model_id"), output.find_integer("step").value_or(0)});
  }
}

}  // namespace

std::string_view name_of(RunStatus status) {
  return kRunStatuses.at(static_cast<std::size_t>(static_cast<int>(status) - 1));
}
std::string_view name_of(ViewType view) { return kViews.at(static_cast<std::size_t>(static_cast<int>(view) - 1)); }
std::string_view name_of(Lifecycle lifecycle) { return lifecycle == Lifecycle::active ? "active" : "deleted"; }
std::string_view name_of(LoggedModelStatus status) {
  return kModelStatuses.at(static_cast<std::size_t>(static_cast<int>(status)));
}

core::Error missing(std::string_view path) {
  return core::invalid(
      fmt::format("Missing value for required parameter '{}'. See the API docs for more information about request "
                  "parameters.",
                  path),
      std::string(path));
}

std::string required_text(const core::ObjectReader& object, std::string_view name) {
  auto text = object.find_text(name);
  if (!text || text->empty()) throw missing(object.path_of(name));
  return std::move(*text);
}

std::int64_t required_integer(const core::ObjectReader& object, std::string_view name) {
  const auto integer = object.find_integer(name);
  if (!integer) throw missing(object.path_of(name));
  return *integer;
}

double required_real(const core::ObjectReader& object, std::string_view name) {
  const auto real = object.find_real(name);
  if (!real) throw missing(object.path_of(name));
  return *real;
}

RunId required_run_id(const core::ObjectReader& object) {
  for (const std::string_view name : {"run_id", "run_uuid"}) {
    if (auto text = object.find_text(name); text && !text->empty()) return RunId(std::move(*text));
  }
  throw missing(object.path_of("run_id"));
}

std::optional<int> find_enum(const core::ObjectReader& object, std::string_view name,
                             std::span<const std::string_view> names, int first) {
  const core::Json* value = object.find_value(name);
  if (value == nullptr) return std::nullopt;
  std::string word = core::dump_json(*value);
  if (word.size() >= 2 && word.front() == '"') word = word.substr(1, word.size() - 2);
  int number = first;
  for (const std::string_view known : names) {
    if (word == known || word == std::to_string(number)) return number;
    ++number;
  }
  throw core::invalid(fmt::format("Invalid value {} for parameter '{}' supplied: it must be one of {}",
                                  core::dump_json(*value), object.path_of(name), fmt::join(names, ", ")),
                      object.path_of(name));
}

std::optional<RunStatus> find_run_status(const core::ObjectReader& object, std::string_view name) {
  const auto number = find_enum(object, name, kRunStatuses, 1);
  return number ? std::optional(static_cast<RunStatus>(*number)) : std::nullopt;
}

std::optional<ViewType> find_view_type(const core::ObjectReader& object, std::string_view name) {
  const auto number = find_enum(object, name, kViews, 1);
  return number ? std::optional(static_cast<ViewType>(*number)) : std::nullopt;
}

std::optional<LoggedModelStatus> find_model_status(const core::ObjectReader& object, std::string_view name) {
  const auto number = find_enum(object, name, kModelStatuses, 0);
  return number ? std::optional(static_cast<LoggedModelStatus>(*number)) : std::nullopt;
}

std::vector<KeyValue> read_pairs(const core::ObjectReader& object, std::string_view name) {
  std::vector<KeyValue> pairs;
  const auto items = object.objects(name);
  pairs.reserve(items.size());
  for (const auto& item : items) pairs.push_back({required_text(item, "key"), text_or_empty(item, "value")});
  return pairs;
}

Metric read_metric(const core::ObjectReader& object) {
  return {.key = required_text(object, "key"),
          .value = required_real(object, "value"),
          .timestamp_ms = required_integer(object, "timestamp"),
          .step = object.find_integer("step").value_or(0),
          .model_id = text_or_empty(object, "model_id"),
          .dataset_name = text_or_empty(object, "dataset_name"),
          .dataset_digest = text_or_empty(object, "dataset_digest"),
          .run_id = text_or_empty(object, "run_id")};
}

std::vector<Metric> read_metrics(const core::ObjectReader& object, std::string_view name) {
  std::vector<Metric> metrics;
  const auto items = object.objects(name);
  metrics.reserve(items.size());
  for (const auto& item : items) metrics.push_back(read_metric(item));
  return metrics;
}

DatasetInput read_dataset_input(const core::ObjectReader& object) {
  if (!object.has("dataset")) throw missing(object.path_of("dataset"));
  const core::ObjectReader dataset = object.object("dataset");
  return {.dataset = {.name = required_text(dataset, "name"),
                      .digest = required_text(dataset, "digest"),
                      .source_type = required_text(dataset, "source_type"),
                      .source = required_text(dataset, "source"),
                      .schema = text_or_empty(dataset, "schema"),
                      .profile = text_or_empty(dataset, "profile")},
          .tags = read_pairs(object, "tags")};
}

Experiment read_experiment(const core::ObjectReader& object) {
  return {.experiment_id = object.text("experiment_id"),
          .name = object.text("name"),
          .artifact_location = text_or_empty(object, "artifact_location"),
          .lifecycle = read_lifecycle(object),
          .creation_time_ms = object.find_integer("creation_time").value_or(0),
          .last_update_time_ms = object.find_integer("last_update_time").value_or(0),
          .tags = read_pairs(object, "tags")};
}

RunInfo read_run_info(const core::ObjectReader& object) {
  return {.run_id = required_run_id(object).text(),
          .run_name = text_or_empty(object, "run_name"),
          .experiment_id = text_or_empty(object, "experiment_id"),
          .user_id = text_or_empty(object, "user_id"),
          .status = find_run_status(object, "status").value_or(RunStatus::running),
          .start_time_ms = object.find_integer("start_time").value_or(0),
          .end_time_ms = object.find_integer("end_time"),
          .artifact_uri = text_or_empty(object, "artifact_uri"),
          .lifecycle = read_lifecycle(object)};
}

Run read_run(const core::ObjectReader& object) {
  Run run{.info = read_run_info(object.object("info"))};
  if (const auto data = object.find_object("data")) {
    run.metrics = read_metrics(*data, "metrics");
    run.params = read_pairs(*data, "params");
    run.tags = read_pairs(*data, "tags");
  }
  read_inputs(run, object);
  return run;
}

LoggedModel read_logged_model(const core::ObjectReader& object) {
  const core::ObjectReader info = object.object("info");
  LoggedModel model{.model_id = info.text("model_id"),
                    .experiment_id = text_or_empty(info, "experiment_id"),
                    .name = text_or_empty(info, "name"),
                    .creation_time_ms = info.find_integer("creation_timestamp_ms").value_or(0),
                    .last_update_time_ms = info.find_integer("last_updated_timestamp_ms").value_or(0),
                    .artifact_uri = text_or_empty(info, "artifact_uri"),
                    .status = find_model_status(info, "status").value_or(LoggedModelStatus::unspecified),
                    .model_type = text_or_empty(info, "model_type"),
                    .source_run_id = text_or_empty(info, "source_run_id"),
                    .tags = read_pairs(info, "tags")};
  if (const auto data = object.find_object("data")) {
    model.params = read_pairs(*data, "params");
    model.metrics = read_metrics(*data, "metrics");
  }
  return model;
}

}  // namespace wakeful::tracker
