#pragma once
// Whether the last batch of a lane counts, where topics have the last word (DESIGN.md, "Once"). Threads: as the keeper.
#include <cstdint>
#include <optional>

#include "streams/keeper.hpp"

namespace wakeful::streams {

/// The lane once its last batch counts or never was. `committed`: the lane's offset as the brokers know it. Nothing if
/// that is neither the batch's end nor its beginning, or is further than a lane whose batches all count: then the state
/// and the topics do not belong together.
/// Errors: as Keeper::settle and Keeper::take.
std::optional<LaneState> settle_last_batch(Keeper& keeper, const LaneState& lane,
                                           std::optional<std::int64_t> committed);

}  // namespace wakeful::streams
