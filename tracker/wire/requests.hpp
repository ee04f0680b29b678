#pragma once
// The bodies of the calls that carry more than an id, for both ends: the server reads them, the client writes them.
// Reading checks presence and type; lengths, characters and limits are the server's rules (tracker/rules.hpp).
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/core/json.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

struct NewExperiment {
  std::string name;
  std::optional<std::string> artifact_location{};
  std::vector<Tag> tags{};
};

struct NewRun {
  std::string experiment_id;
  std::string run_name{};  // "" lets the server choose
  std::string user_id{};
  std::int64_t start_time_ms = 0;
  std::vector<Tag> tags{};
};

/// Absent members stay as they are.
struct RunUpdate {
  RunId run_id;
  std::optional<RunStatus> status{};
  std::optional<std::int64_t> end_time_ms{};
  std::string run_name{};  // "" leaves it
};

struct Batch {
  std::vector<Metric> metrics{};
  std::vector<Param> params{};
  std::vector<Tag> tags{};
};

struct RunSearch {
  std::vector<std::string> experiment_ids{};
  std::string filter{};
  ViewType view = ViewType::active_only;
  std::vector<std::string> order_by{};
  std::optional<std::int64_t> max_results{};
  std::string page_token{};
};

struct ExperimentSearch {
  std::string filter{};
  ViewType view = ViewType::active_only;
  std::vector<std::string> order_by{};
  std::optional<std::int64_t> max_results{};
  std::string page_token{};
};

struct NewLoggedModel {
  std::string experiment_id;
  std::string name{};  // "" lets the server choose
  std::string model_type{};
  std::string source_run_id{};
  std::vector<Param> params{};
  std::vector<Tag> tags{};
};

struct LoggedModelOrder {
  std::string field_name;
  bool ascending = true;
  std::string dataset_name{};
  std::string dataset_digest{};
};

struct LoggedModelDataset {
  std::string name;
  std::string digest{};
};

struct LoggedModelSearch {
  std::vector<std::string> experiment_ids{};
  std::string filter{};
  std::vector<LoggedModelDataset> datasets{};
  std::vector<LoggedModelOrder> order_by{};
  std::optional<std::int64_t> max_results{};
  std::string page_token{};
};

NewExperiment read_new_experiment(const core::ObjectReader& body);
NewRun read_new_run(const core::ObjectReader& body);
RunUpdate read_run_update(const core::ObjectReader& body);
Batch read_batch(const core::ObjectReader& body);
RunSearch read_run_search(const core::ObjectReader& body);
ExperimentSearch read_experiment_search(const core::ObjectReader& body);
NewLoggedModel read_new_logged_model(const core::ObjectReader& body);
LoggedModelSearch read_logged_model_search(const core::ObjectReader& body);

void write(core::JsonWriter& json, const NewExperiment& body);
void write(core::JsonWriter& json, const NewRun& body);
void write(core::JsonWriter& json, const RunUpdate& body);
/// The body of runs/log-batch.
void write_batch(core::JsonWriter& json, const RunId& run, const Batch& batch);
void write(core::JsonWriter& json, const RunSearch& body);

}  // namespace wakeful::tracker
