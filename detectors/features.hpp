#pragma once
// From rows of a table - a time, categories, a value - to rows of numbers, the same for ever: what was learned about
// the categories and the scale at the training is kept in the model file and applied wherever the model is asked.
//
// A category's code is its place among the training's categories in the order of their bytes (0, 1, …), so that a
// window without some of them shifts nothing. One that the training did not show has a code of its own, if one was
// declared, or is refused. Times are looked at in UTC. Threads: const functions may run at once.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detectors/detector.hpp"
#include "detectors/row_scaler.hpp"

namespace wakeful::detectors {

struct FeatureRules {
  std::vector<std::string> calendar{};   // hour_of_day, day_of_week (Monday 0), day_of_month, month, quarter
  std::vector<std::string> encode{};     // names of the categories, in the order of FeatureRow
  std::string value{};                   // name of the value as a feature; "": it is none
  bool standardise = false;              // every feature to mean 0 and deviation 1 of the training
  std::optional<std::int64_t> unseen{};  // code of a category that the training did not show; absent: refused
  // What the training's source calls the columns, and the buckets that its times are the beginnings of.
  std::string time_column = "ts";
  std::string value_column{};    // "": as `value`
  core::Duration granularity{};  // 0: times are looked at as they are
};

/// A column of the source's table that a table of features looks at.
struct RawColumn {
  enum class Kind { time, text, number };
  std::string name;
  Kind kind = Kind::number;
};
/// "created_at (time), country_code (text)", for messages.
std::string words_of(std::span<const RawColumn> columns);

/// Borrows its categories.
struct FeatureRow {
  core::Timestamp time{};
  std::span<const std::string> categories{};  // one for each name in FeatureRules::encode
  double value = 0;
  bool is_missing = false;  // some of it is: no feature then, and no score
};

class FeatureTable {
 public:
  /// Learns the categories, and the scale if there is to be one.
  /// Errors: invalid, field "features.calendar", for a word it does not know; "training" for no rows.
  static FeatureTable learn(FeatureRules rules, std::span<const FeatureRow> rows);

  /// "day_of_week", …, "country_encoded", …, and the value's name.
  const std::vector<std::string>& names() const { return names_; }
  const FeatureRules& rules() const { return rules_; }
  /// Of the i-th encoded name, in the order of their codes.
  const std::vector<std::string>& categories(std::size_t i) const { return categories_[i]; }

  /// What a caller must tell of each row: the time, if the calendar matters, the categories as encoded, the value.
  std::vector<RawColumn> raw_columns() const;

  /// Shape: one row for each, names() wide; NaN throughout where the row is missing, or its value.
  /// Errors: invalid, field "features.encode", for a category that is refused.
  Frame encode(std::span<const FeatureRow> rows) const;

  void save(ModelWriter& out) const;
  /// Errors: invalid, field "model", for sections that do not fit together.
  static FeatureTable load(const ModelReader& in);

 private:
  explicit FeatureTable(FeatureRules rules);
  double code_of(std::size_t column, const std::string& category) const;
  void write_row(const FeatureRow& row, std::span<double> out) const;

  FeatureRules rules_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> categories_;
  RowScaler scaler_;
};

/// The model file of detectors that judge such rows, as save_detectors (detector.hpp) writes those of others.
std::string save_detectors(std::span<const NamedDetector> detectors, std::string_view position,
                           const std::optional<FeatureTable>& features);
/// What a model file says about features; nothing if its detectors judge what they are given.
std::optional<FeatureTable> find_features(std::string_view file);

}  // namespace wakeful::detectors
