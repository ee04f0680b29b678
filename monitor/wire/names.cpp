#include "monitor/wire/names.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "monitor/wire/types.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

bool is_plain(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

void check_name(std::string_view name, std::string_view field) {
  const auto fits = [](char c) { return is_plain(c) || c == '.' || c == '_' || c == '-'; };
  if (!name.empty() && name.size() <= 100 && is_plain(name.front()) && std::all_of(name.begin(), name.end(), fits))
    return;
  throw core::invalid(
      fmt::format("'{}': '{}' is no name: 1 to 100 letters, digits, '.', '_' and '-', the first a letter or digit",
                  field, name.substr(0, 120)),
      std::string(field));
}

std::string trained_model_name(const Definition& definition, const Metric& metric) {
  std::string name =
      fmt::format("{}__{}__{}", definition.name, metric.name, fmt::join(metric.dimension_groupings, "__"));
  if (definition.deployment_mode != "prod") name += "__" + definition.deployment_mode;
  return name;
}

std::string online_model_name(const Definition& definition, const Metric& metric) {
  return trained_model_name(definition, metric) + "_online";
}

std::string entity_name(std::span<const std::string> values) {
  if (values.empty()) return {};
  if (values.size() == 1) return values.front();
  core::JsonWriter json;
  json.begin_array();
  for (const std::string& value : values) json.value(value);
  json.end_array();
  return json.take();
}

std::string model_folder_of(std::string_view uri) {
  const auto slash = uri.rfind('/');
  if (slash == std::string_view::npos || uri.substr(slash + 1) != kModelFile) return std::string(uri);
  return std::string(uri.substr(0, slash));
}

std::string datasource_of(const Source& source) {
  if (const auto* observations = std::get_if<ObservationSource>(&source)) return "observations:" + observations->name;
  if (const auto* sql = std::get_if<SqlSource>(&source)) return "sql:" + sql->connection;
  if (const auto* store = std::get_if<MetricStoreSource>(&source)) return "metric_store:" + store->config;
  return "csv:" + std::get<CsvSource>(source).path;
}

std::string event_id_of(const Anomaly& anomaly) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}", anomaly.model, anomaly.score.entity, anomaly.score.algorithm,
                                       core::to_us(anomaly.event_start));
  return core::sha256_hex(text).substr(0, 16);
}

std::string_view severity_of(const Anomaly& anomaly) {
  return anomaly.score.score.value_or(0) > 2 ? "critical" : "warning";
}

std::string evaluation_id(std::string_view model, std::int64_t from_version, core::Timestamp from, core::Timestamp to) {
  return core::sha256_hex(fmt::format("{}|{}|{}|{}", model, from_version, core::to_us(from), core::to_us(to)))
      .substr(0, 32);
}

std::optional<core::Timestamp> find_time(const core::ObjectReader& object, std::string_view name) {
  const auto text = object.find_text(name);
  if (!text) return std::nullopt;
  try {
    return core::parse_rfc3339(*text);
  } catch (const core::Error& e) {
    throw core::invalid(fmt::format("'{}': {}", object.path_of(name), e.what()), object.path_of(name));
  }
}

core::Timestamp read_time(const core::ObjectReader& object, std::string_view name) {
  const auto time = find_time(object, name);
  if (time) return *time;
  throw core::invalid(fmt::format("Missing value for required parameter '{}'.", object.path_of(name)),
                      object.path_of(name));
}

}  // namespace wakeful::monitor
