#pragma once
// What a source gives: values in time order, each of one group, which is a value for every dimension that the metric is
// grouped by. Rows without all of these dimensions belong to no group and are only counted. A plain value.
#include <cstdint>
#include <string>
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

}  // namespace wakeful::runner
