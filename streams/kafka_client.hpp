#pragma once
// What a consumer and a producer of Kafka's share: handles that end, settings, errors. Behind the wall of librdkafka.
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "streams/kafka_library.hpp"

namespace wakeful::streams {

struct EndClient {
  // Without leaving the group: a static member's place is kept for its successor, as after a kill.
  void operator()(rd_kafka_t* client) const { kafka().destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }
};
struct EndList {
  void operator()(rd_kafka_topic_partition_list_t* list) const { kafka().topic_partition_list_destroy(list); }
};
struct EndQueue {
  void operator()(rd_kafka_queue_t* queue) const { kafka().queue_destroy(queue); }
};
struct EndMetadata {
  void operator()(rd_kafka_consumer_group_metadata_t* data) const { kafka().consumer_group_metadata_destroy(data); }
};
struct EndTopic {
  void operator()(rd_kafka_topic_t* topic) const { kafka().topic_destroy(topic); }
};
using ClientHandle = std::unique_ptr<rd_kafka_t, EndClient>;
// A list that is not destroyed keeps a broker's thread, and the end of its client waits for ever.
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, EndList>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, EndQueue>;
using GroupMetadata = std::unique_ptr<rd_kafka_consumer_group_metadata_t, EndMetadata>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, EndTopic>;

using KafkaSettings = std::initializer_list<std::pair<const char*, std::string>>;
using RebalanceCallback = void (*)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*);

/// A client with the settings of the file that WAKEFUL_KAFKA_CONFIG names (`key=value` lines, as librdkafka knows them:
/// security.protocol, sasl.username, ssl.ca.location, …), and over them `settings`. What goes wrong with its brokers is
/// logged. Errors: invalid, field "WAKEFUL_KAFKA_CONFIG" or "stream.input.kafka.brokers"; unavailable.
ClientHandle make_client(rd_kafka_type_t type, KafkaSettings settings, RebalanceCallback rebalance = nullptr,
                         void* opaque = nullptr);

/// Errors: unavailable for anything but NO_ERROR, saying what was done.
void require_ok(rd_kafka_resp_err_t error, const char* doing);

}  // namespace wakeful::streams
