#pragma once
// A member of a consumer group that reads one topic from offsets which somebody else keeps.
//
// Classic protocol, static membership: a process that was killed and comes again within the session has its partitions
// back at once. Nothing is committed by itself. Threads: one calls; librdkafka has its own.
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "platform/core/function_ref.hpp"
#include "streams/definition.hpp"
#include "streams/event.hpp"
#include "streams/kafka_client.hpp"

namespace wakeful::streams {

struct PartitionOffset {
  std::int64_t partition = 0;
  std::int64_t offset = 0;
};

class TopicConsumer {
 public:
  /// Told within read(), before and after the group's partitions are dealt anew.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// Gives each partition's offset to begin with.
    virtual std::vector<PartitionOffset> assigned(const std::vector<std::int64_t>& partitions) = 0;
    /// `is_lost`: others may have them already.
    virtual void revoked(bool is_lost) = 0;
    virtual void message(std::int64_t partition, std::int64_t offset, const Record& record) = 0;
    /// The topic has not got the offset that was asked for; `first` is the oldest that it has, `end` the one to come.
    virtual void gone(std::int64_t partition, std::int64_t first, std::int64_t end) = 0;
  };

  /// Joins the group. Errors: as make_client.
  TopicConsumer(const KafkaInput& input, const std::string& instance, Owner& owner);
  ~TopicConsumer();
  TopicConsumer(const TopicConsumer&) = delete;
  TopicConsumer& operator=(const TopicConsumer&) = delete;

  /// Hands over what has come, waiting for at most `patience` if there is nothing; says whether anything came.
  /// Errors: what the owner throws; unavailable if the client is of no more use.
  bool read(std::chrono::milliseconds patience);

  struct Bounds {
    std::int64_t first = 0;  // the oldest offset that the topic has
    std::int64_t end = 0;    // the one to come
  };
  /// As the broker says now. Errors: unavailable.
  Bounds bounds(std::int64_t partition);

  /// What the group has committed, by partition; nothing for a partition without. Waits for transactions that are under
  /// way. Errors: unavailable.
  std::vector<std::optional<std::int64_t>> committed(const std::vector<std::int64_t>& partitions);
  /// The same without waiting: what was committed before the transactions that are under way.
  std::vector<std::optional<std::int64_t>> committed_before(const std::vector<std::int64_t>& partitions) const;
  /// For those who watch the lag from outside; nothing depends on it.
  void commit_later(std::span<const PartitionOffset> offsets);
  GroupMetadata group() const;

  /// The end of a partition as last heard of.
  std::optional<std::int64_t> find_end(std::int64_t partition) const;
  /// Whether there are partitions, and all of them have been read to their ends.
  bool is_at_end() const;

 private:
  static void rebalance(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*);
  void assign(rd_kafka_topic_partition_list_t* partitions);
  void adapt(std::chrono::steady_clock::duration took);
  bool has(std::int64_t partition) const;
  void take(const rd_kafka_message_t& message);
  void take_error(const rd_kafka_message_t& message);
  struct Asker;

  const KafkaInput input_;
  Owner& owner_;
  std::shared_ptr<rd_kafka_t> client_;  // the asker's too
  QueueHandle queue_;
  std::vector<std::int64_t> partitions_;
  std::vector<std::int64_t> ended_;
  std::vector<rd_kafka_message_t*> messages_;
  std::size_t wanted_ = 64;     // at once
  std::exception_ptr failure_;  // of the owner, in a callback of C
  std::shared_ptr<Asker> asker_;
};

}  // namespace wakeful::streams
