#include "streams/topic_offsets.hpp"

#include <fmt/format.h>

namespace wakeful::streams {
namespace {

constexpr int kAnswerMs = 5'000;

}  // namespace

OffsetPlace place_of_lines(const StreamDefinition& definition, const std::string& state_id) {
  const auto* alerts = std::get_if<TopicOutput>(&definition.output);
  const TopicOutput& topic = alerts != nullptr ? *alerts : std::get<TopicOutput>(definition.dead_letters);
  const std::string group = fmt::format("{}.{}", definition.name, state_id);
  return {.brokers = topic.brokers, .topic = topic.topic, .transactional_id = group, .group = [group] {
            return GroupMetadata(kafka().consumer_group_metadata_new(group.c_str()));
          }};
}

std::optional<std::int64_t> find_committed(const OffsetPlace& place) {
  const ClientHandle client = make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", place.brokers},
                                                              {"group.id", place.transactional_id},
                                                              // Whoever wrote there has been fenced.
                                                              {"isolation.level", "read_uncommitted"},
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

}  // namespace wakeful::streams
