#include "monitor/wire/definition.hpp"

#include <array>

#include <fmt/format.h>

#include "platform/core/digest.hpp"

namespace wakeful::monitor {

std::string_view name_of(Aggregate aggregate) {
  constexpr std::array<std::string_view, 6> kNames{"mean", "sum", "count", "min", "max", "last"};
  return kNames.at(static_cast<std::size_t>(aggregate));
}

std::string to_text(const Fill& fill) {
  switch (fill.kind) {
    case Fill::Kind::gap:
      return "gap";
    case Fill::Kind::zero:
      return "zero";
    case Fill::Kind::hold:
      return fmt::format("hold({})", fill.most);
    case Fill::Kind::linear:
      return fmt::format("linear({})", fill.most);
  }
  return "gap";
}

std::string to_text(const Start& start) {
  if (const auto* span = std::get_if<core::Duration>(&start)) return core::format_duration(*span);
  return core::format_rfc3339(std::get<core::Timestamp>(start));
}

std::string to_json(const Definition& definition) {
  core::JsonWriter json;
  write(json, definition);
  return json.take();
}

Metric with_group(const Metric& metric, std::vector<std::string> group) {
  Metric one = metric;
  one.group = std::move(group);
  return one;
}

std::string model_digest(const Definition& definition, const Metric& metric) {
  core::JsonWriter json;
  json.begin_object();
  json.member("granularity", core::format_duration(definition.time_spec.granularity));
  json.key("metric");
  write(json, metric);
  json.key("algorithms").begin_object();
  for (const Algorithm& algorithm : definition.algorithms) {
    json.key(algorithm.label).begin_object();
    json.member("cls", algorithm.name).key("parameters").raw(algorithm.parameters);
    json.end_object();
  }
  json.end_object();
  if (definition.features) {
    json.key("features");
    write(json, *definition.features);
  }
  json.end_object();
  return core::sha256_hex(json.text());
}

}  // namespace wakeful::monitor
