#include "streams/definition.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::streams {
namespace {

using core::ObjectReader;
using std::string_view;

constexpr std::int64_t kLongestMs = std::int64_t{366} * 86'400'000;
constexpr std::int64_t kMostWindows = 10'000;  // of one event
constexpr int kMostDecimals = 12;
constexpr std::int64_t kMostTraining = 10'000;
constexpr std::size_t kLongestText = 5'000;

constexpr string_view kNameRule = "letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 100";

bool is_sound(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-'; }

/// What sources and detectors are called.
bool is_name(string_view name) {
  return !name.empty() && name.size() <= 100 && std::isalnum(static_cast<unsigned char>(name.front())) &&
         std::all_of(name.begin(), name.end(), is_sound);
}

[[noreturn]] void refuse(const std::string& path, string_view why) {
  throw core::invalid(fmt::format("'{}': {}", path, why), path);
}

template <class Value, std::size_t N>
using Words = std::array<std::pair<string_view, Value>, N>;

template <class Value, std::size_t N>
Value choose(const ObjectReader& object, string_view name, const Words<Value, N>& words,
             std::optional<Value> otherwise) {
  const auto text = object.find_text(name);
  if (!text) {
    if (otherwise) return *otherwise;
    throw core::invalid(fmt::format("Missing value for required parameter '{}'.", object.path_of(name)),
                        object.path_of(name));
  }
  std::vector<string_view> known;
  for (const auto& [word, value] : words) {
    if (word == *text) return value;
    known.push_back(word);
  }
  const auto near = core::did_you_mean(*text, known);
  refuse(object.path_of(name), near ? fmt::format("'{}' is unknown; did you mean '{}'?", *text, *near)
                                    : fmt::format("'{}' is none of {}", *text, fmt::join(known, ", ")));
}

std::string filled(const ObjectReader& object, string_view name) {
  std::string text = object.text(name);
  if (core::trim(text).empty()) refuse(object.path_of(name), "empty");
  if (text.size() > kLongestText) refuse(object.path_of(name), "longer than 5000 bytes");
  return text;
}

std::int64_t span_ms(const ObjectReader& object, string_view name, std::int64_t least,
                     std::optional<std::int64_t> otherwise) {
  const auto text = otherwise ? object.find_text(name) : std::optional(object.text(name));
  if (!text) return *otherwise;
  core::Duration span{};
  try {
    span = core::parse_duration(*text);
  } catch (const core::Error& e) {
    refuse(object.path_of(name), e.what());
  }
  if (span.count() % 1'000 != 0) refuse(object.path_of(name), "finer than a millisecond");
  const std::int64_t ms = span.count() / 1'000;
  if (ms < least || ms > kLongestMs)
    refuse(object.path_of(name), fmt::format("'{}' is not between {} ms and 366 days", *text, least));
  return ms;
}

/// Which one of `known` the object has. Errors: invalid if it is none or several.
string_view only_member(const ObjectReader& object, const std::string& path, std::span<const string_view> known) {
  string_view found;
  for (const string_view name : known) {
    if (!object.has(name)) continue;
    if (!found.empty())
      refuse(object.path_of(name),
             fmt::format("there is '{}' already; it takes one of {}", found, fmt::join(known, ", ")));
    found = name;
  }
  if (found.empty()) refuse(path, fmt::format("it takes one of {}", fmt::join(known, ", ")));
  return found;
}

/// {stdin: true} and {stdout: true} say nothing else.
void require_true(const ObjectReader& object, string_view name) {
  if (!object.boolean(name)) refuse(object.path_of(name), "can only be true");
}

/// Of a topic: what Kafka itself allows.
std::string topic_name(const ObjectReader& object, string_view name) {
  std::string topic = filled(object, name);
  if (topic.size() > 249 || !std::all_of(topic.begin(), topic.end(), is_sound) || topic == "." || topic == "..")
    refuse(object.path_of(name), "a topic has letters, digits, '.', '_' and '-', at most 249");
  return topic;
}

KafkaInput read_kafka_input(const ObjectReader& kafka, const std::string& detector) {
  constexpr std::array<string_view, 4> kKnown = {"brokers", "topic", "group", "offset"};
  constexpr Words<bool, 2> kOffsets = {{{"earliest", false}, {"latest", true}}};
  kafka.refuse_unknown(kKnown);
  KafkaInput out{.brokers = filled(kafka, "brokers"), .topic = topic_name(kafka, "topic"), .group = detector};
  if (kafka.has("group")) out.group = filled(kafka, "group");
  out.is_from_end = choose<bool>(kafka, "offset", kOffsets, false);
  return out;
}

void read_input(const ObjectReader& stream, StreamDefinition& out) {
  const ObjectReader input = stream.object("input");
  constexpr std::array<string_view, 4> kKnown = {"kafka", "push", "file", "stdin"};
  input.refuse_unknown(kKnown);
  const string_view kind = only_member(input, stream.path_of("input"), kKnown);
  if (kind == "kafka") {
    out.input = read_kafka_input(input.object("kafka"), out.name);
  } else if (kind == "push") {
    const std::string name = filled(input, "push");
    if (!is_name(name)) refuse(input.path_of("push"), kNameRule);
    out.input = PushInput{name};
  } else if (kind == "file") {
    out.input = FileInput{filled(input, "file")};
  } else {
    require_true(input, "stdin");
    out.input = FileInput{};
  }
  out.value = filled(stream, "value");
  const auto timestamp = stream.find_object("timestamp");
  if (!timestamp) return;
  constexpr std::array<string_view, 2> kParts = {"field", "unit"};
  constexpr Words<TimeUnit, 4> kUnits = {
      {{"s", TimeUnit::s}, {"ms", TimeUnit::ms}, {"us", TimeUnit::us}, {"ns", TimeUnit::ns}}};
  timestamp->refuse_unknown(kParts);
  if (timestamp->has("field")) out.time_field = filled(*timestamp, "field");
  out.time_unit = choose<TimeUnit>(*timestamp, "unit", kUnits, std::nullopt);
}

void read_window(const ObjectReader& window, StreamDefinition& out) {
  constexpr std::array<string_view, 8> kKnown = {"kind", "size",  "step",      "aggregate",
                                                 "emit", "grace", "min_count", "min_span"};
  constexpr Words<int, 3> kKinds = {{{"hopping", 0}, {"tumbling", 1}, {"sliding", 2}}};
  constexpr Words<Aggregate, 5> kAggregates = {{{"mean", Aggregate::mean},
                                                {"sum", Aggregate::sum},
                                                {"count", Aggregate::count},
                                                {"min", Aggregate::min},
                                                {"max", Aggregate::max}}};
  constexpr Words<Emit, 3> kEmits = {{{"updates", Emit::updates}, {"oldest", Emit::oldest}, {"final", Emit::final}}};
  window.refuse_unknown(kKnown);
  const int kind = choose<int>(window, "kind", kKinds, std::nullopt);
  out.window.kind = kind == 2 ? WindowKind::sliding : WindowKind::hopping;
  out.window.size_ms = span_ms(window, "size", 1, std::nullopt);
  if (kind == 0) {
    out.window.step_ms = span_ms(window, "step", 1, std::nullopt);
    if (out.window.step_ms > out.window.size_ms) refuse(window.path_of("step"), "longer than the window's size");
    if (out.window.size_ms / out.window.step_ms > kMostWindows)
      refuse(window.path_of("step"), "an event would belong to more than 10000 windows");
  } else {
    if (window.has("step")) refuse(window.path_of("step"), "only hopping windows have a step");
    out.window.step_ms = out.window.size_ms;
  }
  out.window.grace_ms = span_ms(window, "grace", 0, 0);
  if (kind != 2 && (out.window.size_ms + out.window.grace_ms) / out.window.step_ms > kMostWindows)
    refuse(window.path_of("grace"), "a key would have more than 10000 open windows");
  out.aggregate = choose<Aggregate>(window, "aggregate", kAggregates, Aggregate::mean);
  out.emit = choose<Emit>(window, "emit", kEmits, Emit::updates);
  if (kind == 2 && out.emit == Emit::oldest) refuse(window.path_of("emit"), "sliding windows have no oldest one");
  out.min_count = window.find_integer("min_count").value_or(1);
  if (out.min_count < 1) refuse(window.path_of("min_count"), "less than 1");
  out.min_span_ms = span_ms(window, "min_span", 0, 0);
}

void read_condition(const ObjectReader& alert, StreamDefinition& out) {
  // Longer words first: ">=" begins with ">".
  constexpr std::array<std::pair<string_view, Comparison>, 6> kComparisons = {{{">=", Comparison::at_least},
                                                                               {"<=", Comparison::at_most},
                                                                               {"!=", Comparison::unequal},
                                                                               {"==", Comparison::equal},
                                                                               {">", Comparison::above},
                                                                               {"<", Comparison::below}}};
  const std::string when = filled(alert, "when");
  const string_view text = core::trim(when);
  for (const auto& [word, comparison] : kComparisons) {
    if (!text.starts_with(word)) continue;
    const auto threshold = core::to_real(core::trim(text.substr(word.size())));
    if (!threshold || !std::isfinite(*threshold)) break;
    out.comparison = comparison;
    out.threshold = *threshold;
    return;
  }
  refuse(alert.path_of("when"), fmt::format("'{}' is no comparison with a number, such as '>= 90'", when));
}

/// {NAME: {…}} of the catalog.
KeyAlgorithm read_algorithm(const ObjectReader& alert) {
  const ObjectReader algorithm = alert.object("algorithm");
  const auto names = algorithm.names();
  if (names.size() != 1) refuse(alert.path_of("algorithm"), "it takes one algorithm with its arguments");
  KeyAlgorithm out{.row = detectors::find_algorithm(names.front())};
  if (out.row == nullptr) {
    std::vector<string_view> known;
    for (const auto& row : detectors::catalog()) known.push_back(row.name);
    const auto near = core::did_you_mean(names.front(), known);
    refuse(algorithm.path_of(names.front()), near ? fmt::format("unknown; did you mean '{}'?", *near) : "unknown");
  }
  out.parameters = detectors::read_parameters(out.row->parameters, algorithm.object(names.front()));
  const auto advised = static_cast<std::int64_t>(out.row->advised_rows);
  out.train = alert.find_integer("train").value_or(std::max<std::int64_t>(advised, 30));
  if (out.train < advised || out.train > kMostTraining)
    refuse(alert.path_of("train"), fmt::format("not between {} and {} windows", advised, kMostTraining));
  return out;
}

void read_judgement(const ObjectReader& alert, StreamDefinition& out) {
  if (!alert.has("algorithm")) {
    if (alert.has("train")) refuse(alert.path_of("train"), "only an algorithm learns");
    return read_condition(alert, out);
  }
  if (alert.has("when")) refuse(alert.path_of("when"), "there is an algorithm already; it takes one of them");
  if (out.window.kind == WindowKind::sliding)
    refuse(alert.path_of("algorithm"), "sliding windows are no series: they begin anywhere");
  if (out.emit != Emit::final) refuse("stream.window.emit", "an algorithm judges closed windows: emit: final");
  out.algorithm = read_algorithm(alert);
}

void read_alert(const ObjectReader& alert, StreamDefinition& out) {
  constexpr std::array<string_view, 6> kKnown = {"when", "algorithm", "train", "round", "cooldown", "resolved"};
  alert.refuse_unknown(kKnown);
  read_judgement(alert, out);
  if (const auto decimals = alert.find_integer("round")) {
    if (*decimals < 0 || *decimals > kMostDecimals) refuse(alert.path_of("round"), "not between 0 and 12");
    out.round = static_cast<int>(*decimals);
  }
  out.cooldown_ms = span_ms(alert, "cooldown", 0, 0);
  out.resolved = alert.find_boolean("resolved").value_or(false);
}

/// The brokers that the stream has so far: those of its input, or of its alerts; "" if it has none.
std::string known_brokers(const StreamDefinition& stream) {
  if (const auto* input = std::get_if<KafkaInput>(&stream.input)) return input->brokers;
  const auto* alerts = std::get_if<TopicOutput>(&stream.output);
  return alerts != nullptr ? alerts->brokers : "";
}

TopicOutput read_topic(const ObjectReader& kafka, const StreamDefinition& stream) {
  TopicOutput out{.brokers = known_brokers(stream), .topic = topic_name(kafka, "topic")};
  if (!kafka.has("brokers") && !out.brokers.empty()) return out;
  const std::string brokers = filled(kafka, "brokers");
  if (!out.brokers.empty() && out.brokers != brokers)
    refuse(kafka.path_of("brokers"),
           "one transaction holds all that is read and written: they are '" + out.brokers + "'");
  out.brokers = brokers;
  return out;
}

void read_output(const ObjectReader& output, StreamDefinition& out) {
  constexpr std::array<string_view, 3> kPlaces = {"kafka", "file", "stdout"};
  constexpr std::array<string_view, 4> kKnown = {"kafka", "file", "stdout", "value"};
  constexpr std::array<string_view, 3> kTopic = {"brokers", "topic", "value"};
  constexpr Words<bool, 2> kForms = {{{"number", false}, {"json", true}}};
  output.refuse_unknown(kKnown);
  const string_view kind = only_member(output, "stream.output", kPlaces);
  if (kind == "kafka") {
    if (output.has("value")) refuse(output.path_of("value"), "stands within kafka: {topic: …, value: …}");
    const ObjectReader kafka = output.object("kafka");
    kafka.refuse_unknown(kTopic);
    out.output = read_topic(kafka, out);
    out.is_json = choose<bool>(kafka, "value", kForms, false);
    return;
  }
  if (kind == "stdout") require_true(output, "stdout");
  out.output = FileOutput{kind == "file" ? filled(output, "file") : std::string()};
  out.is_json = choose<bool>(output, "value", kForms, false);
}

void read_dead_letters(const ObjectReader& dead, StreamDefinition& out) {
  constexpr std::array<string_view, 2> kPlaces = {"kafka", "file"};
  constexpr std::array<string_view, 2> kTopic = {"brokers", "topic"};
  dead.refuse_unknown(kPlaces);
  if (only_member(dead, "stream.dead_letters", kPlaces) == "file") {
    out.dead_letters = FileOutput{filled(dead, "file")};
    return;
  }
  const ObjectReader kafka = dead.object("kafka");
  kafka.refuse_unknown(kTopic);
  out.dead_letters = read_topic(kafka, out);
}

/// A topic's transaction and a file cannot both have the last word.
void refuse_two_judges(const ObjectReader& stream, const StreamDefinition& out) {
  const auto* alerts = std::get_if<TopicOutput>(&out.output);
  const auto* dead = std::get_if<TopicOutput>(&out.dead_letters);
  if ((alerts != nullptr && std::holds_alternative<FileOutput>(out.dead_letters)) ||
      (dead != nullptr && std::holds_alternative<FileOutput>(out.output)))
    refuse(stream.path_of("dead_letters"), "goes where the output goes: both to files or both to topics");
}

/// One name for one file; "" stays.
std::string whole(const std::string& path) {
  return path.empty() ? "" : std::filesystem::weakly_canonical(std::filesystem::absolute(path)).string();
}

std::string file_of(const std::variant<NoOutput, FileOutput, TopicOutput>& output) {
  const auto* file = std::get_if<FileOutput>(&output);
  return file == nullptr ? "" : whole(file->path);
}

/// What is written must not be what is read, nor two writers' one file.
void refuse_same_places(const ObjectReader& stream, const StreamDefinition& out) {
  const auto* from = std::get_if<KafkaInput>(&out.input);
  for (const auto& [name, output] : {std::pair("output", &out.output), std::pair("dead_letters", &out.dead_letters)}) {
    const auto* topic = std::get_if<TopicOutput>(output);
    if (from != nullptr && topic != nullptr && topic->topic == from->topic)
      refuse(stream.path_of(name) + ".kafka.topic", "is the topic that is read: it would read what it writes");
  }
  const std::string alerts = file_of(out.output), dead = file_of(out.dead_letters);
  if (!alerts.empty() && alerts == dead) refuse(stream.path_of("dead_letters") + ".file", "is the file of the output");
  const auto* file = std::get_if<FileInput>(&out.input);
  if (file == nullptr || file->path.empty()) return;
  const std::string read = whole(file->path);
  if (alerts == read) refuse(stream.path_of("output") + ".file", "is the file that is read");
  if (dead == read) refuse(stream.path_of("dead_letters") + ".file", "is the file that is read");
}

}  // namespace

StreamDefinition read_stream(const ObjectReader& document) {
  constexpr std::array<string_view, 4> kTop = {"name", "description", "schedule", "stream"};
  document.refuse_unknown(kTop);
  StreamDefinition out;
  out.name = filled(document, "name");
  if (!is_name(out.name)) refuse("name", kNameRule);
  out.description = document.find_text("description").value_or("");
  if (document.text("schedule") != "stream") refuse("schedule", "a stream detector has schedule: stream");
  const ObjectReader stream = document.object("stream");
  constexpr std::array<string_view, 8> kKnown = {"input", "value",  "timestamp",    "window",
                                                 "alert", "output", "dead_letters", "max_future_skew"};
  stream.refuse_unknown(kKnown);
  read_input(stream, out);
  read_window(stream.object("window"), out);
  read_alert(stream.object("alert"), out);
  if (const auto output = stream.find_object("output")) read_output(*output, out);
  if (const auto dead = stream.find_object("dead_letters")) read_dead_letters(*dead, out);
  refuse_two_judges(stream, out);
  refuse_same_places(stream, out);
  if (out.resolved && !out.is_json && !std::holds_alternative<NoOutput>(out.output))
    refuse(stream.path_of("alert") + ".resolved", "needs output.value: json");
  out.max_future_skew_ms = span_ms(stream, "max_future_skew", 0, out.max_future_skew_ms);
  return out;
}

}  // namespace wakeful::streams
