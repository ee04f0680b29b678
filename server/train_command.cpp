#include "server/train_command.hpp"

#include <cmath>
#include <iostream>
#include <ostream>

#include <fmt/core.h>

#include "client/files.hpp"
#include "client/model_folder.hpp"
#include "client/models.hpp"
#include "client/runs.hpp"
#include "detectors/catalog.hpp"
#include "detectors/csv.hpp"
#include "detectors/detect.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"

namespace wakeful::server {
namespace {

constexpr std::size_t kLongestParam = 6'000;

std::unique_ptr<detectors::Detector> fit(const TrainOptions& options, const detectors::Frame& frame) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const std::string& text : options.settings) settings.push_back(detectors::parse_setting(text));
  auto detector = detectors::make_detector(options.algorithm, settings);
  detectors::check_training(detector->catalog_row(), frame);
  detector->train(frame);
  return detector;
}

tracker::Batch facts_of(const detectors::Detector& detector, const TrainOptions& options, core::Timestamp now) {
  tracker::Batch batch;
  batch.params = {{"algorithm", std::string(detector.algorithm())}, {"file", options.file.substr(0, kLongestParam)}};
  for (const auto& [name, value] : detector.parameters().values())
    batch.params.push_back({name, detector.parameters().text(name).substr(0, kLongestParam)});
  const auto add = [&](std::string key, double value) {
    if (std::isfinite(value))
      batch.metrics.push_back({.key = std::move(key), .value = value, .timestamp_ms = core::to_ms(now)});
  };
  add("training_rows", static_cast<double>(detector.training_rows()));
  add("channels", static_cast<double>(detector.channels().size()));
  for (const detectors::Fact& fact : detector.facts()) add(fact.name, fact.value);
  return batch;
}

/// The folder is durable before the version names it.
std::int64_t register_model(const client::Server& server, const TrainOptions& options, const tracker::RunInfo& run,
                            std::unique_ptr<detectors::Detector> detector, core::Timestamp now) {
  registry::NewVersion version;
  version.name = options.model;
  version.run_id = run.run_id;
  version.tags = {{"algorithm", std::string(detector->algorithm())}};
  std::vector<detectors::NamedDetector> one;
  const std::string name(detector->algorithm());
  one.push_back({.name = name, .detector = std::move(detector)});
  const monitor::StoredFile file = client::store_model(
      server, {.stem = client::join_uri(run.artifact_uri, "model"), .run_id = run.run_id, .created = now},
      detectors::save_detectors(one));
  version.source = monitor::model_folder_of(file.uri);
  client::ensure_model(server, {.name = options.model});
  return client::create_version(server, version).version;
}

}  // namespace

int train_model(const client::Server& server, const TrainOptions& options, std::ostream& out) {
  const core::SystemClock clock;
  const detectors::CsvTable table =
      detectors::read_csv(options.file, std::cin, {.time = options.time, .ignore = options.ignore});
  auto detector = fit(options, table.frame);
  client::OpenRun run(
      server,
      {.experiment_id = client::ensure_experiment(server, options.experiment), .run_name = "train " + options.model},
      clock);
  client::log_batch(server, run.id(), facts_of(*detector, options, clock.now()));
  const std::int64_t version = register_model(server, options, run.info(), std::move(detector), clock.now());
  if (!options.alias.empty()) client::set_alias(server, options.model, options.alias, version);
  run.finish();
  out << fmt::format("{} version {}, run {}\n", options.model, version, run.info().run_id);
  return 0;
}

}  // namespace wakeful::server
