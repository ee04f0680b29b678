#pragma once
// Which channels an anomaly was, for methods that judge all channels together. Pure.
#include <span>
#include <string>

#include "detectors/detector.hpp"

namespace wakeful::runner {

/// Channels that an anomaly names: the others contribute less.
inline constexpr std::size_t kChannelsTold = 10;

/// {"channels":{NAME:{"contribution","value","expected","lower","upper"}},"channel_count","out_of_bounds"}: the
/// channels with the largest contributions to the score of the `row`-th row, `kChannelsTold` at most and none that
/// contributes nothing. A member is null where the method has no such number. `channel_count`: of all channels;
/// `out_of_bounds`: of those whose value lies outside its bounds, only where the method has bounds. "" where it has no
/// contributions. Shape: `names` has a name for each channel of `found`.
std::string metadata_of(const detectors::Scores& found, std::size_t row, std::span<const std::string> names);

}  // namespace wakeful::runner
