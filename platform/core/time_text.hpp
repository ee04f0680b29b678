#pragma once
// Times as other people's tables hold them. Pure.
#include <cstdint>
#include <optional>
#include <string_view>

#include "platform/core/clock.hpp"

namespace wakeful::core {

/// RFC 3339 and its usual cousins (a space for the T, "+00" for "+00:00", none at all for UTC, a date alone); or a
/// number since 1970, whose unit is told by its size: below 1e11 seconds, then milli-, micro- and nanoseconds. The
/// sizes do not overlap for times from 1973 to 5138. Nothing for blank text.
/// Errors: invalid, with the text.
std::optional<Timestamp> read_time_text(std::string_view text);

/// How many of a number's units are one second, told by its size as above.
std::int64_t units_per_second(double number);

}  // namespace wakeful::core
