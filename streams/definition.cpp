#include "streams/definition.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

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
constexpr std::size_t kLongestText = 5'000;

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

/// The path of {file: PATH}, or "" for {stdin: true} or {stdout: true}.
std::string place(const ObjectReader& object, string_view standard, std::span<const string_view> known) {
  object.refuse_unknown(known);
  const bool is_standard = object.find_boolean(standard).value_or(false);
  if (is_standard == object.has("file"))
    refuse(object.path_of("file"), fmt::format("it takes one of file and {}", standard));
  return is_standard ? "" : filled(object, "file");
}

void read_input(const ObjectReader& stream, StreamDefinition& out) {
  const ObjectReader input = stream.object("input");
  for (const string_view other : {string_view("kafka"), string_view("push")}) {
    if (input.has(other))
      refuse(input.path_of(other), "this version reads streams from {file: PATH} and {stdin: true}");
  }
  constexpr std::array<string_view, 2> kKnown = {"file", "stdin"};
  out.input = place(input, "stdin", kKnown);
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

void read_alert(const ObjectReader& alert, StreamDefinition& out) {
  constexpr std::array<string_view, 4> kKnown = {"when", "round", "cooldown", "resolved"};
  alert.refuse_unknown(kKnown);
  read_condition(alert, out);
  if (const auto decimals = alert.find_integer("round")) {
    if (*decimals < 0 || *decimals > kMostDecimals) refuse(alert.path_of("round"), "not between 0 and 12");
    out.round = static_cast<int>(*decimals);
  }
  out.cooldown_ms = span_ms(alert, "cooldown", 0, 0);
  out.resolved = alert.find_boolean("resolved").value_or(false);
}

void read_output(const ObjectReader& stream, StreamDefinition& out) {
  constexpr std::array<string_view, 3> kKnown = {"file", "stdout", "value"};
  constexpr Words<bool, 2> kForms = {{{"number", false}, {"json", true}}};
  if (const auto output = stream.find_object("output")) {
    if (output->has("kafka"))
      refuse(output->path_of("kafka"), "this version writes alerts to {file: PATH} and {stdout: true}");
    out.output = place(*output, "stdout", kKnown);
    out.is_json = choose<bool>(*output, "value", kForms, false);
  }
  if (out.resolved && !out.is_json) refuse(stream.path_of("alert") + ".resolved", "needs output.value: json");
  if (const auto dead = stream.find_object("dead_letters")) {
    constexpr std::array<string_view, 1> kFile = {"file"};
    dead->refuse_unknown(kFile);
    out.dead_letters = filled(*dead, "file");
  }
}

}  // namespace

StreamDefinition read_stream(const ObjectReader& document) {
  constexpr std::array<string_view, 4> kTop = {"name", "description", "schedule", "stream"};
  document.refuse_unknown(kTop);
  StreamDefinition out;
  out.name = filled(document, "name");
  const auto is_sound = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  };
  if (out.name.size() > 100 || !std::isalnum(static_cast<unsigned char>(out.name.front())) ||
      !std::all_of(out.name.begin(), out.name.end(), is_sound))
    refuse("name", "letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 100");
  if (document.text("schedule") != "stream") refuse("schedule", "a stream detector has schedule: stream");
  const ObjectReader stream = document.object("stream");
  constexpr std::array<string_view, 8> kKnown = {"input", "value",  "timestamp",    "window",
                                                 "alert", "output", "dead_letters", "max_future_skew"};
  stream.refuse_unknown(kKnown);
  read_input(stream, out);
  read_window(stream.object("window"), out);
  read_alert(stream.object("alert"), out);
  read_output(stream, out);
  out.max_future_skew_ms = span_ms(stream, "max_future_skew", 0, out.max_future_skew_ms);
  return out;
}

std::string fingerprint(const StreamDefinition& d) {
  return fmt::format("{} {} {} {} {} {} {} {}", d.name, d.value, d.time_field, static_cast<int>(d.time_unit),
                     static_cast<int>(d.window.kind), d.window.size_ms, d.window.step_ms, d.window.grace_ms);
}

double round_to(double value, int decimals) {
  return std::strtod(fmt::format("{:.{}f}", value, decimals).c_str(), nullptr);
}

bool is_alert(const StreamDefinition& definition, double rounded) {
  switch (definition.comparison) {
    case Comparison::above:
      return rounded > definition.threshold;
    case Comparison::below:
      return rounded < definition.threshold;
    case Comparison::at_most:
      return rounded <= definition.threshold;
    case Comparison::equal:
      return rounded == definition.threshold;
    case Comparison::unequal:
      return rounded != definition.threshold;
    default:
      return rounded >= definition.threshold;
  }
}

}  // namespace wakeful::streams
