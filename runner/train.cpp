#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/files.hpp"
#include "client/model_folder.hpp"
#include "client/runs.hpp"
#include "detectors/catalog.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "runner/fitting.hpp"
#include "runner/grid.hpp"
#include "runner/plain_names.hpp"
#include "runner/scoring.hpp"
#include "runner/training_summary.hpp"
#include "runner/work.hpp"

namespace wakeful::runner {
namespace {

using detectors::NamedDetector;
using monitor::Metric;

/// Nothing is older: where a file says no start, everything counts.
const core::Timestamp kBeginning = core::parse_rfc3339("1900-01-01T00:00:00Z");
/// Of one run; models of many groups have more facts than anybody reads.
constexpr std::size_t kMaxMetrics = 900;
/// MLflow's limit of a param's value.
constexpr std::size_t kMaxParam = 6'000;

core::Error too_little(const Metric& metric, std::string_view why) {
  return core::invalid(fmt::format("{}: {}", metric.name, why), "training");
}

/// The data that a metric is trained on: its first to its last settled bucket with a value.
Grid training_grid(const Work& work, const Metric& metric) {
  const monitor::Interval& interval = work.claim.job.interval;
  const GridRule rule{metric.aggregate, metric.fill};
  Buckets buckets{.granularity = work.claim.detector.time_spec.granularity};
  buckets.last = last_complete(interval.until.value_or(work.claim.now), buckets.granularity);
  buckets.first = first_bucket_from(interval.from.value_or(kBeginning), buckets.granularity);
  if (buckets.empty()) throw too_little(metric, "no bucket of the training interval is complete");
  const Observations observations = make_source(metric, work.context())
                                        ->pull(span_of(buckets, interval.from ? lead_of(rule.fill) : 0),
                                               core::Deadline::after(std::chrono::minutes(30)));
  if (observations.rows.empty())
    throw too_little(metric, fmt::format("no observations up to {}", core::format_rfc3339(buckets.last)));
  // Without a start the grid begins where the data do, which bounds it.
  if (!interval.from) buckets.first = bucket_of(observations.rows.front().time, buckets.granularity);
  const Grid grid = make_grid(observations, rule, buckets);
  if (!grid.settled || !grid.first_filled || *grid.settled < *grid.first_filled)
    throw too_little(metric, "no bucket has a value");
  return cut(grid, *grid.first_filled, *grid.settled);
}

std::string folder_of(const Metric& metric) {
  std::string folder = plain_label(metric);
  if (!metric.group.empty()) return folder;
  if (metric.dimension_groupings.empty()) return folder;
  return fmt::format("{}/{}", folder, plain_name(fmt::format("{}", fmt::join(metric.dimension_groupings, "__"))));
}

/// Each attempt has its own names, so that none changes what another one committed.
monitor::StoredFile store_trained(const Work& work, const Target& target) {
  std::string bytes =
      detectors::save_detectors(target.detectors, core::format_rfc3339(target.position), target.features);
  const std::string name = fmt::format("{}/model/{}", folder_of(target.metric), work.claim.fence);
  return client::store_model(work.server,
                             {.stem = client::join_uri(work.claim.artifact_root, name),
                              .run_id = work.claim.job.run_id,
                              .created = work.claim.now},
                             std::move(bytes));
}

void store_summary(const Work& work, const Metric& metric, const Grid& grid) {
  const std::string path = fmt::format("data/{}/summary-{}.json", folder_of(metric), work.claim.fence);
  client::upload(work.server, client::join_uri(work.claim.artifact_root, path), training_summary(metric.name, grid));
}

void add_metrics(monitor::Registration& registration, const Metric& metric, const Grid& grid,
                 std::span<const NamedDetector> trained) {
  std::set<std::string> taken;
  const auto add = [&](const std::string& key, double value) {
    const std::string full = fmt::format("{}/{}", plain_label(metric), key);
    if (registration.metrics.size() < kMaxMetrics && std::isfinite(value) && taken.insert(full).second)
      registration.metrics.push_back({full, value});
  };
  const auto missing = std::count_if(grid.values.begin(), grid.values.end(), [](double v) { return std::isnan(v); });
  add("training_rows", static_cast<double>(grid.rows()));
  add("groups", static_cast<double>(grid.columns()));
  add("missing_values", static_cast<double>(missing));
  for (const auto& [label, detector] : trained) {
    for (const auto& fact : detector->facts())
      add(fmt::format("{}/{}", plain_name(label), plain_name(fact.name)), fact.value);
  }
}

/// What the file said. Params never change once logged, so an attempt under another file logs what it can.
void log_params(const Work& work) {
  const monitor::Definition& detector = work.claim.detector;
  tracker::Batch batch;
  const auto add = [&](std::string key, std::string value) {
    if (value.size() > kMaxParam) value.resize(kMaxParam);
    batch.params.push_back({std::move(key), std::move(value)});
  };
  add("granularity", core::format_duration(detector.time_spec.granularity));
  if (detector.features) {
    core::JsonWriter json;
    write(json, *detector.features);
    add("features", json.take());
  }
  for (const monitor::Algorithm& algorithm : detector.algorithms)
    add("algorithm/" + plain_name(algorithm.label), fmt::format("{} {}", algorithm.name, algorithm.parameters));
  for (const Metric& metric : detector.metrics) {
    core::JsonWriter json;
    write(json, metric);
    add("metric/" + plain_name(metric.name), json.take());
  }
  try {
    client::log_batch(work.server, tracker::RunId(work.claim.job.run_id), batch);
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid) throw;
    core::log::warn("params_not_logged", {{"run", work.claim.job.run_id}, {"message", e.what()}});
  }
}

std::string to_json(const monitor::Registration& registration) {
  core::JsonWriter json;
  std::int64_t rows = 0;
  for (const auto& model : registration.models) rows += model.rows;
  json.begin_object().member("models", static_cast<std::int64_t>(registration.models.size())).member("rows", rows);
  return json.end_object().take();
}

}  // namespace

monitor::Registration train(const Work& work) {
  monitor::Registration registration{.holder = work.claim.holder()};
  log_params(work);
  for (const Metric& metric : work.claim.detector.metrics) {
    work.check();
    Grid grid = training_grid(work, metric);
    store_summary(work, metric, grid);
    std::vector<Target> targets = targets_of(work, metric, std::move(grid));
    fit(work, targets);
    for (const Target& target : targets) {
      work.check();
      monitor::Registration::Model model{
          .metric = metric.name, .group = target.metric.group, .artifact = store_trained(work, target)};
      model.trained_from = target.grid.buckets.first;
      model.trained_until = target.grid.buckets.last;
      model.rows = target.grid.rows();
      model.entities = target.grid.entities;
      registration.models.push_back(std::move(model));
      add_metrics(registration, target.metric, target.grid, target.detectors);
    }
  }
  registration.result = to_json(registration);
  return registration;
}

}  // namespace wakeful::runner
