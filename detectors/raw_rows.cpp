#include "detectors/raw_rows.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/time_text.hpp"

namespace wakeful::detectors {
namespace {

std::optional<core::Timestamp> time_of(const std::string& text, const std::string& column) {
  try {
    return core::read_time_text(text);
  } catch (const core::Error& e) {
    throw core::invalid(fmt::format("the column '{}': {}", column, e.what()), column);
  }
}

}  // namespace

Frame encode(const FeatureTable& table, const RawRows& raw) {
  const FeatureRules& rules = table.rules();
  const std::size_t width = rules.encode.size();
  const bool has_times = !rules.calendar.empty();
  const bool has_values = !rules.value.empty();
  if ((has_times && raw.times.size() != raw.rows) || (has_values && raw.values.size() != raw.rows) ||
      raw.categories.size() != raw.rows * width)
    throw core::internal("raw rows of another shape");
  std::vector<FeatureRow> rows;
  rows.reserve(raw.rows);
  for (std::size_t i = 0; i < raw.rows; ++i) {
    FeatureRow row{.categories = std::span(raw.categories).subspan(i * width, width)};
    row.is_missing = std::any_of(row.categories.begin(), row.categories.end(), [](auto& c) { return c.empty(); });
    if (has_times) {
      const auto time = time_of(raw.times[i], rules.time_column);
      row.time = time.value_or(core::Timestamp{});
      row.is_missing = row.is_missing || !time;
    }
    if (has_values) row.value = raw.values[i];
    row.is_missing = row.is_missing || !std::isfinite(row.value);
    rows.push_back(row);
  }
  return table.encode(rows);
}

}  // namespace wakeful::detectors
