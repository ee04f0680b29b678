#include "streams/topic_outlet.hpp"

#include <array>
#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"

namespace wakeful::streams {
namespace {

constexpr int kSliceMs = 500;  // of a wait, between two looks at is_stopped
// Then the session ends, and the next producer ends what this one left open: librdkafka 2.0 has been seen to wait for
// ever for the end of a transaction whose coordinator had been killed.
constexpr auto kLongestWait = std::chrono::seconds(15);
// Of a dead letter, which must fit whatever came: brokers take 1 MB of a message, and no time that lies more than an
// hour ahead, unless they are told otherwise.
constexpr std::size_t kLongestValue = 900'000;
constexpr std::int64_t kMostAheadMs = 50 * 60 * 1'000;

rd_kafka_vu_t topic_part(const std::string& topic) {
  rd_kafka_vu_t part{};
  part.vtype = RD_KAFKA_VTYPE_TOPIC;
  part.u.cstr = topic.c_str();
  return part;
}

rd_kafka_vu_t bytes_part(rd_kafka_vtype_t type, std::string_view bytes) {
  rd_kafka_vu_t part{};
  part.vtype = type;
  part.u.mem.ptr = const_cast<char*>(bytes.data());  // copied, not written to
  part.u.mem.size = bytes.size();
  return part;
}

rd_kafka_vu_t time_part(std::int64_t ms) {
  rd_kafka_vu_t part{};
  part.vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  part.u.i64 = ms == 0 ? 1 : ms;  // librdkafka takes 0 for "now": a millisecond off is better than half a century
  return part;
}

rd_kafka_vu_t copy_part() {
  rd_kafka_vu_t part{};
  part.vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  part.u.i = RD_KAFKA_MSG_F_COPY;
  return part;
}

rd_kafka_vu_t header_part(const char* name, std::string_view text) {
  rd_kafka_vu_t part{};
  part.vtype = RD_KAFKA_VTYPE_HEADER;
  part.u.header.name = name;
  part.u.header.val = text.data();
  part.u.header.size = static_cast<ssize_t>(text.size());
  return part;
}

}  // namespace

TopicOutlet::TopicOutlet(const StreamDefinition& definition, OffsetPlace place, std::function<bool()> is_stopped)
    : definition_(definition),
      place_(std::move(place)),
      is_stopped_(std::move(is_stopped)),
      alerts_(std::get_if<TopicOutput>(&definition.output)),
      dead_(std::get_if<TopicOutput>(&definition.dead_letters)) {
  client_ = make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", place_.brokers},
                                            {"transactional.id", place_.transactional_id},
                                            {"transaction.timeout.ms", "60000"},
                                            {"socket.timeout.ms", "5000"},  // 2.0 waits for it whatever is asked
                                            {"compression.type", "lz4"},
                                            {"linger.ms", "20"},
                                            {"partitioner", "murmur2_random"},  // a key's partition as Java finds it
                                            {"queue.buffering.max.messages", "100000"},
                                            {"queue.buffering.max.kbytes", "32768"}});
  insist("registering the producer", [&] { return kafka().init_transactions(client_.get(), kSliceMs); });
}

TopicOutlet::~TopicOutlet() {
  kafka().purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

/// Repeats a call for as long as that is said to help, within reason.
template <class Call>
void TopicOutlet::insist(const char* doing, const Call& call) {
  const auto end = std::chrono::steady_clock::now() + kLongestWait;
  while (true) {
    rd_kafka_error_t* error = call();
    if (error == nullptr) return;
    const bool is_worth_it = kafka().error_is_retriable(error) != 0 && std::chrono::steady_clock::now() < end;
    const std::string why = kafka().error_string(error);
    kafka().error_destroy(error);
    kafka().poll(client_.get(), 0);  // lets it say what is wrong with the brokers
    if (!is_worth_it) throw core::unavailable(fmt::format("{}: {}", doing, why));
    if (is_stopped_()) throw core::unavailable(fmt::format("{}: stopped ({})", doing, why));
  }
}

void TopicOutlet::begin() {
  if (is_begun_) return;
  insist("beginning a transaction", [&] { return kafka().begin_transaction(client_.get()); });
  is_begun_ = true;
}

void TopicOutlet::produce(std::span<rd_kafka_vu_t> message) {
  begin();
  while (true) {
    rd_kafka_error_t* error = kafka().produceva(client_.get(), message.data(), message.size());
    if (error == nullptr) return;
    const auto code = kafka().error_code(error);
    const std::string why = kafka().error_string(error);
    kafka().error_destroy(error);
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) throw core::unavailable(fmt::format("producing: {}", why));
    if (is_stopped_()) throw core::unavailable("producing: stopped while the brokers took nothing");
    kafka().poll(client_.get(), 100);
  }
}

void TopicOutlet::alert(const Alert& alert) {
  if (alerts_ == nullptr) return;
  const std::string body = body_of(definition_, alert);
  std::array parts = {topic_part(alerts_->topic), bytes_part(RD_KAFKA_VTYPE_KEY, alert.key),
                      bytes_part(RD_KAFKA_VTYPE_VALUE, body), time_part(alert.window.start), copy_part()};
  produce(parts);
}

void TopicOutlet::bury(const DeadLetter& letter) {
  if (dead_ == nullptr) return;
  const std::string partition = std::to_string(letter.lane), offset = std::to_string(letter.offset);
  const std::string input = describe_input(definition_);
  std::vector<rd_kafka_vu_t> parts = {topic_part(dead_->topic),
                                      bytes_part(RD_KAFKA_VTYPE_VALUE, letter.record.value.substr(0, kLongestValue)),
                                      copy_part(), header_part("reason", letter.reason), header_part("offset", offset)};
  if (const auto* from = std::get_if<KafkaInput>(&definition_.input)) {
    parts.push_back(header_part("topic", from->topic));
    parts.push_back(header_part("partition", partition));
  } else {
    parts.push_back(header_part("input", input));
  }
  const std::string ts = std::to_string(letter.record.ts_ms);
  if (letter.record.ts_ms > core::to_ms(core::SystemClock().now()) + kMostAheadMs)
    parts.push_back(header_part("timestamp", ts));
  else if (letter.record.ts_ms >= 0)
    parts.push_back(time_part(letter.record.ts_ms));
  const std::string_view key = letter.record.key.value_or(std::string_view());
  if (letter.record.key) parts.push_back(bytes_part(RD_KAFKA_VTYPE_KEY, key.substr(0, kLongestKey)));
  const std::string size = std::to_string(letter.record.value.size());
  if (letter.record.value.size() > kLongestValue) parts.push_back(header_part("value_bytes", size));
  const std::string key_size = std::to_string(key.size());
  if (key.size() > kLongestKey) parts.push_back(header_part("key_bytes", key_size));
  produce(parts);
}

void TopicOutlet::commit(std::span<const LaneMove> moves) {
  begin();
  PartitionList offsets(kafka().topic_partition_list_new(static_cast<int>(moves.size())));
  for (const LaneMove& move : moves) {
    kafka()
        .topic_partition_list_add(offsets.get(), place_.topic.c_str(), static_cast<std::int32_t>(move.lane))
        ->offset = move.next;
  }
  const GroupMetadata group = place_.group();
  insist("sending the offsets",
         [&] { return kafka().send_offsets_to_transaction(client_.get(), offsets.get(), group.get(), kSliceMs); });
  insist("committing", [&] { return kafka().commit_transaction(client_.get(), kSliceMs); });
  is_begun_ = false;
}

}  // namespace wakeful::streams
