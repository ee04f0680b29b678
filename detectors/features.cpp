#include "detectors/features.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::string_view kRulesSection = "features";
constexpr std::string_view kScaleSection = "features_scale";

struct Moment {
  std::chrono::hours hour;
  std::chrono::weekday weekday;
  std::chrono::year_month_day date;
};

Moment moment_of(core::Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  return {std::chrono::floor<std::chrono::hours>(time - day), std::chrono::weekday(day),
          std::chrono::year_month_day(day)};
}

/// The beginning of the bucket that a time lies in.
core::Timestamp bucket_of(core::Timestamp time, core::Duration granularity) {
  if (granularity <= core::Duration{}) return time;
  const core::Duration past = time.time_since_epoch() % granularity;
  return time - (past < core::Duration{} ? past + granularity : past);
}

/// As much of a foreign text as a message shows, in whole characters.
std::string_view shown(std::string_view text) {
  constexpr std::size_t kShown = 100;
  if (text.size() <= kShown) return text;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

struct CalendarPart {
  std::string_view name;
  double (*of)(const Moment& moment);
};

/// THE table of what a time tells.
constexpr std::array<CalendarPart, 5> kParts{{
    {"hour_of_day", [](const Moment& m) { return static_cast<double>(m.hour.count()); }},
    {"day_of_week", [](const Moment& m) { return static_cast<double>(m.weekday.iso_encoding() - 1); }},
    {"day_of_month", [](const Moment& m) { return static_cast<double>(static_cast<unsigned>(m.date.day())); }},
    {"month", [](const Moment& m) { return static_cast<double>(static_cast<unsigned>(m.date.month())); }},
    {"quarter",
     [](const Moment& m) {
       const unsigned quarter = (static_cast<unsigned>(m.date.month()) + 2) / 3;
       return static_cast<double>(quarter);
     }},
}};

const CalendarPart* find_part(std::string_view name) {
  const auto* const found =
      std::find_if(kParts.begin(), kParts.end(), [&](const auto& part) { return part.name == name; });
  return found == kParts.end() ? nullptr : found;
}

core::Error broken() { return core::invalid("model file: its features do not fit together", "model"); }

}  // namespace

std::string words_of(std::span<const RawColumn> columns) {
  constexpr std::array<std::string_view, 3> kKinds = {"time", "text", "number"};  // in the order of Kind
  std::vector<std::string> words;
  for (const RawColumn& column : columns)
    words.push_back(fmt::format("{} ({})", column.name, kKinds[static_cast<std::size_t>(column.kind)]));
  return fmt::format("{}", fmt::join(words, ", "));
}

FeatureTable::FeatureTable(FeatureRules rules) : rules_(std::move(rules)), categories_(rules_.encode.size()) {
  for (const std::string& part : rules_.calendar) {
    if (!find_part(part)) throw core::invalid(fmt::format("a time has no '{}'", part), "features.calendar");
    names_.push_back(part);
  }
  for (const std::string& name : rules_.encode) names_.push_back(name + "_encoded");
  if (!rules_.value.empty()) names_.push_back(rules_.value);
}

FeatureTable FeatureTable::learn(FeatureRules rules, std::span<const FeatureRow> rows) {
  FeatureTable table(std::move(rules));
  if (rows.empty()) throw core::invalid("there are no rows to learn from", "training");
  for (std::size_t column = 0; column < table.categories_.size(); ++column) {
    std::set<std::string> seen;
    for (const FeatureRow& row : rows) seen.insert(row.categories[column]);
    table.categories_[column].assign(seen.begin(), seen.end());
  }
  if (table.rules_.standardise) {
    table.rules_.standardise = false;
    const Frame plain = table.encode(rows);
    table.rules_.standardise = true;
    table.scaler_.learn(plain, Scaling::standard);
  }
  return table;
}

double FeatureTable::code_of(std::size_t column, const std::string& category) const {
  const auto& known = categories_[column];
  const auto found = std::lower_bound(known.begin(), known.end(), category);
  if (found != known.end() && *found == category) return static_cast<double>(found - known.begin());
  if (rules_.unseen) return static_cast<double>(*rules_.unseen);
  constexpr std::size_t kShown = 20;
  throw core::invalid(
      fmt::format("the training has not shown '{}' as a {}; it knows {}{}", shown(category), rules_.encode[column],
                  fmt::join(std::span(known).first(std::min(known.size(), kShown)), ", "),
                  known.size() > kShown ? fmt::format(" and {} more", known.size() - kShown) : ""),
      "features.encode");
}

void FeatureTable::write_row(const FeatureRow& row, std::span<double> out) const {
  std::size_t at = 0;
  if (!rules_.calendar.empty()) {
    const Moment moment = moment_of(bucket_of(row.time, rules_.granularity));
    for (const std::string& part : rules_.calendar) out[at++] = find_part(part)->of(moment);
  }
  for (std::size_t column = 0; column < categories_.size(); ++column)
    out[at++] = code_of(column, row.categories[column]);
  if (!rules_.value.empty()) out[at] = row.value;
}

std::vector<RawColumn> FeatureTable::raw_columns() const {
  std::vector<RawColumn> columns;
  if (!rules_.calendar.empty()) columns.push_back({rules_.time_column, RawColumn::Kind::time});
  for (const std::string& name : rules_.encode) columns.push_back({name, RawColumn::Kind::text});
  if (!rules_.value.empty())
    columns.push_back({rules_.value_column.empty() ? rules_.value : rules_.value_column, RawColumn::Kind::number});
  return columns;
}

Frame FeatureTable::encode(std::span<const FeatureRow> rows) const {
  Frame frame(names_);
  frame.reserve(rows.size());
  std::vector<double> plain(names_.size());
  std::vector<double> scaled(names_.size());
  const std::vector<double> nothing(names_.size(), std::numeric_limits<double>::quiet_NaN());
  for (const FeatureRow& row : rows) {
    if (row.is_missing || (!rules_.value.empty() && std::isnan(row.value))) {
      frame.append(nothing);
      continue;
    }
    if (row.categories.size() != categories_.size()) throw core::internal("a row with other categories");
    write_row(row, plain);
    if (rules_.standardise) scaler_.scale(plain, scaled);
    frame.append(rules_.standardise ? scaled : plain);
  }
  return frame;
}

void FeatureTable::save(ModelWriter& out) const {
  core::JsonWriter json;
  json.begin_object().key("calendar").begin_array();
  for (const std::string& part : rules_.calendar) json.value(part);
  json.end_array().key("encode").begin_array();
  for (std::size_t i = 0; i < categories_.size(); ++i) {
    json.begin_object().member("name", rules_.encode[i]).key("categories").begin_array();
    for (const std::string& category : categories_[i]) json.value(category);
    json.end_array().end_object();
  }
  json.end_array().member("value", rules_.value).member("standardise", rules_.standardise);
  if (rules_.unseen) json.member("unseen", *rules_.unseen);
  json.member("time_column", rules_.time_column).member("granularity_us", rules_.granularity.count());
  if (!rules_.value_column.empty()) json.member("value_column", rules_.value_column);
  out.add_text(kRulesSection, json.end_object().text());
  if (!rules_.standardise) return;
  Packer numbers;
  scaler_.pack(numbers);
  out.add_reals(kScaleSection, numbers.values());
}

FeatureTable FeatureTable::load(const ModelReader& in) {
  const core::JsonDocument document = core::parse_json(in.text(kRulesSection));
  const core::ObjectReader all(document.root());
  FeatureRules rules{.calendar = all.texts("calendar"),
                     .value = all.text("value"),
                     .standardise = all.boolean("standardise"),
                     .unseen = all.find_integer("unseen"),
                     .value_column = all.find_text("value_column").value_or(""),
                     .granularity = core::Duration(all.find_integer("granularity_us").value_or(0))};
  rules.time_column = all.find_text("time_column").value_or(rules.time_column);
  if (rules.granularity < core::Duration{}) throw broken();
  std::vector<std::vector<std::string>> categories;
  for (const core::ObjectReader& column : all.objects("encode")) {
    rules.encode.push_back(column.text("name"));
    categories.push_back(column.texts("categories"));
    // Looked up by bisection.
    if (!std::is_sorted(categories.back().begin(), categories.back().end())) throw broken();
  }
  FeatureTable table(std::move(rules));
  table.categories_ = std::move(categories);
  if (table.rules_.standardise) {
    Unpacker numbers(in.reals(kScaleSection));
    table.scaler_.unpack(numbers, table.names_.size());
    numbers.end();
  }
  return table;
}

std::optional<FeatureTable> find_features(std::string_view file) {
  const ModelReader in(file);
  if (!in.has(kRulesSection)) return std::nullopt;
  return FeatureTable::load(in);
}

}  // namespace wakeful::detectors
