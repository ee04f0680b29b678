#pragma once
// What a source gives: values in time order, each of one group, which is a value for every dimension that the metric is
// grouped by. Rows without all of these dimensions belong to no group and are only counted. A plain value, and what
// sources make it with.
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"

namespace wakeful::runner {

struct Observations {
  struct Row {
    core::Timestamp time;
    std::uint32_t group = 0;  // index into `groups`
    double value = 0;
  };
  /// Values in the order of the metric's groupings; one group may be listed more than once.
  std::vector<std::vector<std::string>> groups{};
  /// By time; rows of one time as the source gives them.
  std::vector<Row> rows{};
  /// Rows that lack a dimension (or have an empty one).
  std::int64_t ungrouped = 0;
};

/// Those of one group; all of them if `group` is empty. For a model of one group, whose source may give others too.
Observations only_group(Observations all, const std::vector<std::string>& group);

/// The field of the error of too many rows: whoever asked for a long span may ask for a shorter one.
inline constexpr std::string_view kMaxRowsField = "max_rows";

/// Collects rows in any order. Errors, of add: invalid naming kMaxRowsField beyond `max_rows`.
class ObservationCollector {
 public:
  explicit ObservationCollector(std::size_t max_rows) : max_rows_(max_rows) {}

  /// Nothing where a dimension is missing.
  std::optional<std::uint32_t> group_of(std::span<const std::optional<std::string_view>> dimensions);
  void add(core::Timestamp time, std::uint32_t group, double value);
  void add_ungrouped() { ++found_.ungrouped; }
  void add(core::Timestamp time, std::span<const std::optional<std::string_view>> dimensions, double value);

  /// Throws the error of too many rows.
  [[noreturn]] static void refuse(std::size_t max_rows);

  enum class Ties {
    as_added,  // rows of one time keep their order
    by_value,  // … are put in an order of their own, because the source has none
  };
  Observations take(Ties ties);

 private:
  std::size_t max_rows_;
  std::map<std::vector<std::string>, std::uint32_t> index_;
  std::vector<std::string> key_;
  Observations found_;
};

}  // namespace wakeful::runner
