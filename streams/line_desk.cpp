#include "streams/line_desk.hpp"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "streams/last_batch.hpp"
#include "streams/topic_outlet.hpp"

namespace wakeful::streams {
namespace {

constexpr int kAnswerMs = 5'000;

OffsetPlace place_of(const StreamDefinition& definition, const std::string& state_id) {
  const auto* alerts = std::get_if<TopicOutput>(&definition.output);
  const TopicOutput& topic = alerts != nullptr ? *alerts : std::get<TopicOutput>(definition.dead_letters);
  const std::string group = fmt::format("{}.{}", definition.name, state_id);
  return {.brokers = topic.brokers, .topic = topic.topic, .transactional_id = group, .group = [group] {
            return GroupMetadata(kafka().consumer_group_metadata_new(group.c_str()));
          }};
}

/// The offset that the group has committed. Asks for the topic too, which makes it where the brokers do that: offsets
/// belong to topics that are there. Errors: unavailable.
std::optional<std::int64_t> find_committed(const OffsetPlace& place) {
  const ClientHandle client = make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", place.brokers},
                                                              {"group.id", place.transactional_id},
                                                              {"allow.auto.create.topics", "true"}});
  const rd_kafka_metadata_t* about = nullptr;
  {
    const TopicHandle topic(kafka().topic_new(client.get(), place.topic.c_str(), nullptr));
    require_ok(kafka().metadata(client.get(), 0, topic.get(), &about, kAnswerMs), "asking for the topic");
  }
  kafka().metadata_destroy(about);
  const PartitionList list(kafka().topic_partition_list_new(1));
  kafka().topic_partition_list_add(list.get(), place.topic.c_str(), 0);
  require_ok(kafka().committed(client.get(), list.get(), kAnswerMs), "asking for the group's offset");
  require_ok(list->elems[0].err, "asking for the group's offset");
  return list->elems[0].offset < 0 ? std::nullopt : std::optional(list->elems[0].offset);
}

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
  const OffsetPlace place = place_of(definition, terms.state_id);
  // Ends what a producer before it left under way; then the offset stays as it is.
  auto outlet = std::make_unique<TopicOutlet>(definition, place, terms.is_stopped);
  const auto committed = find_committed(place);
  const auto settled = settle_last_batch(keeper, lane, committed);
  if (!settled) refuse(place, committed, lane);
  lane = *settled;
  return outlet;
}

}  // namespace

LineDesk::LineDesk(const StreamDefinition& definition, Keeper& keeper, const Terms& terms)
    : lane_(keeper.take(std::array<std::int64_t, 1>{0}).front()),
      outlet_(writes_to_topic(definition) ? settle_by_topics(definition, keeper, terms, lane_) : terms.make_files()),
      desk_(definition, keeper, *outlet_) {
  desk_.open(lane_);
}

void LineDesk::rest() {
  if (desk_.has_work()) desk_.move_on();
  desk_.settle();
}

}  // namespace wakeful::streams
