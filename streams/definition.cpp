#include "streams/definition.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "platform/core/error.hpp"

namespace wakeful::streams {

std::string fingerprint(const StreamDefinition& d) {
  std::string from = "lines";  // of a file that may lie elsewhere by now
  if (const auto* kafka = std::get_if<KafkaInput>(&d.input)) from = "topic " + kafka->topic + " group " + kafka->group;
  if (const auto* push = std::get_if<PushInput>(&d.input)) from = "push " + push->name;
  std::string text =
      fmt::format("{} {} {} {} {} {} {} {} {}", from, d.name, d.value, d.time_field, static_cast<int>(d.time_unit),
                  static_cast<int>(d.window.kind), d.window.size_ms, d.window.step_ms, d.window.grace_ms);
  if (d.algorithm)
    text += fmt::format(" {} {} {} {}", name_of(d.aggregate), d.algorithm->row->name, d.algorithm->parameters.json(),
                        d.algorithm->train);
  return text;
}

std::string describe_input(const StreamDefinition& d) {
  if (const auto* kafka = std::get_if<KafkaInput>(&d.input)) return "kafka://" + kafka->brokers + "/" + kafka->topic;
  if (const auto* push = std::get_if<PushInput>(&d.input)) return "push:" + push->name;
  const std::string& path = std::get<FileInput>(d.input).path;
  return path.empty() ? "stdin" : "file:" + path;
}

std::string_view name_of(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::sum:
      return "sum";
    case Aggregate::count:
      return "count";
    case Aggregate::min:
      return "min";
    case Aggregate::max:
      return "max";
    default:
      return "mean";
  }
}

namespace {

[[noreturn]] void leave_to_foreground(const std::string& path) {
  constexpr const char* kWhy = "a server's detectors touch no files: run this one with `wakeful stream`";
  throw core::invalid(fmt::format("'{}': {}", path, kWhy), path);
}

}  // namespace

void check_for_server(const StreamDefinition& d) {
  if (std::holds_alternative<FileInput>(d.input)) leave_to_foreground("stream.input");
  if (std::holds_alternative<FileOutput>(d.output)) leave_to_foreground("stream.output");
  if (std::holds_alternative<FileOutput>(d.dead_letters)) leave_to_foreground("stream.dead_letters");
}

bool writes_to_topic(const StreamDefinition& d) {
  return std::holds_alternative<TopicOutput>(d.output) || std::holds_alternative<TopicOutput>(d.dead_letters);
}

double round_to(double value, int decimals) {
  std::array<char, 400> text{};  // the longest double has 309 digits before its point
  const auto end = fmt::format_to_n(text.data(), text.size() - 1, "{:.{}f}", value, decimals).out;
  *end = '\0';
  return std::strtod(text.data(), nullptr);
}

double shown(const StreamDefinition& d, double value) { return d.round ? round_to(value, *d.round) : value; }

namespace {

bool holds(Comparison comparison, double value, double threshold) {
  switch (comparison) {
    case Comparison::above:
      return value > threshold;
    case Comparison::below:
      return value < threshold;
    case Comparison::at_most:
      return value <= threshold;
    case Comparison::equal:
      return value == threshold;
    case Comparison::unequal:
      return value != threshold;
    default:
      return value >= threshold;
  }
}

}  // namespace

std::optional<double> find_alert(const StreamDefinition& d, double value) {
  // Rounding moves a value by at most half a unit of its last decimal: further away from the threshold it changes
  // nothing, and most values are.
  const double reach = d.round ? std::pow(10.0, -*d.round) : 0;
  if (!(std::abs(value - d.threshold) <= reach)) {
    return holds(d.comparison, value, d.threshold) ? std::optional(shown(d, value)) : std::nullopt;
  }
  const double rounded = shown(d, value);
  return holds(d.comparison, rounded, d.threshold) ? std::optional(rounded) : std::nullopt;
}

}  // namespace wakeful::streams
