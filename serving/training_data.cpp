#include "serving/training_data.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/json_numbers.hpp"

namespace wakeful::serving {
namespace {

constexpr std::string_view kTimestamps = "training.timestamps";
constexpr std::string_view kValues = "training.values";

[[noreturn]] void refuse_element(std::string_view list, std::size_t i, std::string_view why) {
  const std::string field = fmt::format("{}[{}]", list, i);
  throw core::invalid(fmt::format("{} {}", field, why), field);
}

void check_timestamps(const std::vector<std::int64_t>& timestamps) {
  for (std::size_t i = 0; i < timestamps.size(); ++i) {
    if (timestamps[i] < 0) refuse_element("timestamps", i, "is negative");
    if (i > 0 && timestamps[i] <= timestamps[i - 1]) refuse_element("timestamps", i, "is not after the one before it");
  }
}

void check_values(const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) refuse_element("values", i, "is not finite");
}

}  // namespace

TrainingData read_training_data(const core::ObjectReader& body) {
  TrainingData data{core::integers(body, "timestamps"), core::plain_reals(body, "values")};
  if (data.timestamps.size() != data.values.size() || data.values.empty()) {
    throw core::invalid(fmt::format("Timestamps and values must be of same non-zero length: there are {} and {}",
                                    data.timestamps.size(), data.values.size()),
                        data.values.empty() ? "values" : "timestamps");
  }
  if (data.values.size() > kMostPoints)
    throw core::invalid(fmt::format("values holds {} points; at most {} are taken", data.values.size(), kMostPoints),
                        "values");
  check_timestamps(data.timestamps);
  check_values(data.values);
  const bool is_constant = std::all_of(data.values.begin(), data.values.end(),
                                       [first = data.values.front()](double value) { return value == first; });
  if (data.values.size() < kLeastPoints || is_constant) {
    throw core::invalid(
        fmt::format("Insufficient or constant data: {}",
                    is_constant ? "all values are equal"
                                : fmt::format("{} points, at least {} are needed", data.values.size(), kLeastPoints)),
        "values");
  }
  return data;
}

std::int64_t read_timestamp(const core::ObjectReader& body) {
  const std::int64_t timestamp = body.integer("timestamp");
  if (timestamp < 0) throw core::invalid("timestamp is negative", "timestamp");
  return timestamp;
}

void save(const TrainingData& data, detectors::ModelWriter& out) {
  out.add_integers(kTimestamps, data.timestamps);
  out.add_reals(kValues, data.values);
}

TrainingData load_training_data(const detectors::ModelReader& in) {
  const auto timestamps = in.integers(kTimestamps);
  const auto values = in.reals(kValues, timestamps.size());
  return {{timestamps.begin(), timestamps.end()}, {values.begin(), values.end()}};
}

}  // namespace wakeful::serving
