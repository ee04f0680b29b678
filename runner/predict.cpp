#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/runs.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "runner/grid.hpp"
#include "runner/loading.hpp"
#include "runner/output_table.hpp"
#include "runner/plain_names.hpp"
#include "runner/rows.hpp"
#include "runner/work.hpp"

namespace wakeful::runner {
namespace {

struct Found {
  std::vector<PredictionRow> rows;
  std::map<std::string, std::int64_t> versions;  // of the models that judged
  std::int64_t ungrouped = 0;
  std::set<std::string> unknown;  // groups that no model is about: nobody judges their rows
};

Buckets buckets_of(const Work& work) {
  const core::Duration step = work.claim.detector.time_spec.granularity;
  const monitor::Interval& interval = work.claim.job.interval;
  if (!interval.from || !interval.until) throw core::internal("a prediction without an interval");
  return {.first = *interval.from, .last = *interval.until - step, .granularity = step};
}

/// The interval's rows of a metric, read once for the models of all its groups.
class Pulls {
 public:
  explicit Pulls(const Work& work) : work_(work) {}

  const Observations& of(const monitor::Metric& metric) {
    const monitor::Metric whole = monitor::with_group(metric, {});
    core::JsonWriter json;
    write(json, whole);
    const auto [at, fresh] = found_.try_emplace(json.take());
    if (fresh) {
      const auto deadline = core::Deadline::after(std::chrono::minutes(10));
      at->second = make_source(whole, work_.context())->pull(span_of(buckets_of(work_), 0), deadline);
      for (const auto& group : at->second.groups) groups_.insert(group);
    }
    return at->second;
  }

  /// Those that no model of the claim is about.
  std::set<std::string> unknown() const {
    std::set<std::string> names;
    for (const auto& group : groups_) {
      const auto is_of = [&](const monitor::OnlineModel& m) {
        return m.metric.group.empty() || m.metric.group == group;
      };
      const auto& models = work_.claim.models;
      if (std::none_of(models.begin(), models.end(), is_of)) names.insert(monitor::entity_name(group));
    }
    return names;
  }

 private:
  const Work& work_;
  std::map<std::string, Observations> found_;  // by the metric as JSON: models may have been trained on an older file
  std::set<std::vector<std::string>> groups_;
};

/// What the model says about the interval's rows.
void judge(const Work& work, const monitor::OnlineModel& model, Pulls& pulls, Found& found) {
  const Buckets buckets = buckets_of(work);
  const Observations observations = only_group(pulls.of(model.metric), model.metric.group);
  found.ungrouped = std::max(found.ungrouped, observations.ungrouped);
  found.versions[model.name] = model.version;
  if (observations.rows.empty()) return;
  const std::string bytes = download_model(work.server, model);
  const auto features = detectors::find_features(bytes);
  if (!features) {
    throw core::invalid(fmt::format("{} was trained without 'features': train the detector again", model.name),
                        "features");
  }
  // Rows are as they are: nothing is filled in.
  const Grid grid = make_grid(observations, {.aggregate = model.metric.aggregate}, buckets);
  const std::size_t groups = model.metric.dimension_groupings.size();
  for (const monitor::Score& score : score_rows(detectors::load_detectors(bytes), *features, grid, model.metric)) {
    if (!score.score) continue;
    found.rows.push_back({.time = score.timestamp,
                          .group = monitor::group_of(score.entity, groups),
                          .value = score.value.value_or(0),
                          .is_outlier = score.is_anomaly,
                          .score = *score.score,
                          .model = model.name,
                          .model_version = model.version,
                          .algorithm = score.algorithm});
  }
}

void write_rows(const Work& work, const Found& found) {
  const monitor::Definition& detector = work.claim.detector;
  const OutputTable table(detector);
  const Buckets buckets = buckets_of(work);
  const OutputInterval interval{buckets.first, buckets.last + buckets.granularity};
  try {
    const auto database = work.connections.get_writable(detector.predict->connection);
    database->write([&](db::Tx& tx) { table.replace(tx, interval, found.rows, work.claim.job.run_id); },
                    {.deadline = core::Deadline::after(std::chrono::minutes(5))});
  } catch (const core::Error& e) {
    // What the database does not take is the fault of the file, or of the table that it names.
    const bool is_fault = e.code() == core::ErrorCode::internal || e.code() == core::ErrorCode::conflict;
    throw core::Error(is_fault ? core::ErrorCode::invalid : e.code(),
                      fmt::format("{}:{}: {}", detector.predict->connection, detector.predict->table, e.what()),
                      e.field().empty() || is_fault ? "predict.output" : e.field());
  }
}

/// "3", or "1-3" where the models are not of one age. Each row says which one judged it.
std::string versions_of(const Found& found) {
  std::int64_t least = found.versions.begin()->second;
  std::int64_t most = least;
  for (const auto& [name, version] : found.versions) {
    least = std::min(least, version);
    most = std::max(most, version);
  }
  return least == most ? std::to_string(most) : fmt::format("{}-{}", least, most);
}

std::string to_json(const Work& work, const Found& found, std::int64_t outliers) {
  core::JsonWriter json;
  json.begin_object().member("rows", static_cast<std::int64_t>(found.rows.size())).member("outliers", outliers);
  json.member("output",
              fmt::format("{}:{}", work.claim.detector.predict->connection, work.claim.detector.predict->table));
  if (found.ungrouped > 0) json.member("rows_without_group", found.ungrouped);
  if (!found.unknown.empty()) {
    constexpr std::size_t kMost = 100;
    std::size_t count = 0;
    json.key("unknown_groups").begin_array();
    for (const std::string& name : found.unknown) {
      if (++count <= kMost) json.value(name);
    }
    json.end_array();
  }
  json.member("models", static_cast<std::int64_t>(found.versions.size()));
  json.member("model_versions", versions_of(found));
  return json.end_object().take();
}

void log_counts(const Work& work, const Found& found, std::int64_t outliers) {
  tracker::Batch batch;
  const auto add = [&](std::string_view what, std::int64_t count) {
    batch.metrics.push_back({.key = fmt::format("{}/{}", plain_name(work.claim.detector.metrics.front().name), what),
                             .value = static_cast<double>(count),
                             .timestamp_ms = core::to_ms(work.claim.now)});
  };
  add("rows", static_cast<std::int64_t>(found.rows.size()));
  add("outliers", outliers);
  client::log_batch(work.server, tracker::RunId(work.claim.job.run_id), batch);
}

}  // namespace

std::string predict(const Work& work) {
  if (!work.claim.detector.predict || work.claim.models.empty())
    throw core::internal("a prediction without a table or a model");
  Found found;
  Pulls pulls(work);
  for (const monitor::OnlineModel& model : work.claim.models) {
    work.check();
    try {
      judge(work, model, pulls, found);
    } catch (const core::Error& e) {
      throw core::Error(e.code(), fmt::format("{}: {}", model.name, e.what()), e.field());
    }
  }
  found.unknown = pulls.unknown();
  if (!found.unknown.empty()) {
    core::log::warn("groups_unknown", {{"detector", work.claim.detector.name},
                                       {"groups", fmt::format("{}", fmt::join(found.unknown, ", "))}});
  }
  const auto outliers =
      std::count_if(found.rows.begin(), found.rows.end(), [](const PredictionRow& row) { return row.is_outlier; });
  log_counts(work, found, outliers);
  // Whoever has lost the lease must not write over the rows of who has it now.
  work.check();
  write_rows(work, found);
  return to_json(work, found, outliers);
}

}  // namespace wakeful::runner
