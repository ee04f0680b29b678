#pragma once
// The schema of a Parquet file: a tree, written as a list of its nodes, and what its flat columns are to a reader.
// Pure.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "platform/parquet/compact.hpp"
#include "platform/parquet/footer.hpp"

namespace wakeful::parquet {

// parquet.thrift's ConvertedType.
enum class Converted {
  none = -1,
  utf8 = 0,
  enumeration = 4,
  decimal = 5,
  date = 6,
  time_ms = 7,
  time_us = 8,
  timestamp_ms = 9,
  timestamp_us = 10,
  uint8 = 11,
  uint64 = 14,
  json = 19,
};
// parquet.thrift's LogicalType: the number of the union's member that is set.
enum class Logical {
  none = 0,
  string = 1,
  enumeration = 4,
  decimal = 5,
  date = 6,
  time = 7,
  timestamp = 8,
  integer = 10,
  unknown = 11,
  json = 12,
  float16 = 15,
};

enum class Repetition { required = 0, optional = 1, repeated = 2 };

struct Element {
  std::string_view name;
  std::optional<Physical> physical;
  std::int32_t length = 0;
  Repetition repetition = Repetition::required;
  std::int32_t children = 0;
  Converted converted = Converted::none;
  Logical logical = Logical::none;
  bool is_signed = true;
  bool is_utc = false;
  Unit unit = Unit::nanoseconds;
};

/// Errors: invalid, field "file".
Element read_element(Compact& in);

/// The root's children, and how many leaves the whole tree has: a row group's number of chunks.
/// Errors: invalid, field "file", for a list that is no tree.
std::size_t describe_columns(const std::vector<Element>& schema, std::vector<Column>& out);

}  // namespace wakeful::parquet
