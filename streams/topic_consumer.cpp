#include "streams/topic_consumer.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"

namespace wakeful::streams {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMessages = 4'096;  // handed over at once, at most
constexpr auto kLongRead = std::chrono::milliseconds(200);
constexpr int kAnswerMs = 5'000;
constexpr auto kAskEvery = std::chrono::milliseconds(50);

constexpr auto kLastQuestion = std::chrono::milliseconds(500);

PartitionList list_of(const std::string& topic, const std::vector<std::int64_t>& partitions) {
  PartitionList list(kafka().topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const std::int64_t p : partitions)
    kafka().topic_partition_list_add(list.get(), topic.c_str(), static_cast<std::int32_t>(p));
  return list;
}

std::span<rd_kafka_topic_partition_t> parts_of(const PartitionList& list) {
  return {list->elems, static_cast<std::size_t>(list->cnt)};
}

std::vector<std::optional<std::int64_t>> ask_committed(rd_kafka_t* client, const std::string& topic,
                                                       const std::vector<std::int64_t>& partitions) {
  const auto list = list_of(topic, partitions);
  require_ok(kafka().committed(client, list.get(), kAnswerMs), "asking for the group's offsets");
  std::vector<std::optional<std::int64_t>> out;
  for (const auto& part : parts_of(list)) {
    require_ok(part.err, "asking for a partition's offset");
    out.push_back(part.offset < 0 ? std::nullopt : std::optional(part.offset));
  }
  return out;
}

}  // namespace

/// librdkafka 2.0 rests for a whole second when its queue was full; a question to the broker wakes it. A thread asks
/// for the ends of the partitions, which somebody wants to know anyway. A broker that stands still holds the question
/// for longer than anybody should wait: then the thread is left alone with what it needs.
struct TopicConsumer::Asker {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::int64_t> partitions;
  bool is_stopped = false;
  bool has_ended = false;

  static void live(const std::shared_ptr<Asker>& self, const std::shared_ptr<rd_kafka_t>& client,
                   const std::string& topic) {
    std::unique_lock lock(self->mutex);
    while (!self->is_stopped) {
      const std::vector<std::int64_t> asked = self->partitions;
      lock.unlock();
      for (const std::int64_t p : asked) {
        std::int64_t first = 0, end = 0;
        kafka().query_watermark_offsets(client.get(), topic.c_str(), static_cast<std::int32_t>(p), &first, &end, 500);
      }
      lock.lock();
      self->changed.wait_for(lock, kAskEvery, [&] { return self->is_stopped; });
    }
    self->has_ended = true;
    self->changed.notify_all();
  }
  void ask(std::vector<std::int64_t> wanted) {
    const std::lock_guard lock(mutex);
    partitions = std::move(wanted);
  }
  void stop() {
    std::unique_lock lock(mutex);
    is_stopped = true;
    changed.notify_all();
    changed.wait_for(lock, kLastQuestion, [&] { return has_ended; });
  }
};

TopicConsumer::TopicConsumer(const KafkaInput& input, const std::string& instance, Owner& owner)
    : input_(input), owner_(owner), messages_(kMessages) {
  client_ = make_client(RD_KAFKA_CONSUMER,
                        {{"bootstrap.servers", input.brokers},
                         {"group.id", input.group},
                         {"group.instance.id", instance},
                         {"partition.assignment.strategy", "range"},
                         {"session.timeout.ms", "10000"},
                         {"socket.timeout.ms", "10000"},
                         {"enable.auto.commit", "false"},
                         {"enable.auto.offset.store", "false"},
                         {"auto.offset.reset", "error"},  // nobody decides for us where to go on
                         {"enable.partition.eof", "true"},
                         {"allow.auto.create.topics", "true"},
                         {"fetch.wait.max.ms", "100"},
                         // Little is kept ahead: each message costs some 300 bytes beside its own.
                         {"fetch.message.max.bytes", "262144"},
                         {"queued.min.messages", "60000"},
                         {"queued.max.messages.kbytes", "16384"}},
                        &TopicConsumer::rebalance, this);
  kafka().poll_set_consumer(client_.get());
  queue_.reset(kafka().queue_get_consumer(client_.get()));
  const auto topics = list_of(input.topic, {RD_KAFKA_PARTITION_UA});
  require_ok(kafka().subscribe(client_.get(), topics.get()), "joining the group");
  asker_ = std::make_shared<Asker>();
  std::thread([asker = asker_, client = client_, topic = input.topic] { Asker::live(asker, client, topic); }).detach();
}

TopicConsumer::~TopicConsumer() {
  asker_->stop();
  kafka().assign(client_.get(), nullptr);
  queue_.reset();
}

bool TopicConsumer::read(std::chrono::milliseconds patience) {
  const ssize_t count =
      kafka().consume_batch_queue(queue_.get(), static_cast<int>(patience.count()), messages_.data(), wanted_);
  const auto began = Steady::now();
  std::exception_ptr failure = std::exchange(failure_, nullptr);
  for (ssize_t i = 0; i < count; ++i) {
    rd_kafka_message_t* message = messages_[static_cast<std::size_t>(i)];
    if (!failure) {
      try {
        take(*message);
      } catch (...) {  // the others are still to be given back
        failure = std::current_exception();
      }
    }
    kafka().message_destroy(message);
  }
  if (failure) std::rethrow_exception(failure);
  if (count == static_cast<ssize_t>(wanted_)) adapt(Steady::now() - began);
  return count > 0;
}

/// Nobody is heard while messages are worked off: neither a signal nor the group.
void TopicConsumer::adapt(Steady::duration took) {
  if (took > kLongRead) wanted_ = std::max<std::size_t>(wanted_ / 4, 1);
  if (took < kLongRead / 4) wanted_ = std::min(2 * wanted_, messages_.size());
}

bool TopicConsumer::has(std::int64_t partition) const {
  return std::find(partitions_.begin(), partitions_.end(), partition) != partitions_.end();
}

void TopicConsumer::take(const rd_kafka_message_t& message) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) return take_error(message);
  if (!has(message.partition)) return;
  const char* bytes = static_cast<const char*>(message.payload);
  rd_kafka_timestamp_type_t type{};
  const std::int64_t ts = kafka().message_timestamp(&message, &type);
  Record record{.value = {bytes == nullptr ? "" : bytes, message.len},
                .ts_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : ts};
  if (message.key != nullptr) record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  owner_.message(message.partition, message.offset, record);
}

void TopicConsumer::take_error(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (!has(message.partition)) return;  // from before the partitions were dealt anew
    if (std::find(ended_.begin(), ended_.end(), message.partition) == ended_.end()) ended_.push_back(message.partition);
    return;
  }
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    const auto [first, end] = bounds(message.partition);
    return owner_.gone(message.partition, first, end);
  }
  const char* text = message.payload != nullptr ? static_cast<const char*>(message.payload) : "";
  if (message.err == RD_KAFKA_RESP_ERR__FATAL || message.err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED)
    throw core::unavailable(fmt::format("the consumer ended: {} {}", kafka().err2str(message.err), text));
  if (message.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
      message.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    throw core::unavailable(fmt::format("the broker refuses: {}", kafka().err2str(message.err)));
  core::log::info("kafka", {{"topic", input_.topic}, {"state", kafka().err2str(message.err)}});
}

void TopicConsumer::rebalance(rd_kafka_t* client, rd_kafka_resp_err_t error,
                              rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto& self = *static_cast<TopicConsumer*>(opaque);
  try {
    if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return self.assign(partitions);
    self.partitions_.clear();
    self.ended_.clear();
    self.asker_->ask({});
    self.owner_.revoked(kafka().assignment_lost(client) != 0);
  } catch (...) {
    if (!self.failure_) self.failure_ = std::current_exception();
  }
  kafka().assign(client, nullptr);
}

void TopicConsumer::assign(rd_kafka_topic_partition_list_t* partitions) {
  std::vector<std::int64_t> mine;
  mine.reserve(static_cast<std::size_t>(partitions->cnt));
  for (int i = 0; i < partitions->cnt; ++i) mine.push_back(partitions->elems[i].partition);
  const auto places = owner_.assigned(mine);
  for (std::size_t i = 0; i < places.size(); ++i) partitions->elems[i].offset = places[i].offset;
  partitions_ = mine;
  ended_.clear();
  require_ok(kafka().assign(client_.get(), partitions), "taking partitions");
  asker_->ask(mine);
}

std::vector<std::optional<std::int64_t>> TopicConsumer::committed(const std::vector<std::int64_t>& partitions) {
  return ask_committed(client_.get(), input_.topic, partitions);
}

std::vector<std::optional<std::int64_t>> TopicConsumer::committed_before(
    const std::vector<std::int64_t>& partitions) const {
  const ClientHandle asker = make_client(
      RD_KAFKA_CONSUMER,
      {{"bootstrap.servers", input_.brokers}, {"group.id", input_.group}, {"isolation.level", "read_uncommitted"}});
  return ask_committed(asker.get(), input_.topic, partitions);
}

TopicConsumer::Bounds TopicConsumer::bounds(std::int64_t partition) {
  Bounds out;
  require_ok(kafka().query_watermark_offsets(client_.get(), input_.topic.c_str(), static_cast<std::int32_t>(partition),
                                             &out.first, &out.end, kAnswerMs),
             "asking for a partition's bounds");
  return out;
}

void TopicConsumer::commit_later(std::span<const PartitionOffset> offsets) {
  PartitionList list(kafka().topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    kafka().topic_partition_list_add(list.get(), input_.topic.c_str(), static_cast<std::int32_t>(partition))->offset =
        offset;
  }
  kafka().commit(client_.get(), list.get(), 1);
}

GroupMetadata TopicConsumer::group() const { return GroupMetadata(kafka().consumer_group_metadata(client_.get())); }

std::optional<std::int64_t> TopicConsumer::find_end(std::int64_t partition) const {
  std::int64_t first = 0, end = 0;
  const auto error = kafka().get_watermark_offsets(client_.get(), input_.topic.c_str(),
                                                   static_cast<std::int32_t>(partition), &first, &end);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR && end >= 0 ? std::optional(end) : std::nullopt;
}

bool TopicConsumer::is_at_end() const { return !partitions_.empty() && ended_.size() == partitions_.size(); }

}  // namespace wakeful::streams
