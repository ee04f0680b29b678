#include "monitor/wire/definition.hpp"

namespace wakeful::monitor {
namespace {

using core::JsonWriter;

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

void write_filled(JsonWriter& json, std::string_view name, const std::string& text) {
  if (!text.empty()) json.member(name, text);
}

void write_source(JsonWriter& json, const Source& source) {
  json.begin_object();
  if (const auto* observations = std::get_if<ObservationSource>(&source)) {
    json.member("observations", observations->name);
  } else if (const auto* sql = std::get_if<SqlSource>(&source)) {
    json.key("sql").begin_object();
    json.member("connection", sql->connection);
    write_filled(json, "query", sql->query);
    write_filled(json, "table", sql->table);
    write_filled(json, "time_column", sql->time_column);
    write_filled(json, "value_column", sql->value_column);
    json.end_object();
  } else if (const auto* csv = std::get_if<CsvSource>(&source)) {
    json.key("csv").begin_object();
    json.member("path", csv->path);
    write_filled(json, "time_column", csv->time_column);
    write_filled(json, "value_column", csv->value_column);
    json.end_object();
  } else if (const auto* store = std::get_if<MetricStoreSource>(&source)) {
    json.key("metric_store").begin_object();
    json.member("config", store->config).member("grain", store->grain);
    write_filled(json, "metric", store->metric);
    json.end_object();
  }
  json.end_object();
}

void write_schedule(JsonWriter& json, const Schedule& schedule) {
  if (const auto* every = std::get_if<Every>(&schedule)) {
    json.begin_object().member("every", core::format_duration(every->period)).end_object();
  } else if (const auto* cron = std::get_if<Cron>(&schedule)) {
    json.begin_object().member("cron", cron->expression).member("timezone", cron->timezone).end_object();
  } else {
    json.value("manual");
  }
}

void write_time_spec(JsonWriter& json, const TimeSpec& time) {
  json.begin_object();
  json.member("granularity", core::format_duration(time.granularity));
  if (time.start) json.member("start", to_text(*time.start));
  json.member("end", core::format_duration(time.end));
  if (time.retrain) json.member("retrain", core::format_duration(*time.retrain));
  json.end_object();
}

/// The parameters without their braces, behind `cls` where the label is not the name.
void write_algorithm(JsonWriter& json, const Algorithm& algorithm) {
  json.key(algorithm.label);
  if (algorithm.name == algorithm.label) {
    json.raw(algorithm.parameters);
    return;
  }
  json.begin_object().member("cls", algorithm.name);
  const std::string_view members = std::string_view(algorithm.parameters).substr(1, algorithm.parameters.size() - 2);
  if (!members.empty()) json.raw(members);
  json.end_object();
}

}  // namespace

void write(JsonWriter& json, const Metric& metric) {
  json.begin_object();
  json.member("name", metric.name);
  json.key("source");
  write_source(json, metric.source);
  json.member("aggregate", name_of(metric.aggregate));
  write_texts(json, "dimension_groupings", metric.dimension_groupings);
  write_texts(json, "dimension_filters", metric.dimension_filters);
  json.member("fill", to_text(metric.fill));
  write_texts(json, "group", metric.group);
  json.end_object();
}

void write(JsonWriter& json, const Definition& definition) {
  json.begin_object();
  json.member("name", definition.name);
  write_filled(json, "description", definition.description);
  json.member("deployment_mode", definition.deployment_mode);
  json.key("schedule");
  write_schedule(json, definition.schedule);
  json.key("time_spec");
  write_time_spec(json, definition.time_spec);
  json.key("metrics").begin_array();
  for (const Metric& metric : definition.metrics) write(json, metric);
  json.end_array();
  json.key("algorithms").begin_object();
  for (const Algorithm& algorithm : definition.algorithms) write_algorithm(json, algorithm);
  json.end_object();
  if (definition.model_per_group) json.member("model_per", "group");
  if (definition.features) {
    json.key("features");
    write(json, *definition.features);
  }
  if (definition.predict) {
    json.key("predict");
    write(json, *definition.predict);
  }
  json.end_object();
}

}  // namespace wakeful::monitor
