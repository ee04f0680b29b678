#pragma once
// The functions of librdkafka that are used, under their names without "rd_kafka_". Loaded with the first stream that
// reads a topic.
#include <librdkafka/rdkafka.h>

#include "platform/core/shared_library.hpp"

namespace wakeful::streams {

struct KafkaLibrary {
  core::SharedLibrary library{"librdkafka.so.1"};
#define WAKEFUL_KAFKA(name) decltype(&::rd_kafka_##name) name = library.find("rd_kafka_" #name)
  WAKEFUL_KAFKA(abort_transaction);
  WAKEFUL_KAFKA(assign);
  WAKEFUL_KAFKA(assignment_lost);
  WAKEFUL_KAFKA(begin_transaction);
  WAKEFUL_KAFKA(commit);
  WAKEFUL_KAFKA(commit_transaction);
  WAKEFUL_KAFKA(committed);
  WAKEFUL_KAFKA(conf_destroy);
  WAKEFUL_KAFKA(conf_new);
  WAKEFUL_KAFKA(conf_set);
  WAKEFUL_KAFKA(conf_set_error_cb);
  WAKEFUL_KAFKA(conf_set_log_cb);
  WAKEFUL_KAFKA(conf_set_opaque);
  WAKEFUL_KAFKA(conf_set_rebalance_cb);
  WAKEFUL_KAFKA(consume_batch_queue);
  WAKEFUL_KAFKA(consumer_group_metadata);
  WAKEFUL_KAFKA(consumer_group_metadata_destroy);
  WAKEFUL_KAFKA(consumer_group_metadata_new);
  WAKEFUL_KAFKA(destroy_flags);
  WAKEFUL_KAFKA(err2str);
  WAKEFUL_KAFKA(error_code);
  WAKEFUL_KAFKA(error_destroy);
  WAKEFUL_KAFKA(error_is_fatal);
  WAKEFUL_KAFKA(error_is_retriable);
  WAKEFUL_KAFKA(error_string);
  WAKEFUL_KAFKA(fatal_error);
  WAKEFUL_KAFKA(get_watermark_offsets);
  WAKEFUL_KAFKA(init_transactions);
  WAKEFUL_KAFKA(message_destroy);
  WAKEFUL_KAFKA(message_timestamp);
  WAKEFUL_KAFKA(metadata);
  WAKEFUL_KAFKA(metadata_destroy);
  decltype(&::rd_kafka_new) new_client = library.find("rd_kafka_new");
  WAKEFUL_KAFKA(poll);
  WAKEFUL_KAFKA(poll_set_consumer);
  WAKEFUL_KAFKA(produceva);
  WAKEFUL_KAFKA(purge);
  WAKEFUL_KAFKA(query_watermark_offsets);
  WAKEFUL_KAFKA(queue_destroy);
  WAKEFUL_KAFKA(queue_get_consumer);
  WAKEFUL_KAFKA(send_offsets_to_transaction);
  WAKEFUL_KAFKA(subscribe);
  WAKEFUL_KAFKA(topic_destroy);
  WAKEFUL_KAFKA(topic_new);
  WAKEFUL_KAFKA(topic_partition_list_add);
  WAKEFUL_KAFKA(topic_partition_list_destroy);
  WAKEFUL_KAFKA(topic_partition_list_new);
#undef WAKEFUL_KAFKA
};

/// Errors: unavailable where it is not installed.
inline const KafkaLibrary& kafka() {
  static const KafkaLibrary library;
  return library;
}

}  // namespace wakeful::streams
