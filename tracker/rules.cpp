#include "tracker/rules.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"

namespace wakeful::tracker {
namespace {

constexpr std::string_view kKeyRule =
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes "
    "(/).";

struct Range {
  char32_t first;
  char32_t last;
};
/// Code points beyond ASCII that are neither letters nor digits: punctuation, symbols, spaces, controls, private use.
/// Blocks where letters and symbols mix are left in: a key that MLflow would refuse harms nobody.
constexpr std::array<Range, 16> kNotWords{{
    {0x80, 0xA9},
    {0xAB, 0xB1},
    {0xB4, 0xB4},
    {0xB6, 0xB8},
    {0xBB, 0xBB},
    {0xBF, 0xBF},
    {0xD7, 0xD7},
    {0xF7, 0xF7},
    {0x2000, 0x206F},
    {0x20A0, 0x20CF},
    {0x2190, 0x245F},
    {0x2500, 0x2BFF},
    {0x3000, 0x3004},
    {0x3008, 0x3020},
    {0xD800, 0xF8FF},
    {0xFFF0, 0xFFFF},
}};
constexpr Range kEmoji{0x1F000, 0x1FAFF};

bool is_ascii_key_char(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/' ||
         c == '.' || c == '-' || c == ' ' || c == ':';
}

bool is_word(char32_t point) {
  if (point >= kEmoji.first && point <= kEmoji.last) return false;
  return std::none_of(kNotWords.begin(), kNotWords.end(),
                      [&](const Range& range) { return point >= range.first && point <= range.last; });
}

/// The code point that begins at `at`, which moves behind it. The text is valid UTF-8.
char32_t next_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t point = lead & (0x3FU >> static_cast<unsigned>(more));
  for (int i = 0; i < more && at < text.size(); ++i)
    point = (point << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  return point;
}

bool has_only_key_characters(std::string_view key) {
  for (std::size_t at = 0; at < key.size();) {
    const auto c = static_cast<unsigned char>(key[at]);
    if (c < 0x80) {
      if (!is_ascii_key_char(c)) return false;
      ++at;
    } else if (!is_word(next_point(key, at))) {
      return false;
    }
  }
  return true;
}

/// What POSIX makes of the path: "." and empty parts go, ".." takes its parent along.
std::string normal_form(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  for (const std::string_view part : core::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.push_back(part);
    }
  }
  std::string normal = fmt::format("{}{}", absolute ? "/" : "", fmt::join(parts, "/"));
  return normal.empty() ? "." : normal;
}

core::Error bad_key(std::string_view key, std::string_view where, std::string_view why) {
  std::string shown(key.substr(0, 2 * kMaxKey));
  core::JsonWriter quoted;
  quoted.value(std::string_view(shown));
  return core::invalid(fmt::format("Invalid value {} for parameter '{}' supplied: {}", quoted.text(), where, why),
                       std::string(where));
}

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

void check_distinct(const std::vector<Param>& params) {
  std::vector<std::string_view> keys;
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

std::size_t length_of(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void check_length(std::string_view text, std::size_t most, std::string_view what, std::string_view field) {
  if (text.size() <= most || length_of(text) <= most) return;
  throw core::invalid(fmt::format("'{}' exceeds the maximum length of {} characters", what, most), std::string(field));
}

void check_key(std::string_view key, std::string_view where) {
  if (!has_only_key_characters(key)) throw bad_key(key, where, kKeyRule);
  // Most keys have neither a slash nor a leading dot, and are their own normal form.
  if (!key.empty() && key.find('/') == std::string_view::npos && key.front() != '.') return;
  const std::string normal = normal_form(key);
  if (normal == key && key != "." && !key.starts_with("..") && !key.starts_with("/")) return;
  throw bad_key(key, where,
                fmt::format("Names may be treated as files in certain cases, and must not resolve to other names when "
                            "treated as such. This name would resolve to '{}'",
                            normal));
}

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
  for (std::size_t i = 0; i < batch_.metrics.size(); ++i)
    check_metric(batch_.metrics[i], "name", fmt::format("metrics[{}]", i));
  for (std::size_t i = 0; i < batch_.params.size(); ++i)
    check_param(batch_.params[i], "key", fmt::format("params[{}]", i), settings);
  for (std::size_t i = 0; i < batch_.tags.size(); ++i)
    check_run_tag(batch_.tags[i], "key", fmt::format("tags[{}]", i), settings);
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
