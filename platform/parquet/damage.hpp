#pragma once
// The two ways in which a Parquet file cannot be read, as errors of the caller who sent it. Both name the field "file".
#include <string_view>

#include <fmt/core.h>

#include "platform/core/error.hpp"

namespace wakeful::parquet {

/// What the file says of itself cannot be true.
[[nodiscard]] inline core::Error damaged(std::string_view why) {
  return core::invalid(fmt::format("the Parquet file is damaged: {}", why), "file");
}

/// The file may be sound, and uses something that is not read here.
[[nodiscard]] inline core::Error unread(std::string_view what) {
  return core::invalid(fmt::format("the Parquet file uses {}, which is not read here", what), "file");
}

}  // namespace wakeful::parquet
