#pragma once
// Times as other people's tables hold them, and as SQL compares them. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "platform/core/clock.hpp"

namespace wakeful::runner {

/// RFC 3339 and its usual cousins (a space for the T, "+00" for "+00:00", none at all for UTC, a date alone); or a
/// number since 1970, whose unit is told by its size: below 1e11 seconds, then milli-, micro- and nanoseconds. The
/// sizes do not overlap for times from 1973 to 5138. Nothing for blank text.
/// Errors: invalid, with the text.
std::optional<core::Timestamp> read_time_text(std::string_view text);

/// How many of a number's units are one second, told by its size as above.
std::int64_t units_per_second(double number);

/// Texts that enclose a span whatever of 'T' or ' ' stands between date and time, with or without fraction and 'Z':
/// every text of a time in (after, until] is > lower and <= upper. Both leave out up to a day more than they need to.
struct TextBounds {
  std::string lower;
  std::string upper;
};
TextBounds text_bounds(core::Timestamp after, core::Timestamp until);

}  // namespace wakeful::runner
