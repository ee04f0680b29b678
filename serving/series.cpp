#include "serving/series.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "client/files.hpp"
#include "client/model_folder.hpp"
#include "client/models.hpp"
#include "client/runs.hpp"
#include "detectors/catalog.hpp"
#include "detectors/series_picture.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

namespace wakeful::serving {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kLongestId = 128;
constexpr std::string_view kAlgorithm = "z_score";
constexpr std::string_view kExperiment = "series";
constexpr std::string_view kFitTag = "wakeful.fit";  // control/upkeep.hpp ends such runs if their server dies
constexpr std::size_t kMostUsageShown = 1'000;

bool is_id_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

detectors::Frame frame_of(const TrainingData& data) {
  detectors::Frame frame({"value"});
  frame.reserve(data.values.size());
  for (const double value : data.values) frame.append(std::span(&value, 1));
  return frame;
}

std::unique_ptr<detectors::Detector> train(const detectors::Frame& frame) {
  static const std::array<std::pair<std::string, std::string>, 1> kSettings = {{{"direction", "up"}}};
  auto detector = detectors::make_detector(kAlgorithm, kSettings);
  detector->train(frame);
  return detector;
}

std::string file_of(const detectors::Detector& detector, const TrainingData& data) {
  detectors::ModelWriter file;
  detector.save(file);
  save(data, file);
  return file.bytes();
}

tracker::Batch facts_of(const detectors::Detector& detector, const TrainingData& data, core::Timestamp now) {
  tracker::Batch batch;
  batch.params = {{"algorithm", std::string(kAlgorithm)}, {"points_used", std::to_string(data.values.size())}};
  for (const detectors::Fact& fact : detector.facts())
    batch.metrics.push_back({.key = fact.name, .value = fact.value, .timestamp_ms = core::to_ms(now)});
  return batch;
}

std::int64_t register_version(const client::Server& server, const std::string& series,
                              const registry::NewVersion& version) {
  try {
    return client::create_version(server, version).version;
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::not_found) throw;
  }
  client::ensure_model(server, {.name = version.name, .tags = {{"series", series}}});
  return client::create_version(server, version).version;
}

/// To `digits` decimals, so that it is written with no more.
double round_to(double value, int digits) {
  const double unit = std::pow(10, digits);
  return std::round(value * unit) / unit;
}

void write_latency(core::JsonWriter& json, std::string_view name, const Activity& activity) {
  const Activity::Latency latency = activity.latency();
  json.key(name).begin_object();
  json.member("avg", round_to(latency.average_ms, 4)).member("p95", round_to(latency.p95_ms, 4)).end_object();
}

void write_throughput(core::JsonWriter& json, std::string_view name, std::uint64_t count) {
  json.key(name).begin_object().member("avg_per_minute", static_cast<std::int64_t>(count)).end_object();
}

void write_load(core::JsonWriter& json, std::string_view name, const MachineLoad& load) {
  json.key(name).begin_object().member("cpu_percent", round_to(load.cpu_percent, 1));
  json.member("memory_percent", round_to(load.memory_percent, 1)).key("load_avg").begin_array();
  for (const double average : load.load_average) json.value(average);
  json.end_array().end_object();
}

}  // namespace

void check_series_id(std::string_view id) {
  const bool is_sound = !id.empty() && id.size() <= kLongestId && std::all_of(id.begin(), id.end(), is_id_letter) &&
                        id.find("..") == std::string_view::npos;
  if (is_sound) return;
  throw core::invalid(
      fmt::format("series_id must be 1 to {} letters, digits, '.', '_' or '-', without '..'", kLongestId), "series_id");
}

std::int64_t Series::fit(const std::string& series, const TrainingData& data) {
  const auto began = Steady::now();
  const auto detector = train(frame_of(data));
  client::OpenRun run(server_,
                      {.experiment_id = client::ensure_experiment(server_, std::string(kExperiment)),
                       .run_name = "fit " + series,
                       .tags = {{std::string(kFitTag), series}}},
                      clock_);
  client::log_batch(server_, run.id(), facts_of(*detector, data, clock_.now()));
  const monitor::StoredFile file = client::store_model(server_,  // before the row that names it
                                                       {.stem = client::join_uri(run.info().artifact_uri, "model"),
                                                        .run_id = run.info().run_id,
                                                        .created = clock_.now()},
                                                       file_of(*detector, data));
  registry::NewVersion version{.name = std::string(kModelPrefix) + series,
                               .source = monitor::model_folder_of(file.uri),
                               .run_id = run.info().run_id};
  version.tags = {{"algorithm", std::string(kAlgorithm)}, {"points_used", std::to_string(data.values.size())}};
  const std::int64_t number = register_version(server_, series, version);
  run.finish();
  fits_.count(clock_.now(), Steady::now() - began);
  return number;
}

Series::Verdict Series::predict(const std::string& series, std::optional<std::int64_t> version, double value) {
  const auto began = Steady::now();
  const auto model = models_.get(series, version);
  const Verdict verdict{.is_anomaly = model->is_anomaly(value), .version = model->version};
  predictions_.count(clock_.now(), Steady::now() - began);
  return verdict;
}

std::string Series::plot(const std::string& series, std::int64_t version) const {
  const std::string file = models_.download(series, version);
  const detectors::ModelReader reader(file);
  const TrainingData data = load_training_data(reader);
  const auto detector = detectors::load_detector(reader);
  const detectors::Frame frame = frame_of(data);
  const detectors::Scores scores = detector->score(frame);
  return detectors::draw_series_png({.title = fmt::format("Training Data - {} (v{})", series, version),
                                     .timestamps = data.timestamps,
                                     .values = data.values,
                                     .scores = scores});
}

std::string Series::health() {
  const core::Timestamp now = clock_.now();
  core::JsonWriter json;
  json.begin_object().member("series_trained", client::count_models(server_, "tags.series LIKE '%'"));
  write_latency(json, "inference_latency_ms", predictions_);
  write_latency(json, "training_latency_ms", fits_);
  json.key("throughput").begin_object();
  write_throughput(json, "trainer", fits_.last_minute(now));
  write_throughput(json, "predictor", predictions_.last_minute(now));
  json.end_object().key("model_usage").begin_object();
  for (const auto& [series, count] : models_.usage(kMostUsageShown)) json.member(series, std::to_string(count));
  json.end_object().key("system_metrics").begin_object();
  const MachineLoad load = machine_.load();  // one program trains and predicts
  for (const std::string_view role : {"trainer", "predictor"}) write_load(json, role, load);
  return json.end_object().end_object().take();
}

}  // namespace wakeful::serving
