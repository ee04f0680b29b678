#include "streams/last_batch.hpp"

#include <array>

namespace wakeful::streams {

std::optional<LaneState> settle_last_batch(Keeper& keeper, const LaneState& lane,
                                           std::optional<std::int64_t> committed) {
  const std::int64_t known = committed.value_or(LaneState::kUnread);
  if (known == lane.next) {
    if (!lane.is_open) return lane;
    keeper.settle(lane, true);
    LaneState closed = lane;
    closed.is_open = false;
    return closed;
  }
  // What counts is known. Brokers forget after a week, and do not hear all while alerts go to files.
  if (!lane.is_open && known < lane.next) return lane;
  if (!lane.is_open || known != lane.prior) return std::nullopt;
  keeper.settle(lane, false);
  return keeper.take(std::array<std::int64_t, 1>{lane.lane}).front();
}

}  // namespace wakeful::streams
