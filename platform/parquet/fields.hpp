#pragma once
// Fields of Parquet's own types. Errors: invalid, field "file".
#include <cstdint>

#include "platform/parquet/compact.hpp"
#include "platform/parquet/damage.hpp"

namespace wakeful::parquet {

/// One of an enumeration that goes from 0 to `last`.
template <class Enum>
Enum read_enum(Compact& in, Field field, std::int32_t last) {
  const std::int32_t value = in.read_int(field);
  if (value < 0 || value > last) throw damaged(fmt::format("field {} has the unknown value {}", field.id, value));
  return static_cast<Enum>(value);
}

/// A number that is not negative.
template <class Unsigned>
Unsigned read_size(Compact& in, Field field) {
  const std::int64_t value = in.read_integer(field);
  if (value < 0) throw damaged(fmt::format("field {} is negative", field.id));
  return static_cast<Unsigned>(value);
}

}  // namespace wakeful::parquet
