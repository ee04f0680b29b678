#include "client/runs.hpp"

#include <algorithm>
#include <span>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "tracker/wire/read.hpp"

namespace wakeful::client {
namespace {

constexpr std::string_view kApi = "/api/2.0/mlflow";

// Source: mlflow-tracking.md, the limits of runs/log-batch.
constexpr std::size_t kMetricsPerBatch = 1'000;
constexpr std::size_t kPairsPerBatch = 100;

std::string at(std::string_view path) { return std::string(kApi).append(path); }

template <class T>
std::vector<T> take(std::span<const T>& rest, std::size_t most) {
  const auto piece = rest.first(std::min(rest.size(), most));
  rest = rest.subspan(piece.size());
  return {piece.begin(), piece.end()};
}

}  // namespace

std::string create_experiment(const Server& server, const tracker::NewExperiment& experiment) {
  const auto answer = server.post(at("/experiments/create"), json_of(experiment));
  return core::ObjectReader(answer.root()).text("experiment_id");
}

std::optional<tracker::Experiment> find_experiment(const Server& server, std::string_view name) {
  try {
    const auto answer = server.get(at("/experiments/get-by-name") + query_of({{"experiment_name", std::string(name)}}));
    return tracker::read_experiment(core::ObjectReader(answer.root()).object("experiment"));
  } catch (const core::Error& e) {
    if (e.code() == core::ErrorCode::not_found) return std::nullopt;
    throw;
  }
}

std::string ensure_experiment(const Server& server, const std::string& name) {
  if (const auto known = find_experiment(server, name)) return known->experiment_id;
  try {
    return create_experiment(server, {.name = name});
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::conflict) throw;
  }
  const auto made = find_experiment(server, name);
  if (!made) throw core::conflict("experiment '" + name + "' was made and removed meanwhile");
  return made->experiment_id;
}

tracker::Run create_run(const Server& server, const tracker::NewRun& run) {
  const auto answer = server.post(at("/runs/create"), json_of(run));
  return tracker::read_run(core::ObjectReader(answer.root()).object("run"));
}

tracker::Run get_run(const Server& server, const tracker::RunId& run) {
  const auto answer = server.get(at("/runs/get") + query_of({{"run_id", run.text()}}));
  return tracker::read_run(core::ObjectReader(answer.root()).object("run"));
}

tracker::RunInfo update_run(const Server& server, const tracker::RunUpdate& update) {
  const auto answer = server.post(at("/runs/update"), json_of(update));
  return tracker::read_run_info(core::ObjectReader(answer.root()).object("run_info"));
}

std::vector<tracker::Run> search_runs(const Server& server, const tracker::RunSearch& search) {
  const auto answer = server.post(at("/runs/search"), json_of(search));
  std::vector<tracker::Run> runs;
  for (const auto& run : core::ObjectReader(answer.root()).objects("runs")) runs.push_back(tracker::read_run(run));
  return runs;
}

void log_batch(const Server& server, const tracker::RunId& run, const tracker::Batch& batch) {
  std::span<const tracker::Metric> metrics(batch.metrics);
  std::span<const tracker::Param> params(batch.params);
  std::span<const tracker::Tag> tags(batch.tags);
  while (!metrics.empty() || !params.empty() || !tags.empty()) {
    tracker::Batch part;
    part.params = take(params, kPairsPerBatch);
    part.tags = take(tags, kPairsPerBatch);
    // The whole batch has a limit too: metrics wait until params and tags are few.
    part.metrics = take(metrics, kMetricsPerBatch - part.params.size() - part.tags.size());
    core::JsonWriter json;
    tracker::write_batch(json, run, part);
    server.post(at("/runs/log-batch"), json.take());
  }
}

OpenRun::OpenRun(Server server, tracker::NewRun run, const core::Clock& clock)
    : server_(std::move(server)), clock_(clock) {
  run.start_time_ms = core::to_ms(clock_.now());
  run_ = create_run(server_, run);
}

OpenRun::~OpenRun() {
  if (is_finished_) return;
  try {
    end(tracker::RunStatus::failed);
  } catch (const core::Error& e) {
    core::log::warn("run_not_ended", {{"run", run_.info.run_id}, {"message", e.what()}});
  }
}

void OpenRun::finish() {
  end(tracker::RunStatus::finished);
  is_finished_ = true;
}

void OpenRun::end(tracker::RunStatus status) const {
  update_run(server_, {.run_id = id(), .status = status, .end_time_ms = core::to_ms(clock_.now())});
}

}  // namespace wakeful::client
