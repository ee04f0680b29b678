#include "tracker/rules.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"

namespace wakeful::tracker {
namespace {

std::string at(std::string_view path, std::string_view member) {
  return path.empty() ? std::string(member) : fmt::format("{}.{}", path, member);
}

void check_count(std::size_t count, std::size_t most, std::string_view what, std::string_view field) {
  if (count <= most) return;
  throw core::invalid(fmt::format("A batch logging request can contain at most {} {}. Got {} {}. Please split up {} "
                                  "across multiple requests and try again.",
                                  most, what, count, what, what),
                      std::string(field));
}

/// Checks items without their names, which cost more than the checks; what is refused is refused again under its name.
template <class T, class F>
void each_named(std::vector<T>& items, std::string_view list, F&& check) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    try {
      check(items[i], "");
    } catch (const core::Error&) {
      check(items[i], fmt::format("{}[{}]", list, i));
    }
  }
}

void check_distinct(const std::vector<Param>& params) {
  std::vector<std::string_view> keys;
  keys.reserve(params.size());
  for (const Param& param : params) keys.push_back(param.key);
  std::sort(keys.begin(), keys.end());
  std::vector<std::string> twice;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i] == keys[i - 1] && (i == 1 || keys[i - 2] != keys[i])) twice.push_back(fmt::format("'{}'", keys[i]));
  }
  if (twice.empty()) return;
  throw core::invalid(fmt::format("Duplicate parameter keys have been submitted: [{}]. Please ensure the request "
                                  "contains only one param value per param key.",
                                  fmt::join(twice, ", ")),
                      "params");
}

}  // namespace

void fit_value(std::string& value, std::size_t most, std::string_view what, std::string_view field,
               const Settings& settings) {
  if (!settings.truncate_long_values) return check_length(value, most, what, field);
  if (value.size() <= most) return;
  std::size_t end = 0;
  for (std::size_t points = 0; end < value.size(); ++end) {
    if ((static_cast<unsigned char>(value[end]) & 0xC0U) != 0x80U && ++points > most) break;
  }
  value.resize(end);
}

void check_metric(const Metric& metric, std::string_view key_field, std::string_view path) {
  const std::string where = at(path, key_field);
  check_key(metric.key, where);
  check_length(metric.key, kMaxKey, "Metric name", where);
  if (metric.timestamp_ms < 0) {
    throw core::invalid(fmt::format("Invalid value {} for parameter '{}' supplied: Timestamp must be a nonnegative "
                                    "long (64-bit integer)",
                                    metric.timestamp_ms, at(path, "timestamp")),
                        at(path, "timestamp"));
  }
  if (metric.dataset_name.empty() != metric.dataset_digest.empty()) {
    throw core::invalid("Both dataset_name and dataset_digest must be provided if one is provided",
                        at(path, metric.dataset_name.empty() ? "dataset_name" : "dataset_digest"));
  }
}

void check_param(Param& param, std::string_view key_field, std::string_view path, const Settings& settings) {
  const std::string where = at(path, key_field);
  check_key(param.key, where);
  check_length(param.key, kMaxKey, "Param key", where);
  fit_value(param.value, kMaxParamValue, "Param value", at(path, "value"), settings);
}

void check_run_tag(Tag& tag, std::string_view key_field, std::string_view path, const Settings& settings) {
  const std::string where = at(path, key_field);
  check_key(tag.key, where);
  check_length(tag.key, kMaxKey, where, where);
  fit_value(tag.value, kMaxRunTagValue, at(path, "value"), at(path, "value"), settings);
}

void check_experiment_tag(const Tag& tag) {
  check_key(tag.key, "key");
  check_length(tag.key, kMaxKey, "key", "key");
  check_length(tag.value, kMaxExperimentTagValue, "value", "value");
}

void check_initial_tags(const std::vector<Tag>& tags) {
  core::check_count(tags.size(), "tags");
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::string where = fmt::format("tags[{}].key", i);
    check_length(tags[i].key, kMaxKey, where, where);
    keys.push_back(tags[i].key);
  }
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return;
  throw core::invalid(fmt::format("The tag key '{}' was given twice", *twice), "tags").with_wire("BAD_REQUEST", 400);
}

CheckedBatch::CheckedBatch(Batch batch, const Settings& settings) : batch_(std::move(batch)) {
  each_named(batch_.metrics, "metrics",
             [](Metric& metric, std::string_view path) { check_metric(metric, "name", path); });
  each_named(batch_.params, "params",
             [&](Param& param, std::string_view path) { check_param(param, "key", path, settings); });
  each_named(batch_.tags, "tags", [&](Tag& tag, std::string_view path) { check_run_tag(tag, "key", path, settings); });
  check_count(batch_.metrics.size(), kMaxMetricsPerBatch, "metrics", "metrics");
  check_count(batch_.params.size(), kMaxParamsPerBatch, "params", "params");
  check_count(batch_.tags.size(), kMaxTagsPerBatch, "tags", "tags");
  check_count(batch_.metrics.size() + batch_.params.size() + batch_.tags.size(), kMaxItemsPerBatch,
              "metrics, params, and tags", "metrics");
  check_distinct(batch_.params);
}

void check_run_id(const RunId& run) {
  const std::string& text = run.text();
  const auto is_alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const bool good =
      !text.empty() && text.size() <= 256 && is_alphanumeric(text.front()) &&
      std::all_of(text.begin(), text.end(), [&](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
  if (good) return;
  core::JsonWriter quoted;
  quoted.value(std::string_view(text).substr(0, 256));
  throw core::invalid(fmt::format("Invalid value {} for parameter 'run_id' supplied.", quoted.text()), "run_id");
}

std::int64_t parse_experiment_id(std::string_view text) {
  const auto id = core::to_integer(text);
  if (id) return *id;
  throw core::invalid(
      fmt::format("Invalid experiment ID '{}'. Experiment ID must be a valid integer.", text.substr(0, 200)),
      "experiment_id");
}

std::int64_t value_hash(std::string_view value) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : value) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  // 32 bits tell values apart well enough, and the index is smaller for it.
  return static_cast<std::int64_t>((hash ^ (hash >> 32U)) & 0xffffffffU);
}

}  // namespace wakeful::tracker
