#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "monitor/wire/names.hpp"
#include "monitor/wire/types.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

using core::ObjectReader;

std::string text_or_empty(const ObjectReader& object, std::string_view name) {
  return object.find_text(name).value_or("");
}

std::int64_t count_of(const ObjectReader& object, std::string_view name) {
  return object.find_integer(name).value_or(0);
}

core::Duration read_granularity(const ObjectReader& object) { return core::parse_duration(object.text("granularity")); }

const core::Json& array_of(const ObjectReader& object, std::string_view name) {
  const core::Json* value = object.find_value(name);
  if (!value || !value->is_array())
    throw core::invalid(fmt::format("'{}' must be an array", object.path_of(name)), object.path_of(name));
  return *value;
}

template <class T>
std::vector<T> numbers(const ObjectReader& object, std::string_view name) {
  std::vector<T> all;
  const core::Json& array = array_of(object, name);
  all.reserve(array.size());
  for (const core::Json& item : array) {
    if (!item.is_number())
      throw core::invalid(fmt::format("'{}' must hold numbers", object.path_of(name)), object.path_of(name));
    all.push_back(item.get<T>());
  }
  return all;
}

}  // namespace

Job read_job(const ObjectReader& object) {
  Job job{.id = object.text("id"), .kind = parse_job_kind(object.text("kind")), .subject = object.text("subject")};
  job.state = parse_job_state(object.text("state"));
  job.attempt = count_of(object, "attempt");
  job.max_attempts = count_of(object, "max_attempts");
  if (const auto interval = object.find_object("interval"))
    job.interval = {find_time(*interval, "from"), find_time(*interval, "until")};
  job.error = text_or_empty(object, "error");
  if (const core::Json* result = object.find_value("result")) job.result = core::dump_json(*result);
  job.owner = text_or_empty(object, "owner");
  job.run_id = text_or_empty(object, "run_id");
  if (const auto times = object.find_object("times")) {
    job.created = find_time(*times, "created").value_or(core::Timestamp{});
    job.scheduled = find_time(*times, "scheduled").value_or(core::Timestamp{});
    job.not_before = find_time(*times, "not_before").value_or(core::Timestamp{});
    job.started = find_time(*times, "started");
    job.finished = find_time(*times, "finished");
  }
  return job;
}

OnlineModel read_online_model(const ObjectReader& object) {
  OnlineModel model{.name = object.text("name"), .detector = text_or_empty(object, "detector")};
  model.deployment_mode = text_or_empty(object, "deployment_mode");
  model.metric = read_metric(object.object("metric"));
  model.granularity = read_granularity(object);
  model.digest = text_or_empty(object, "digest");
  model.version = object.integer("version");
  model.row_version = object.integer("row_version");
  model.last_evaluation = read_time(object, "last_evaluation_ts");
  model.artifact_uri = text_or_empty(object, "artifact_uri");
  model.artifact_sha256 = text_or_empty(object, "artifact_sha256");
  model.artifact_size_bytes = count_of(object, "artifact_size_bytes");
  model.creation_run_id = text_or_empty(object, "creation_run_id");
  model.trained = find_time(object, "trained_at").value_or(core::Timestamp{});
  return model;
}

Evaluation read_evaluation(const ObjectReader& object) {
  Evaluation evaluation{.id = object.text("id"), .detector = text_or_empty(object, "detector")};
  evaluation.model = text_or_empty(object, "model");
  evaluation.from_version = count_of(object, "from_version");
  evaluation.model_version = count_of(object, "model_version");
  evaluation.from = read_time(object, "from");
  evaluation.to = read_time(object, "to");
  evaluation.rows = count_of(object, "rows");
  evaluation.anomalies = count_of(object, "anomalies");
  evaluation.run_id = text_or_empty(object, "run_id");
  evaluation.job_id = text_or_empty(object, "job_id");
  evaluation.input_digest = text_or_empty(object, "input_digest");
  evaluation.created = find_time(object, "created_at").value_or(core::Timestamp{});
  return evaluation;
}

Score read_score(const ObjectReader& object) {
  Score score{.timestamp = read_time(object, "timestamp"), .entity = text_or_empty(object, "entity")};
  score.algorithm = object.text("algorithm");
  score.value = object.find_real("value");
  score.expected = object.find_real("expected");
  score.lower = object.find_real("lower");
  score.upper = object.find_real("upper");
  score.score = object.find_real("score");
  score.is_anomaly = object.find_boolean("is_anomaly").value_or(false);
  score.evaluation_id = text_or_empty(object, "evaluation_id");
  score.revision = count_of(object, "revision");
  return score;
}

Anomaly read_anomaly(const ObjectReader& object) {
  Anomaly anomaly{.score = read_score(object), .detector = text_or_empty(object, "detector")};
  anomaly.model = text_or_empty(object, "model");
  anomaly.model_version = count_of(object, "model_version");
  anomaly.run_id = text_or_empty(object, "run_id");
  anomaly.datasource = text_or_empty(object, "datasource");
  anomaly.query = text_or_empty(object, "query");
  anomaly.detected = find_time(object, "detected_at").value_or(core::Timestamp{});
  if (const core::Json* metadata = object.find_value("metadata"); metadata && !metadata->empty())
    anomaly.score.metadata = core::dump_json(*metadata);
  anomaly.event_start = find_time(object, "event_start").value_or(anomaly.score.timestamp);
  return anomaly;
}

SourceSummary read_source_summary(const ObjectReader& object) {
  SourceSummary source{.name = object.text("name"), .rows = count_of(object, "rows")};
  source.series = count_of(object, "series");
  source.metrics = object.texts("metrics");
  source.dimensions = object.texts("dimensions");
  source.first = find_time(object, "first");
  source.last = find_time(object, "last");
  source.freshness_seconds = object.find_real("freshness_seconds");
  return source;
}

ObservationPage read_observation_page(const ObjectReader& object) {
  ObservationPage page;
  for (const ObjectReader& row : object.objects("series")) {
    auto& series = page.series.emplace_back();
    series.metric = row.text("metric");
    if (const auto dims = row.find_object("dims")) {
      for (const std::string& name : dims->names()) series.dims.emplace_back(name, dims->text(name));
    }
  }
  for (const auto us : numbers<std::int64_t>(object, "ts_us")) page.times.push_back(core::from_us(us));
  page.of_series = numbers<std::int64_t>(object, "series_index");
  page.values = numbers<double>(object, "value");
  page.next_page_token = text_or_empty(object, "next_page_token");
  const auto series = static_cast<std::int64_t>(page.series.size());
  const bool fits =
      page.of_series.size() == page.times.size() && page.values.size() == page.times.size() &&
      std::all_of(page.of_series.begin(), page.of_series.end(), [&](std::int64_t i) { return i >= 0 && i < series; });
  if (!fits) throw core::invalid("A page of observations whose columns do not fit", "series_index");
  return page;
}

IngestReport read_ingest_report(const ObjectReader& object) {
  IngestReport report{.accepted = object.integer("accepted"), .duplicates = count_of(object, "duplicates")};
  report.replaced = count_of(object, "replaced");
  report.late = count_of(object, "late");
  for (const ObjectReader& row : object.objects("rejected"))
    report.rejected.push_back({row.integer("index"), text_or_empty(row, "field"), text_or_empty(row, "message")});
  report.rejected_rows =
      object.find_integer("rejected_rows").value_or(static_cast<std::int64_t>(report.rejected.size()));
  return report;
}

DetectorStatus read_detector_status(const ObjectReader& object) {
  DetectorStatus detector{.definition = read_definition(object.object("definition"))};
  detector.revision = count_of(object, "revision");
  detector.digest = text_or_empty(object, "digest");
  detector.state = text_or_empty(object, "state");
  detector.reason = text_or_empty(object, "reason");
  detector.created = find_time(object, "created_at").value_or(core::Timestamp{});
  detector.updated = find_time(object, "updated_at").value_or(core::Timestamp{});
  detector.last_evaluated = find_time(object, "last_evaluated_at");
  detector.last_trained = find_time(object, "last_trained_at");
  detector.next_evaluation = find_time(object, "next_evaluation_at");
  for (const ObjectReader& model : object.objects("models")) detector.models.push_back(read_online_model(model));
  return detector;
}

ApplyReport read_apply_report(const ObjectReader& object) {
  ApplyReport report{.name = object.text("name"), .applied = parse_applied(object.text("applied"))};
  report.dry_run = object.find_boolean("dry_run").value_or(false);
  report.revision = count_of(object, "revision");
  for (const ObjectReader& row : object.objects("changes")) {
    Change change{.path = row.text("path"), .from = "", .to = ""};
    if (const core::Json* from = row.find_value("from")) change.from = core::dump_json(*from);
    if (const core::Json* to = row.find_value("to")) change.to = core::dump_json(*to);
    report.changes.push_back(std::move(change));
  }
  if (const core::Json* definition = object.find_value("definition")) report.definition = core::dump_json(*definition);
  return report;
}

}  // namespace wakeful::monitor
