#include "monitor/wire/batch.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "monitor/wire/definition.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

using core::ObjectReader;

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw core::invalid(fmt::format("'{}': {}", path, why), path);
}

template <std::size_t N>
void check_word(std::string_view word, const std::string& path, const std::array<std::string_view, N>& known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  const auto near = core::did_you_mean(word, known);
  refuse(path, fmt::format("'{}' is none of {}{}", word.substr(0, 80), fmt::join(known, ", "),
                           near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

/// Each once.
std::vector<std::string> read_names(const ObjectReader& object, std::string_view name) {
  auto names = object.texts(name);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!seen.insert(names[i]).second)
      refuse(fmt::format("{}[{}]", object.path_of(name), i), fmt::format("'{}' is named twice", names[i]));
  }
  return names;
}

/// Letters, digits and '_': what may stand in SQL as a name. A table may have a schema in front.
void check_table(std::string_view table, const std::string& path) {
  const auto parts = core::split(table, '.');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fits = [&](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; };
  const auto is_name = [&](std::string_view part) {
    return !part.empty() && part.size() <= 60 && !is_digit(part.front()) && std::all_of(part.begin(), part.end(), fits);
  };
  if (parts.size() > 2 || !std::all_of(parts.begin(), parts.end(), is_name))
    refuse(path, fmt::format("'{}' cannot be a name in SQL here: letters, digits and '_'", table.substr(0, 100)));
}

void check_encoded(const Definition& definition, const Features& features) {
  for (std::size_t m = 0; m < definition.metrics.size(); ++m) {
    const auto& groupings = definition.metrics[m].dimension_groupings;
    for (std::size_t i = 0; i < features.encode.size(); ++i) {
      if (std::find(groupings.begin(), groupings.end(), features.encode[i]) != groupings.end()) continue;
      refuse(fmt::format("features.encode[{}]", i),
             fmt::format("metrics[{}] is not grouped by '{}'", m, features.encode[i]));
    }
  }
}

/// A table that is written has one column for each thing.
void check_columns(const Definition& definition) {
  const Metric& metric = definition.metrics.front();
  std::set<std::string> names;
  for (const std::string_view name : kPredictionColumns) names.emplace(name);
  const auto take = [&](const std::string& name, const std::string& path) {
    check_table(name, path);
    if (name.find('.') != std::string::npos || !names.insert(name).second)
      refuse(path, fmt::format("'{}' is a column of predict's table already", name));
  };
  take(time_column_of(metric), "metrics[0].source");
  for (std::size_t i = 0; i < metric.dimension_groupings.size(); ++i)
    take(metric.dimension_groupings[i], fmt::format("metrics[0].dimension_groupings[{}]", i));
  take(value_column_of(metric), "metrics[0].name");
}

}  // namespace

Features read_features(const ObjectReader& object) {
  constexpr std::array<std::string_view, 5> kKeys{"calendar", "encode", "value", "scale", "unseen"};
  object.refuse_unknown(kKeys);
  Features features{.calendar = read_names(object, "calendar"), .encode = read_names(object, "encode")};
  for (std::size_t i = 0; i < features.calendar.size(); ++i)
    check_word(features.calendar[i], fmt::format("{}[{}]", object.path_of("calendar"), i), kCalendar);
  features.value = object.find_boolean("value").value_or(true);
  features.scale = object.find_text("scale").value_or("none");
  check_word(features.scale, object.path_of("scale"), kScales);
  features.unseen = object.find_integer("unseen");
  if (features.unseen.value_or(-1) >= 0)
    refuse(object.path_of("unseen"), "a code that no known category has: a negative whole number");
  if (features.calendar.empty() && features.encode.empty() && !features.value)
    refuse(object.path_of("value"), "nothing is left to learn from");
  return features;
}

Prediction read_prediction(const ObjectReader& object, core::Duration granularity) {
  constexpr std::array<std::string_view, 2> kKeys{"output", "interval"};
  constexpr std::array<std::string_view, 2> kOutputKeys{"connection", "table"};
  object.refuse_unknown(kKeys);
  const ObjectReader output = object.object("output");
  output.refuse_unknown(kOutputKeys);
  Prediction prediction{.connection = output.text("connection"), .table = output.text("table")};
  check_name(prediction.connection, output.path_of("connection"));
  check_table(prediction.table, output.path_of("table"));
  prediction.interval = granularity;
  if (const auto text = object.find_text("interval")) {
    const std::string path = object.path_of("interval");
    try {
      prediction.interval = core::parse_duration(*text);
    } catch (const core::Error& e) {
      refuse(path, e.what());
    }
    if (prediction.interval < granularity || prediction.interval % granularity != core::Duration{} ||
        prediction.interval / granularity > kMaxPredictedBuckets)
      refuse(path, fmt::format("not a multiple of the granularity, {}, of at most {} times as much",
                               core::format_duration(granularity), kMaxPredictedBuckets));
  }
  return prediction;
}

void check_batch(const Definition& definition) {
  for (std::size_t m = 0; m < definition.metrics.size(); ++m) {
    const std::string path = fmt::format("metrics[{}]", m);
    if (!definition.metrics[m].group.empty()) refuse(path + ".group", "chosen by 'model_per', not by the file");
    if (definition.model_per_group && definition.metrics[m].dimension_groupings.empty())
      refuse("model_per", fmt::format("'group', but {} has no dimension_groupings", path));
  }
  if (definition.features) check_encoded(definition, *definition.features);
  if (!definition.predict) return;
  if (!definition.features)
    refuse("predict", "needs 'features': whole intervals are predicted by methods that judge a row by itself");
  if (definition.metrics.size() != 1) refuse("predict", "needs exactly one metric: the rows of its table");
  check_columns(definition);
}

void write(core::JsonWriter& json, const Features& features) {
  const auto write_names = [&](std::string_view name, const std::vector<std::string>& names) {
    if (names.empty()) return;
    json.key(name).begin_array();
    for (const std::string& one : names) json.value(one);
    json.end_array();
  };
  json.begin_object();
  write_names("calendar", features.calendar);
  write_names("encode", features.encode);
  json.member("value", features.value).member("scale", features.scale);
  if (features.unseen) json.member("unseen", *features.unseen);
  json.end_object();
}

void write(core::JsonWriter& json, const Prediction& prediction) {
  json.begin_object().key("output").begin_object();
  json.member("connection", prediction.connection).member("table", prediction.table).end_object();
  json.member("interval", core::format_duration(prediction.interval)).end_object();
}

std::string time_column_of(const Metric& metric) {
  std::string name;
  if (const auto* sql = std::get_if<SqlSource>(&metric.source)) name = sql->time_column;
  if (const auto* csv = std::get_if<CsvSource>(&metric.source)) name = csv->time_column;
  return name.empty() ? "ts" : name;
}

std::string value_column_of(const Metric& metric) {
  std::string name;
  if (const auto* sql = std::get_if<SqlSource>(&metric.source)) name = sql->value_column;
  if (const auto* csv = std::get_if<CsvSource>(&metric.source)) name = csv->value_column;
  return name.empty() ? metric.name : name;
}

}  // namespace wakeful::monitor
