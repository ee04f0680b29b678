#include "monitor/wire/names.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "monitor/wire/types.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

bool is_plain(char c);

/// A value as a part of a model's name. What such a name may not hold, and '_' where it could be taken for the "__"
/// between parts, is percent-encoded.
std::string name_part(std::string_view value) {
  std::string part;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool lonely = i > 0 && i + 1 < value.size() && value[i - 1] != '_' && value[i + 1] != '_';
    if (is_plain(c) || c == '.' || c == '-' || (c == '_' && lonely))
      part += c;
    else
      part += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return part;
}

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
  std::vector<std::string> dims;
  for (const std::string& value : metric.group) dims.push_back(name_part(value));
  if (dims.empty()) dims = metric.dimension_groupings;
  std::string name = fmt::format("{}__{}__{}", definition.name, metric.name, fmt::join(dims, "__"));
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

std::vector<std::string> group_of(const std::string& entity, std::size_t count) {
  if (count == 0) return {};
  if (count == 1) return {entity};
  const core::JsonDocument document = core::parse_json(fmt::format("{{\"group\":{}}}", entity));
  return core::ObjectReader(document.root()).texts("group");
}

std::optional<Metric> find_metric_of(const Definition& definition, const OnlineModel& model) {
  if (definition.model_per_group == model.metric.group.empty()) return std::nullopt;
  for (const Metric& metric : definition.metrics) {
    if (metric.dimension_groupings.size() != model.metric.group.size() && definition.model_per_group) continue;
    Metric one = with_group(metric, model.metric.group);
    if (online_model_name(definition, one) == model.name) return one;
  }
  return std::nullopt;
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
