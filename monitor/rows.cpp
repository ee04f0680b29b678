#include "monitor/rows.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "monitor/row_builder.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

constexpr std::array<std::string_view, 4> kUnits{"s", "ms", "us", "ns"};
// 0001-01-01 and 9999-12-31: what RFC 3339 can say.
constexpr std::int64_t kFirstUs = -62'135'596'800'000'000;
constexpr std::int64_t kLastUs = 253'402'300'799'999'999;

void check_column_name(std::string_view name) {
  const auto bad = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (name.empty()) throw BadRow{"", "a member without a name"};
  if (name.size() > 200) throw BadRow{std::string(name.substr(0, 40)), "a name longer than 200 bytes"};
  if (std::any_of(name.begin(), name.end(), bad)) throw BadRow{std::string(name), "a name with control characters"};
}

std::int64_t to_us(std::int64_t count, TimeUnit unit) {
  const std::int64_t per = unit == TimeUnit::seconds ? 1'000'000 : unit == TimeUnit::milliseconds ? 1'000 : 1;
  if (unit == TimeUnit::nanoseconds) return count >= 0 ? count / 1'000 : -((-(count + 1)) / 1'000) - 1;
  if (count > kLastUs / per || count < kFirstUs / per) throw BadRow{"ts", fmt::format("{} is out of range", count)};
  return count * per;
}

}  // namespace

TimeUnit parse_time_unit(std::string_view word) {
  if (word.empty()) return TimeUnit::none;
  const auto found = std::find(kUnits.begin(), kUnits.end(), word);
  if (found == kUnits.end())
    throw core::invalid(fmt::format("'ts_unit': '{}' is none of s, ms, us, ns", word.substr(0, 40)), "ts_unit");
  return static_cast<TimeUnit>(found - kUnits.begin() + 1);
}

RowFormat row_format_of(std::string_view content_type) {
  const std::string kind = core::to_lower(core::trim(content_type.substr(0, content_type.find(';'))));
  if (kind == "application/json") return RowFormat::json;
  if (kind == "application/x-ndjson" || kind == "application/ndjson" || kind == "application/jsonl")
    return RowFormat::ndjson;
  if (kind == "text/csv") return RowFormat::csv;
  throw core::invalid(
      fmt::format("Content-Type '{}' is none of application/json, application/x-ndjson, text/csv", kind.substr(0, 80)),
      "Content-Type")
      .with_wire("INVALID_PARAMETER_VALUE", 415);
}

void RowBuilder::begin() {
  time_.reset();
  has_missing_ = false;
  numbers_.clear();
  texts_.clear();
}

void RowBuilder::time(std::string_view text, bool is_number) {
  if (!is_number) {
    try {
      time_ = core::parse_rfc3339(text);
    } catch (const core::Error& e) {
      throw BadRow{"ts", e.what()};
    }
    return;
  }
  const auto count = core::to_integer(text);
  if (!count) throw BadRow{"ts", fmt::format("{} is neither RFC 3339 nor a whole number", text.substr(0, 40))};
  if (terms_.unit == TimeUnit::none)
    throw BadRow{"ts", fmt::format("{} is a number: say its unit with ?ts_unit=s, ms, us or ns", *count)};
  const std::int64_t us = to_us(*count, terms_.unit);
  if (us < kFirstUs || us > kLastUs) throw BadRow{"ts", fmt::format("{} is out of range", *count)};
  time_ = core::from_us(us);
}

std::optional<ColumnRole> RowBuilder::role_of(std::string_view name) const {
  if (const auto found = known_.find(name); found != known_.end()) return found->second;
  if (const auto found = batch_.new_columns.find(name); found != batch_.new_columns.end()) return found->second;
  return std::nullopt;
}

void RowBuilder::settle(std::string_view name, ColumnRole role) {
  if (role_of(name)) return;
  if (known_.size() + batch_.new_columns.size() >= kMaxColumns)
    throw BadRow{std::string(name), fmt::format("more than {} metrics and dimensions in this source", kMaxColumns)};
  batch_.new_columns.emplace(std::string(name), role);
}

void RowBuilder::end() {
  if (!time_) throw BadRow{"ts", "missing: every row has a time"};
  for (const auto& [name, value] : numbers_) {
    check_column_name(name);
    if (role_of(name) == ColumnRole::dimension)
      throw BadRow{std::string(name), "a number; in this source it is a dimension, a text"};
  }
  for (const auto& [name, value] : texts_) {
    check_column_name(name);
    if (role_of(name) == ColumnRole::metric)
      throw BadRow{std::string(name),
                   fmt::format("'{}' is text; in this source it is a metric, a number", value.substr(0, 40))};
    if (value.find('\0') != std::string_view::npos) throw BadRow{std::string(name), "NUL character"};
  }
  if (numbers_.empty() && !has_missing_) throw BadRow{"", "no number: a row holds at least one metric"};
  const std::uint32_t dims = dims_index();
  for (const auto& [name, value] : numbers_) settle(name, ColumnRole::metric);
  for (const auto& [name, value] : texts_) settle(name, ColumnRole::dimension);
  const auto row = static_cast<std::uint32_t>(batch_.rows);
  for (const auto& [name, value] : numbers_) batch_.values.push_back({*time_, value, row, dims, metric_index(name)});
  ++batch_.rows;
  ++index_;
}

std::uint32_t RowBuilder::metric_index(std::string_view name) {
  const auto [found, fresh] =
      metric_of_.try_emplace(std::string(name), static_cast<std::uint32_t>(batch_.metrics.size()));
  if (fresh) batch_.metrics.emplace_back(name);
  return found->second;
}

std::uint32_t RowBuilder::dims_index() {
  std::sort(texts_.begin(), texts_.end());
  core::JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : texts_) json.member(name, value);
  json.end_object();
  if (json.text().size() > kMaxDimsBytes)
    throw BadRow{std::string(texts_.front().first), fmt::format("dimensions of more than {} bytes", kMaxDimsBytes)};
  const auto [found, fresh] = dims_of_.try_emplace(json.take(), static_cast<std::uint32_t>(batch_.dims.size()));
  if (fresh) batch_.dims.push_back(found->first);
  return found->second;
}

void RowBuilder::reject(const BadRow& bad) {
  if (!terms_.skip_bad_rows) {
    const std::string field =
        bad.field.empty() ? fmt::format("[{}]", index_) : fmt::format("[{}].{}", index_, bad.field);
    throw core::invalid(fmt::format("Row {}{}: {}. Nothing was stored.", index_,
                                    bad.field.empty() ? "" : fmt::format(", '{}'", bad.field), bad.message),
                        field);
  }
  if (batch_.rejected.size() < kMaxListed) batch_.rejected.push_back({index_, bad.field, bad.message});
  ++batch_.rejected_rows;
  ++index_;
}

RowBatch read_rows(std::string_view body, const RowTerms& terms, const ColumnRoles& known) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  if (!core::is_utf8(body)) throw core::invalid("The body is not UTF-8");
  RowBuilder builder(terms, known);
  switch (terms.format) {
    case RowFormat::json:
      read_json_rows(body, builder);
      break;
    case RowFormat::ndjson:
      read_ndjson_rows(body, builder);
      break;
    case RowFormat::csv:
      read_csv_rows(body, builder);
      break;
  }
  return builder.take();
}

}  // namespace wakeful::monitor
