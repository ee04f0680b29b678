#include "tracker/inputs.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "tracker/params_tags.hpp"
#include "tracker/rules.hpp"
#include "tracker/runs.hpp"

namespace wakeful::tracker {
namespace {

constexpr std::string_view kHistoryTag = "mlflow.log-model.history";

constexpr db::Sql kAddDataset{
    "dataset.add",
    "INSERT INTO datasets (experiment_id, name, digest, source_type, source, schema_json, profile_json) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (experiment_id, name, digest) DO UPDATE SET name = excluded.name "
    "RETURNING dataset_key"};
constexpr db::Sql kAddInput{"dataset.add_input",
                            "INSERT INTO run_datasets (run_key, dataset_key, context) VALUES ($1, $2, $3) "
                            "ON CONFLICT (run_key, dataset_key) DO NOTHING"};
constexpr db::Sql kAddInputTag{"dataset.add_input_tag",
                               "INSERT INTO run_dataset_tags (run_key, dataset_key, key, value) "
                               "VALUES ($1, $2, $3, $4) ON CONFLICT (run_key, dataset_key, key) DO UPDATE SET value = "
                               "excluded.value"};
constexpr db::Sql kAddModel{"run_model.add",
                            "INSERT INTO run_models (run_key, is_output, model_id, step) VALUES ($1, $2, $3, $4) "
                            "ON CONFLICT (run_key, is_output, model_id) DO UPDATE SET step = excluded.step"};
constexpr db::Sql kSummaries{"dataset.summaries",
                             "SELECT DISTINCT d.experiment_id, d.name, d.digest, COALESCE(i.context, '') "
                             "FROM datasets d JOIN run_datasets i ON i.dataset_key = d.dataset_key "
                             "WHERE d.experiment_id = $1 ORDER BY 2, 3, 4 LIMIT $2"};
constexpr db::Sql kTag{"tag.find", "SELECT value FROM run_tags WHERE run_key = $1 AND key = $2"};

void check_input(const DatasetInput& input, std::size_t index) {
  const auto check = [&](const std::string& text, std::size_t most, std::string_view name) {
    check_length(text, most, name, fmt::format("datasets[{}].dataset.{}", index, name));
  };
  check(input.dataset.name, 500, "name");
  check(input.dataset.digest, 36, "digest");
  check(input.dataset.source, 65'535, "source");
  check(input.dataset.schema, 1'048'575, "schema");
  check(input.dataset.profile, 16'777'215, "profile");
  core::check_count(input.tags.size(), fmt::format("datasets[{}].tags", index));
  for (const Tag& tag : input.tags) {
    check_length(tag.key, 255, "key", fmt::format("datasets[{}].tags.key", index));
    check_length(tag.value, 500, "value", fmt::format("datasets[{}].tags.value", index));
  }
}

void check_model_id(const std::string& id, std::size_t index) {
  check_length(id, 255, "model_id", fmt::format("models[{}].model_id", index));
}

void log_dataset(db::Tx& tx, const RunKey& run, const DatasetInput& input) {
  const Dataset& dataset = input.dataset;
  const auto key = tx.find(kAddDataset,
                           {run.experiment_id, dataset.name, dataset.digest, dataset.source_type, dataset.source,
                            dataset.schema, dataset.profile},
                           [](const db::Row& row) { return row.integer(0); });
  std::optional<std::string> context;
  for (const Tag& tag : input.tags)
    if (tag.key == kContextTag) context = tag.value;
  if (tx.execute(kAddInput, {run.key, key.value(), context}) == 0) return;
  for (const Tag& tag : input.tags) tx.execute(kAddInputTag, {run.key, *key, tag.key, tag.value});
}

/// The model as canonical JSON. Errors: invalid, with MLflow's words.
std::string read_model(const std::string& model_json) {
  constexpr std::array<std::string_view, 4> kNeeded{"artifact_path", "flavors", "utc_time_created", "run_id"};
  std::vector<std::string> absent;
  try {
    const core::JsonDocument document = core::parse_json(model_json);
    const core::ObjectReader model(document.root());
    for (const auto name : kNeeded)
      if (!model.has(name)) absent.push_back(fmt::format("'{}'", name));
    if (absent.empty()) return core::dump_json(document.root());
  } catch (const core::Error& error) {
    throw core::invalid(fmt::format("Malformed model info. {}", error.what()), "model_json");
  }
  throw core::invalid(fmt::format("Model json is missing mandatory fields: {{{}}}", fmt::join(absent, ", ")),
                      "model_json");
}

}  // namespace

void log_inputs(db::Tx& tx, const RunId& run, std::span<const DatasetInput> datasets,
                std::span<const std::string> model_ids) {
  core::check_count(datasets.size(), "datasets");
  core::check_count(model_ids.size(), "models");
  for (std::size_t i = 0; i < datasets.size(); ++i) check_input(datasets[i], i);
  for (std::size_t i = 0; i < model_ids.size(); ++i) check_model_id(model_ids[i], i);
  const RunKey locked = lock_run(tx, run);
  for (const DatasetInput& input : datasets) log_dataset(tx, locked, input);
  for (const std::string& id : model_ids) tx.execute(kAddModel, {locked.key, false, id, 0});
}

void log_outputs(db::Tx& tx, const RunId& run, std::span<const ModelOutput> models) {
  core::check_count(models.size(), "models");
  for (std::size_t i = 0; i < models.size(); ++i) check_model_id(models[i].model_id, i);
  const RunKey locked = lock_run(tx, run);
  for (const ModelOutput& model : models) tx.execute(kAddModel, {locked.key, true, model.model_id, model.step});
}

std::vector<DatasetSummary> find_dataset_summaries(db::Tx& tx, std::span<const std::string> experiment_ids) {
  constexpr std::size_t kMostExperiments = 20;
  constexpr std::size_t kMostSummaries = 1'000;
  if (experiment_ids.empty())
    throw core::invalid("SearchDatasets request must specify at least one experiment_id.", "experiment_ids");
  if (experiment_ids.size() > kMostExperiments) {
    throw core::invalid(fmt::format("SearchDatasets request cannot specify more than {} experiment_ids. Received {} "
                                    "experiment_ids.",
                                    kMostExperiments, experiment_ids.size()),
                        "experiment_ids");
  }
  std::vector<DatasetSummary> summaries;
  for (const std::string& id : experiment_ids) {
    tx.query(kSummaries, {parse_experiment_id(id), kMostSummaries - summaries.size()}, [&](const db::Row& row) {
      summaries.push_back({std::to_string(row.integer(0)), std::string(row.text(1)), std::string(row.text(2)),
                           std::string(row.text(3))});
    });
  }
  return summaries;
}

void log_model(db::Tx& tx, const RunId& run, const std::string& model_json) {
  const std::string model = read_model(model_json);
  const RunKey locked = lock_run(tx, run);
  const auto stored =
      tx.find(kTag, {locked.key, kHistoryTag}, [](const db::Row& row) { return std::string(row.text(0)); });
  std::string history = stored.value_or("[]");
  while (!history.empty() && history.back() != ']') history.pop_back();
  if (history.size() < 2) history = "[]";
  history.pop_back();
  history += history.size() > 1 ? ", " + model + "]" : model + "]";
  const Tag tag{std::string(kHistoryTag), std::move(history)};
  check_length(tag.value, 10 * kMaxRunTagValue, kHistoryTag, "model_json");
  upsert_tags(tx, locked, std::span(&tag, 1));
}

}  // namespace wakeful::tracker
