#include "monitor/wire/names.hpp"
#include "monitor/wire/types.hpp"

namespace wakeful::monitor {
namespace {

using core::JsonWriter;

std::string text_of(core::Timestamp time) { return core::format_rfc3339(time); }

void write_time(JsonWriter& json, std::string_view name, const std::optional<core::Timestamp>& time) {
  json.key(name);
  if (time)
    json.value(text_of(*time));
  else
    json.null();
}

/// Said even when empty, so that every row has the same members.
void write_text(JsonWriter& json, std::string_view name, const std::string& text) {
  json.key(name);
  if (text.empty())
    json.null();
  else
    json.value(text);
}

void write_real(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  json.key(name);
  if (value)
    json.value(*value);
  else
    json.null();
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

void write_score_members(JsonWriter& json, const Score& score) {
  json.member("timestamp", text_of(score.timestamp));
  json.member("entity", score.entity).member("algorithm", score.algorithm);
  write_real(json, "value", score.value);
  write_real(json, "expected", score.expected);
  write_real(json, "lower", score.lower);
  write_real(json, "upper", score.upper);
  write_real(json, "score", score.score);
  json.member("is_anomaly", score.is_anomaly);
  json.member("evaluation_id", score.evaluation_id).member("revision", score.revision);
}

/// What is above under other names, for readers of the table that the example job wrote. It had tags, and never filled
/// them.
void write_original_names(JsonWriter& json, const Anomaly& anomaly) {
  json.member("detection_run_timestamp", text_of(anomaly.detected));
  json.member("algorithm_name", anomaly.score.algorithm).member("query_json", anomaly.query);
  json.key("tags").begin_object().end_object();
}

}  // namespace

void write(JsonWriter& json, const Job& job) {
  json.begin_object();
  json.member("id", job.id).member("kind", name_of(job.kind)).member("subject", job.subject);
  json.member("state", name_of(job.state)).member("attempt", job.attempt).member("max_attempts", job.max_attempts);
  json.key("interval").begin_object();
  write_time(json, "from", job.interval.from);
  write_time(json, "until", job.interval.until);
  json.end_object();
  write_text(json, "error", job.error);
  json.key("result").raw(job.result);
  write_text(json, "owner", job.owner);
  write_text(json, "run_id", job.run_id);
  json.key("times").begin_object();
  write_time(json, "created", job.created);
  write_time(json, "scheduled", job.scheduled);
  write_time(json, "not_before", job.not_before);
  write_time(json, "started", job.started);
  write_time(json, "finished", job.finished);
  json.end_object();
  json.end_object();
}

void write(JsonWriter& json, const OnlineModel& model) {
  json.begin_object();
  json.member("name", model.name).member("detector", model.detector);
  json.member("deployment_mode", model.deployment_mode);
  json.key("metric");
  write(json, model.metric);
  json.member("granularity", core::format_duration(model.granularity)).member("digest", model.digest);
  json.member("version", model.version).member("row_version", model.row_version);
  json.member("last_evaluation_ts", text_of(model.last_evaluation));
  json.member("artifact_uri", model.artifact_uri).member("artifact_sha256", model.artifact_sha256);
  json.member("artifact_size_bytes", model.artifact_size_bytes);
  json.member("creation_run_id", model.creation_run_id);
  json.member("trained_at", text_of(model.trained));
  json.end_object();
}

void write(JsonWriter& json, const Evaluation& evaluation) {
  json.begin_object();
  json.member("id", evaluation.id).member("detector", evaluation.detector).member("model", evaluation.model);
  json.member("from_version", evaluation.from_version).member("model_version", evaluation.model_version);
  json.member("from", text_of(evaluation.from)).member("to", text_of(evaluation.to));
  json.member("rows", evaluation.rows).member("anomalies", evaluation.anomalies);
  write_text(json, "run_id", evaluation.run_id);
  json.member("job_id", evaluation.job_id);
  write_text(json, "input_digest", evaluation.input_digest);
  json.member("created_at", text_of(evaluation.created));
  json.end_object();
}

void write(JsonWriter& json, const Score& score) {
  json.begin_object();
  write_score_members(json, score);
  json.end_object();
}

void write(JsonWriter& json, const Anomaly& anomaly) {
  json.begin_object();
  write_score_members(json, anomaly.score);
  json.member("detector", anomaly.detector).member("model", anomaly.model);
  json.member("model_version", anomaly.model_version);
  write_text(json, "run_id", anomaly.run_id);
  json.member("datasource", anomaly.datasource).member("query", anomaly.query);
  json.member("detected_at", text_of(anomaly.detected));
  json.member("severity", severity_of(anomaly)).member("event_id", event_id_of(anomaly));
  json.member("event_start", text_of(anomaly.event_start));
  json.key("metadata").raw(anomaly.score.metadata.empty() ? "{}" : anomaly.score.metadata);
  write_original_names(json, anomaly);
  json.end_object();
}

void write(JsonWriter& json, const SourceSummary& source) {
  json.begin_object();
  json.member("name", source.name).member("rows", source.rows).member("series", source.series);
  write_texts(json, "metrics", source.metrics);
  write_texts(json, "dimensions", source.dimensions);
  write_time(json, "first", source.first);
  write_time(json, "last", source.last);
  write_real(json, "freshness_seconds", source.freshness_seconds);
  json.end_object();
}

void write(JsonWriter& json, const ObservationPage& page) {
  json.begin_object();
  json.key("series").begin_array();
  for (const auto& series : page.series) {
    json.begin_object().member("metric", series.metric).key("dims").begin_object();
    for (const auto& [name, value] : series.dims) json.member(name, value);
    json.end_object().end_object();
  }
  json.end_array();
  json.key("ts_us").begin_array();
  for (const core::Timestamp time : page.times) json.value(core::to_us(time));
  json.end_array();
  json.key("series_index").begin_array();
  for (const std::int64_t index : page.of_series) json.value(index);
  json.end_array();
  json.key("value").begin_array();
  for (const double value : page.values) json.value(value);
  json.end_array();
  if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
  json.end_object();
}

void write(JsonWriter& json, const IngestReport& report) {
  json.begin_object();
  json.member("accepted", report.accepted).member("duplicates", report.duplicates);
  json.member("replaced", report.replaced).member("late", report.late);
  json.member("rejected_rows", report.rejected_rows);
  json.key("rejected").begin_array();
  for (const auto& row : report.rejected) {
    json.begin_object().member("index", row.index).member("field", row.field).member("message", row.message);
    json.end_object();
  }
  json.end_array().end_object();
}

void write(JsonWriter& json, const DetectorStatus& detector) {
  const Definition& definition = detector.definition;
  json.begin_object();
  json.member("name", definition.name).member("description", definition.description);
  json.member("deployment_mode", definition.deployment_mode);
  json.member("revision", detector.revision).member("digest", detector.digest);
  json.member("state", detector.state);
  write_text(json, "reason", detector.reason);
  std::optional<core::Timestamp> oldest;
  for (const OnlineModel& model : detector.models) {
    if (!oldest || model.last_evaluation < *oldest) oldest = model.last_evaluation;
  }
  write_time(json, "last_evaluation_ts", oldest);
  write_time(json, "last_evaluated_at", detector.last_evaluated);
  write_time(json, "last_trained_at", detector.last_trained);
  write_time(json, "next_evaluation_at", detector.next_evaluation);
  write_time(json, "created_at", detector.created);
  write_time(json, "updated_at", detector.updated);
  json.key("definition");
  write(json, definition);
  json.key("models").begin_array();
  for (const OnlineModel& model : detector.models) write(json, model);
  json.end_array().end_object();
}

void write(JsonWriter& json, const ApplyReport& report) {
  json.begin_object();
  json.member("name", report.name).member("applied", name_of(report.applied)).member("dry_run", report.dry_run);
  json.member("revision", report.revision);
  json.key("changes").begin_array();
  for (const Change& change : report.changes) write(json, change);
  json.end_array();
  json.key("definition").raw(report.definition);
  json.end_object();
}

}  // namespace wakeful::monitor
