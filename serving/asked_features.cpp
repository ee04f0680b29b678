#include <algorithm>

#include <fmt/format.h>

#include "detectors/raw_rows.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "serving/asked_rows.hpp"

namespace wakeful::serving {
namespace {

bool is_text(const std::string& json) { return json.starts_with('"'); }

/// What is inside of JSON's quotes; "" for null.
std::string text_of(const std::string& json) {
  if (json == "null") return {};
  if (!is_text(json)) return json;
  const auto document = core::parse_json(json);
  return core::find_text_of(document.root()).value_or("");
}

/// Errors: invalid if nothing that was asked with can be the time: an index that counts rows cannot.
std::vector<std::string> times_of(const AskedRows& asked, const std::string& column) {
  const auto counts = [](const std::string& time) { return time != "null" && !is_text(time); };
  const bool is_count = asked.times_are_index && std::any_of(asked.times.begin(), asked.times.end(), counts);
  if (asked.times.empty() || is_count)
    throw core::invalid(fmt::format("there is no column '{}' (or ts, time, timestamp), which the model takes", column),
                        column);
  std::vector<std::string> times;
  times.reserve(asked.times.size());
  for (const std::string& json : asked.times) times.push_back(text_of(json));
  return times;
}

}  // namespace

detectors::Frame encode_asked(const AskedRows& asked, const detectors::FeatureTable& features) {
  detectors::RawRows raw{.rows = asked.rows(), .categories = asked.texts};
  if (!features.rules().calendar.empty()) raw.times = times_of(asked, features.rules().time_column);
  if (!features.rules().value.empty()) raw.values = asked.values;
  return detectors::encode(features, raw);
}

}  // namespace wakeful::serving
