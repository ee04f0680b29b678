#pragma once
// Times as SQL compares them, in whatever form a table holds them (platform/core/time_text.hpp reads them). Pure.
#include <string>

#include "platform/core/clock.hpp"

namespace wakeful::runner {

/// Texts that enclose a span whatever of 'T' or ' ' stands between date and time, with or without fraction and 'Z':
/// every text of a time in (after, until] is > lower and <= upper. Both leave out up to a day more than they need to.
struct TextBounds {
  std::string lower;
  std::string upper;
};
TextBounds text_bounds(core::Timestamp after, core::Timestamp until);

}  // namespace wakeful::runner
