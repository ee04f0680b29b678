#pragma once
// What a detector can be told: a table of specifications, and values that have passed it.
//
// Parameters are made by the three parse functions only, so that whoever holds some needs no second check: every
// parameter of the table has a value, of its kind and in its range. Errors name the parameter, and the nearest known
// one where the name is unknown. No detector logic lives here. Threads: values, freely shared when const.
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "platform/core/json.hpp"

namespace wakeful::detectors {

enum class ParameterKind {
  integer,
  real,
  boolean,
  choice,
  days,          // calendar days, "2026-12-25", in a list
  reals,         // distinct numbers from least to most, in a list
  forecaster,    // an estimator with arguments of its own (estimators.hpp), or one of the words
  transformers,  // a list of estimators
};

struct ParameterSpec {
  std::string_view name;
  ParameterKind kind;
  /// As text: "5", "0.05", "true", or one of the words.
  std::string_view fallback;
  /// Both ends are allowed; for numbers only. The most of a list's own numbers, not of how many there are.
  double least = 0;
  double most = 0;
  /// The choices of a choice; for a number or a forecaster the words taken instead of one ("auto").
  std::span<const std::string_view> words = {};
  std::string_view doc = {};
};

class Parameters {
 public:
  /// A list or an estimator: JSON in its one form, every argument said.
  struct Nested {
    std::string json;
    bool operator==(const Nested&) const = default;
  };
  using Value = std::variant<std::int64_t, double, bool, std::string, Nested>;

  Parameters() = default;

  std::int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  bool boolean(std::string_view name) const;
  const std::string& choice(std::string_view name) const;
  /// Nothing where a word stands instead of a number.
  std::optional<std::int64_t> find_integer(std::string_view name) const;
  std::optional<double> find_real(std::string_view name) const;
  /// JSON of a list or an estimator; nothing where a word stands instead.
  std::optional<std::string_view> find_nested(std::string_view name) const;

  /// In the order of the table.
  const std::vector<std::pair<std::string, Value>>& values() const { return values_; }
  /// The value as parse_parameters reads it.
  std::string text(std::string_view name) const;
  /// One JSON object, defaults included: read_parameters gives equal Parameters back.
  std::string json() const;

  bool operator==(const Parameters&) const = default;

 private:
  friend class ParameterReader;
  const Value& get(std::string_view name) const;
  std::vector<std::pair<std::string, Value>> values_;
};

/// All at their defaults.
Parameters default_parameters(std::span<const ParameterSpec> table);

/// From words of the command line, {"tolerance", "4.5"}; the last of several settings of one name counts.
/// Errors: invalid, whose field is the parameter's name.
Parameters parse_parameters(std::span<const ParameterSpec> table,
                            std::span<const std::pair<std::string, std::string>> settings);

/// From an object of a detector file or a model file; numbers may come as text.
/// Errors: invalid, whose field is the member's path in the document.
Parameters read_parameters(std::span<const ParameterSpec> table, const core::ObjectReader& object);

}  // namespace wakeful::detectors
