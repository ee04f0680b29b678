#include "streams/line_desk.hpp"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "streams/last_batch.hpp"
#include "streams/topic_offsets.hpp"
#include "streams/topic_outlet.hpp"

namespace wakeful::streams {
namespace {

constexpr auto kSayEvery = std::chrono::hours(12);  // a group that nobody joins is forgotten after a week, or a day

[[noreturn]] void refuse(const OffsetPlace& place, std::optional<std::int64_t> committed, const LaneState& lane) {
  const auto said = committed ? fmt::format("up to {}", *committed) : std::string("nothing");
  throw core::conflict(
      fmt::format(
          "a batch up to {} was under way when this stream ended, and group '{}' at topic '{}' knows {}: was it "
          "written to other topics or brokers? Give those back until it has run once",
          lane.next, place.transactional_id, place.topic, said),
      "state");
}

/// The outlet, and the lane as it says.
std::unique_ptr<Outlet> settle_by_topics(const StreamDefinition& definition, Keeper& keeper,
                                         const LineDesk::Terms& terms, LaneState& lane) {
  const OffsetPlace place = place_of_lines(definition, terms.state_id);
  // Ends what a producer before it left under way; then the offset stays as it is.
  auto outlet = std::make_unique<TopicOutlet>(definition, place, terms.is_stopped);
  const auto committed = find_committed(place);
  const auto settled = settle_last_batch(keeper, lane, committed);
  if (!settled) refuse(place, committed, lane);
  lane = *settled;
  return outlet;
}

std::unique_ptr<Outlet> settle_by_files(const LineDesk::Terms& terms, const LaneState& lane) {
  if (lane.is_open)
    throw core::conflict(
        fmt::format("a batch up to {} was on its way to topics when this stream ended: give those back "
                    "until it has run once",
                    lane.next),
        "state");
  return terms.make_files();
}

}  // namespace

LineDesk::LineDesk(const StreamDefinition& definition, Keeper& keeper, const Terms& terms)
    : lane_(keeper.take(std::array<std::int64_t, 1>{0}).front()),
      outlet_(writes_to_topic(definition) ? settle_by_topics(definition, keeper, terms, lane_)
                                          : settle_by_files(terms, lane_)),
      desk_(definition, keeper, *outlet_) {
  desk_.open(lane_);
  if (!outlet_->decides()) return;
  if (lane_.next == LaneState::kUnread) {
    desk_.begin_at(0, 0);
    desk_.move_on();
    said_ = std::chrono::steady_clock::now();
  } else {
    say_again();
  }
}

void LineDesk::say_again() {
  desk_.say_again();
  said_ = std::chrono::steady_clock::now();
}

void LineDesk::rest() {
  if (desk_.has_work()) desk_.move_on();
  desk_.settle();
  if (outlet_->decides() && std::chrono::steady_clock::now() - said_ > kSayEvery) say_again();
}

}  // namespace wakeful::streams
