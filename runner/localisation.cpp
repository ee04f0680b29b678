#include "runner/localisation.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "platform/core/json.hpp"

namespace wakeful::runner {
namespace {

/// Names of groups may be long; what the registry takes of one anomaly is not (monitor/wire/columns.cpp).
constexpr std::size_t kMostNameBytes = 8U << 10U;

double cell(const std::vector<double>& values, std::size_t i) { return values.empty() ? std::nan("") : values[i]; }

bool is_out(const detectors::Scores& found, std::size_t i) {
  return found.y[i] < cell(found.yhat_lower, i) || found.y[i] > cell(found.yhat_upper, i);
}

void write(core::JsonWriter& json, std::string_view name, double value) {
  json.key(name);
  std::isfinite(value) ? json.value(value) : json.null();
}

/// Places in the row's cells, the largest contribution first.
std::vector<std::size_t> by_contribution(const detectors::Scores& found, std::size_t first) {
  std::vector<std::size_t> order;
  for (std::size_t i = first; i < first + found.channels; ++i) {
    if (found.channel_score[i] > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return found.channel_score[a] > found.channel_score[b]; });
  return order;
}

}  // namespace

std::string metadata_of(const detectors::Scores& found, std::size_t row, std::span<const std::string> names) {
  if (found.channel_score.empty()) return "";
  const std::size_t first = row * found.channels;
  core::JsonWriter json;
  json.begin_object().key("channels").begin_object();
  std::size_t told = 0, bytes = 0;
  for (const std::size_t i : by_contribution(found, first)) {
    const std::string& name = names[i - first];
    bytes += name.size();
    if (told++ == kChannelsTold || bytes > kMostNameBytes) break;
    json.key(name).begin_object();
    write(json, "contribution", found.channel_score[i]);
    write(json, "value", found.y[i]);
    write(json, "expected", cell(found.yhat, i));
    write(json, "lower", cell(found.yhat_lower, i));
    write(json, "upper", cell(found.yhat_upper, i));
    json.end_object();
  }
  json.end_object().member("channel_count", static_cast<std::int64_t>(found.channels));
  if (!found.yhat_lower.empty()) {
    std::int64_t out = 0;
    for (std::size_t i = first; i < first + found.channels; ++i) out += is_out(found, i) ? 1 : 0;
    json.member("out_of_bounds", out);
  }
  return json.end_object().take();
}

}  // namespace wakeful::runner
