#pragma once
// Where a topic outlet's transactions keep how far the input was read: lane n is the offset of partition n of a topic,
// in a group. Threads: values; find_committed has a client of its own.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "streams/definition.hpp"
#include "streams/kafka_client.hpp"

namespace wakeful::streams {

struct OffsetPlace {
  std::string brokers;
  std::string topic;
  std::string transactional_id;
  std::function<GroupMetadata()> group;  // asked at each commit: its members change
};

/// For an input that is no topic: the topic that is written to, and a group that nobody joins, named after the state.
OffsetPlace place_of_lines(const StreamDefinition& definition, const std::string& state_id);

/// The offset that such a group has committed for lane 0. Asks for the topic too, which makes it where the brokers do
/// that: offsets belong to topics that are there. Errors: as make_client; unavailable.
std::optional<std::int64_t> find_committed(const OffsetPlace& place);

}  // namespace wakeful::streams
