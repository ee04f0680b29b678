#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "monitor/wire/definition.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

using core::Json;
using core::ObjectReader;

constexpr core::Duration kLongestSpan = std::chrono::hours(24 * 3660);
constexpr core::Duration kLongestStep = std::chrono::hours(24 * 366);
constexpr core::Duration kShortestStep = std::chrono::milliseconds(1);
constexpr core::Duration kShortestPeriod = std::chrono::seconds(1);
constexpr std::size_t kMaxText = 5'000;
constexpr std::size_t kMaxQuery = 64U << 10U;
constexpr std::int64_t kMostFilled = 10'000;

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw core::invalid(fmt::format("'{}': {}", path, why), path);
}

std::string shown(const Json& value) {
  std::string text = core::dump_json(value);
  return text.size() > 80 ? text.substr(0, 77) + "..." : text;
}

/// Text; a whole number is taken for the text that it is written as (a query or a name may look like one).
std::optional<std::string> find_short_text(const ObjectReader& object, std::string_view name,
                                           std::size_t most = kMaxText) {
  auto text = object.find_text(name);
  if (text && text->size() > most) refuse(object.path_of(name), fmt::format("longer than {} bytes", most));
  return text;
}

std::string filled_text(const ObjectReader& object, std::string_view name, std::size_t most = kMaxText) {
  auto text = find_short_text(object, name, most);
  if (!text || core::trim(*text).empty()) {
    throw core::invalid(fmt::format("Missing value for required parameter '{}'.", object.path_of(name)),
                        object.path_of(name));
  }
  return std::move(*text);
}

/// The names of metrics, columns and dimensions: printable, and without what a model's name may not hold.
void check_column(std::string_view name, const std::string& path) {
  if (name.empty()) refuse(path, "empty name");
  if (name.size() > 100) refuse(path, "name longer than 100 bytes");
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == ':' || c == '"')
      refuse(path, "a name may not hold control characters, '/', ':' or '\"'");
  }
}

core::Duration read_span(std::string_view text, const std::string& path) {
  try {
    return core::parse_duration(text);
  } catch (const core::Error& e) {
    refuse(path, e.what());
  }
}

std::optional<core::Duration> find_span(const ObjectReader& object, std::string_view name, core::Duration least,
                                        core::Duration most) {
  const auto text = object.find_text(name);
  if (!text) return std::nullopt;
  const std::string path = object.path_of(name);
  const core::Duration span = read_span(*text, path);
  if (span < least || span > most) {
    refuse(path, fmt::format("'{}' is not between {} and {}", *text, core::format_duration(least),
                             core::format_duration(most)));
  }
  return span;
}

template <std::size_t N>
[[noreturn]] void refuse_word(std::string_view word, const std::string& path,
                              const std::array<std::string_view, N>& known) {
  std::string list;
  for (const std::string_view one : known) list += fmt::format("{}{}", list.empty() ? "" : ", ", one);
  const auto near = core::did_you_mean(word, known);
  refuse(path, fmt::format("'{}' is none of {}{}", word.substr(0, 80), list,
                           near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

std::string read_mode(const ObjectReader& object) {
  std::string mode = core::to_lower(object.find_text("deployment_mode").value_or("prod"));
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  if (mode.empty() || mode.size() > 40 || !std::all_of(mode.begin(), mode.end(), fits))
    refuse(object.path_of("deployment_mode"), "up to 40 letters, digits, '-', '_' and '.'");
  return mode;
}

[[noreturn]] void refuse_streams(const std::string& path) {
  refuse(path, "a stream detector has both schedule: stream and stream: {…}");
}

Schedule read_schedule(const ObjectReader& object) {
  const Json* value = object.find_value("schedule");
  const std::string path = object.path_of("schedule");
  if (!value) return Manual{};
  if (value->is_string()) {
    constexpr std::array<std::string_view, 2> kWords{"manual", "stream"};
    const auto& word = value->get_ref<const std::string&>();
    if (word == "manual") return Manual{};
    if (word == "stream") refuse_streams(path);
    refuse_word(word, path, kWords);
  }
  if (!value->is_object())
    refuse(path, fmt::format("{} is neither {{every: 5m}} nor {{cron: \"*/5 * * * *\"}} nor manual", shown(*value)));
  const ObjectReader schedule(*value, path);
  constexpr std::array<std::string_view, 3> kKeys{"every", "cron", "timezone"};
  schedule.refuse_unknown(kKeys);
  if (schedule.has("every") == schedule.has("cron")) refuse(path, "give either 'every' or 'cron'");
  if (const auto period = find_span(schedule, "every", kShortestPeriod, kLongestStep)) {
    if (schedule.has("timezone")) refuse(schedule.path_of("timezone"), "only a cron schedule has a time zone");
    return Every{*period};
  }
  Cron cron{.expression = filled_text(schedule, "cron", 200)};
  cron.timezone = find_short_text(schedule, "timezone", 100).value_or("UTC");
  return cron;
}

Start read_start(const ObjectReader& object) {
  const std::string text = object.text("start");
  const std::string path = object.path_of("start");
  // A duration has no '-' and no ':', a date has.
  if (text.find('-') == std::string::npos && text.find(':') == std::string::npos) {
    const core::Duration span = read_span(text, path);
    if (span <= core::Duration{} || span > kLongestSpan) refuse(path, fmt::format("'{}' is no span to go back", text));
    return span;
  }
  try {
    return core::parse_rfc3339(text);
  } catch (const core::Error& e) {
    refuse(path, e.what());
  }
}

TimeSpec read_time_spec(const ObjectReader& object) {
  const ObjectReader spec = object.object("time_spec");
  constexpr std::array<std::string_view, 4> kKeys{"granularity", "start", "end", "retrain"};
  spec.refuse_unknown(kKeys);
  TimeSpec time;
  filled_text(spec, "granularity", 100);
  time.granularity = *find_span(spec, "granularity", kShortestStep, kLongestStep);
  if (spec.has("start")) time.start = read_start(spec);
  time.end = find_span(spec, "end", core::Duration{}, kLongestSpan).value_or(core::Duration{});
  time.retrain = find_span(spec, "retrain", core::Duration{}, kLongestSpan);
  return time;
}

void check_optional_column(const std::string& name, const ObjectReader& object, std::string_view member) {
  if (!name.empty()) check_column(name, object.path_of(member));
}

SqlSource read_sql(const ObjectReader& sql) {
  constexpr std::array<std::string_view, 5> kKeys{"connection", "query", "table", "time_column", "value_column"};
  sql.refuse_unknown(kKeys);
  SqlSource source{.connection = filled_text(sql, "connection", 100)};
  if (source.connection.find("://") != std::string::npos) {
    refuse(sql.path_of("connection"),
           "name a connection of the runner's settings; addresses and passwords are not kept here");
  }
  check_name(source.connection, sql.path_of("connection"));
  if (sql.has("query") == sql.has("table")) refuse(sql.path_of("query"), "give either 'query' or 'table'");
  source.time_column = find_short_text(sql, "time_column", 100).value_or("");
  source.value_column = find_short_text(sql, "value_column", 100).value_or("");
  check_optional_column(source.time_column, sql, "time_column");
  check_optional_column(source.value_column, sql, "value_column");
  if (sql.has("query")) {
    source.query = filled_text(sql, "query", kMaxQuery);
    for (const std::string_view name : {":from", ":until"}) {
      if (source.query.find(name) == std::string::npos)
        refuse(sql.path_of("query"), fmt::format("without {}: a query takes :from and :until", name));
    }
    return source;
  }
  source.table = filled_text(sql, "table", 200);
  if (source.time_column.empty()) refuse(sql.path_of("time_column"), "a table needs the name of its time column");
  return source;
}

MetricStoreSource read_metric_store(const ObjectReader& store) {
  constexpr std::array<std::string_view, 3> kKeys{"config", "grain", "metric"};
  store.refuse_unknown(kKeys);
  MetricStoreSource source{.config = filled_text(store, "config", 4'096)};
  source.grain = core::to_lower(filled_text(store, "grain", 100));
  if (std::find(kGrains.begin(), kGrains.end(), source.grain) == kGrains.end())
    refuse_word(source.grain, store.path_of("grain"), kGrains);
  source.metric = find_short_text(store, "metric", 100).value_or("");
  check_optional_column(source.metric, store, "metric");
  return source;
}

Source read_source(const ObjectReader& metric) {
  const Json* value = metric.find_value("source");
  const std::string path = metric.path_of("source");
  if (!value) refuse(path, "missing; {observations: NAME}, {sql: {…}}, {csv: {…}} or {metric_store: {…}}");
  const ObjectReader source(*value, path);
  constexpr std::array<std::string_view, 4> kKeys{"observations", "sql", "csv", "metric_store"};
  source.refuse_unknown(kKeys);
  const auto given = std::count_if(kKeys.begin(), kKeys.end(), [&](std::string_view key) { return source.has(key); });
  if (given != 1) refuse(path, "give exactly one of 'observations', 'sql', 'csv' and 'metric_store'");
  if (source.has("observations")) {
    ObservationSource observations{filled_text(source, "observations", 200)};
    check_name(observations.name, source.path_of("observations"));
    return observations;
  }
  if (source.has("sql")) return read_sql(source.object("sql"));
  if (source.has("metric_store")) return read_metric_store(source.object("metric_store"));
  const ObjectReader csv = source.object("csv");
  constexpr std::array<std::string_view, 3> kCsvKeys{"path", "time_column", "value_column"};
  csv.refuse_unknown(kCsvKeys);
  CsvSource file{.path = filled_text(csv, "path", 4'096)};
  file.time_column = find_short_text(csv, "time_column", 100).value_or("");
  file.value_column = find_short_text(csv, "value_column", 100).value_or("");
  check_optional_column(file.time_column, csv, "time_column");
  check_optional_column(file.value_column, csv, "value_column");
  return file;
}

Aggregate read_aggregate(const ObjectReader& metric) {
  constexpr std::array<std::string_view, 6> kWords{"mean", "sum", "count", "min", "max", "last"};
  const auto word = metric.find_text("aggregate");
  if (!word) return Aggregate::mean;
  const auto found = std::find(kWords.begin(), kWords.end(), *word);
  if (found == kWords.end()) refuse_word(*word, metric.path_of("aggregate"), kWords);
  return static_cast<Aggregate>(found - kWords.begin());
}

Fill read_fill(const ObjectReader& metric) {
  constexpr std::array<std::string_view, 4> kWords{"gap", "zero", "hold", "linear"};
  const auto text = metric.find_text("fill");
  if (!text) return {};
  const std::string path = metric.path_of("fill");
  const std::string_view all = core::trim(*text);
  const std::string_view word = core::trim(all.substr(0, all.find('(')));
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  if (found == kWords.end()) refuse_word(word, path, kWords);
  Fill fill{.kind = static_cast<Fill::Kind>(found - kWords.begin())};
  const bool counts = fill.kind == Fill::Kind::hold || fill.kind == Fill::Kind::linear;
  const bool has_count = all.find('(') != std::string_view::npos;
  if (counts != has_count)
    refuse(path,
           counts ? fmt::format("say for how many buckets: {}(3)", word) : fmt::format("'{}' takes no number", word));
  if (!counts) return fill;
  const std::string_view inside = all.substr(all.find('(') + 1);
  const auto most =
      inside.ends_with(')') ? core::to_integer(core::trim(inside.substr(0, inside.size() - 1))) : std::nullopt;
  if (!most || *most < 1 || *most > kMostFilled)
    refuse(path, fmt::format("'{}': a whole number from 1 to {} in parentheses", *text, kMostFilled));
  fill.most = *most;
  return fill;
}

/// The arguments stand beside `cls`, or together under `args`.
Algorithm read_algorithm(const std::string& label, const Json* value, const std::string& path) {
  Algorithm algorithm{.label = label, .name = label, .path = path};
  if (!value) return algorithm;  // "ewma_residual:" alone is null: all defaults
  const ObjectReader object(*value, path);
  if (object.has("cls")) algorithm.name = filled_text(object, "cls", 200);
  Json kept = *value;
  if (object.find_object("args")) {
    constexpr std::array<std::string_view, 2> kKeys{"cls", "args"};
    object.refuse_unknown(kKeys);
    algorithm.path = object.path_of("args");
    kept = *object.find_value("args");
  }
  kept.erase("cls");
  algorithm.parameters = core::dump_json(kept);
  return algorithm;
}

std::vector<Algorithm> read_algorithms(const ObjectReader& object) {
  const ObjectReader all = object.object("algorithms");
  std::vector<Algorithm> algorithms;
  const auto names = all.names();
  if (names.empty()) refuse(object.path_of("algorithms"), "name at least one algorithm");
  if (names.size() > kMaxAlgorithms)
    refuse(object.path_of("algorithms"), fmt::format("more than {} algorithms", kMaxAlgorithms));
  for (const std::string& label : names) {
    const std::string path = all.path_of(label);
    check_column(label, path);
    algorithms.push_back(read_algorithm(label, all.find_value(label), path));
  }
  return algorithms;
}

std::vector<Metric> read_metrics(const ObjectReader& object) {
  const auto rows = object.objects("metrics");
  if (rows.empty()) refuse(object.path_of("metrics"), "name at least one metric");
  if (rows.size() > kMaxMetrics) refuse(object.path_of("metrics"), fmt::format("more than {} metrics", kMaxMetrics));
  std::vector<Metric> metrics;
  std::set<std::string> names;
  for (const ObjectReader& row : rows) {
    metrics.push_back(read_metric(row));
    if (!names.insert(metrics.back().name).second)
      refuse(row.path_of("name"), fmt::format("two metrics are named '{}'", metrics.back().name));
  }
  return metrics;
}

bool read_model_per(const ObjectReader& object) {
  constexpr std::array<std::string_view, 2> kWords{"metric", "group"};
  const auto word = object.find_text("model_per");
  if (!word) return false;
  if (std::find(kWords.begin(), kWords.end(), *word) == kWords.end())
    refuse_word(*word, object.path_of("model_per"), kWords);
  return *word == kWords[1];
}

std::vector<std::string> read_list(const ObjectReader& metric, std::string_view name, std::size_t most,
                                   std::size_t longest) {
  auto texts = metric.texts(name);
  if (texts.size() > most) refuse(metric.path_of(name), fmt::format("more than {}", most));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (core::trim(texts[i]).empty()) refuse(fmt::format("{}[{}]", metric.path_of(name), i), "empty");
    if (texts[i].size() > longest)
      refuse(fmt::format("{}[{}]", metric.path_of(name), i), fmt::format("longer than {} bytes", longest));
  }
  return texts;
}

}  // namespace

Metric read_metric(const ObjectReader& object) {
  constexpr std::array<std::string_view, 7> kKeys{
      "name", "source", "aggregate", "dimension_groupings", "dimension_filters", "fill", "group"};
  object.refuse_unknown(kKeys);
  Metric metric{.name = filled_text(object, "name", 200)};
  check_column(metric.name, object.path_of("name"));
  metric.source = read_source(object);
  metric.aggregate = read_aggregate(object);
  metric.dimension_groupings = read_list(object, "dimension_groupings", kMaxGroupings, 100);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < metric.dimension_groupings.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", object.path_of("dimension_groupings"), i);
    check_column(metric.dimension_groupings[i], path);
    if (!seen.insert(metric.dimension_groupings[i]).second)
      refuse(path, fmt::format("'{}' is named twice", metric.dimension_groupings[i]));
  }
  metric.dimension_filters = read_list(object, "dimension_filters", kMaxFilters, kMaxQuery);
  metric.fill = read_fill(object);
  metric.group = object.texts("group");
  if (!metric.group.empty() && metric.group.size() != metric.dimension_groupings.size())
    refuse(object.path_of("group"), "not one value for each of the groupings");
  return metric;
}

Definition read_definition(const ObjectReader& object) {
  constexpr std::array<std::string_view, 10> kKeys{"name",    "description", "deployment_mode", "schedule", "time_spec",
                                                   "metrics", "algorithms",  "model_per",       "features", "predict"};
  if (object.has("stream")) refuse_streams(object.path_of("stream"));
  object.refuse_unknown(kKeys);
  Definition definition{.name = filled_text(object, "name", 1'000)};
  check_name(definition.name, object.path_of("name"));
  definition.description = find_short_text(object, "description").value_or("");
  definition.deployment_mode = read_mode(object);
  definition.schedule = read_schedule(object);
  definition.time_spec = read_time_spec(object);
  definition.metrics = read_metrics(object);
  definition.algorithms = read_algorithms(object);
  definition.model_per_group = read_model_per(object);
  if (object.has("features")) definition.features = read_features(object.object("features"));
  if (object.has("predict"))
    definition.predict = read_prediction(object.object("predict"), definition.time_spec.granularity);
  check_batch(definition);
  return definition;
}

}  // namespace wakeful::monitor
