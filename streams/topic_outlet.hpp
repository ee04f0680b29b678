#pragma once
// Alerts and dead letters in topics, each batch in one transaction with the offsets that it was read up to: the
// broker has the last word on what counts.
//
// An alert: key = the event's, value = the body (engine.hpp), timestamp = the window's start. A dead letter: key and
// value as they came, headers `reason`, `topic`, `partition`, `offset`. Threads: one calls.
#include <functional>
#include <string>
#include <unordered_map>

#include "streams/kafka_client.hpp"
#include "streams/outlet.hpp"
#include "streams/topic_consumer.hpp"

namespace wakeful::streams {

class TopicOutlet final : public Outlet {
 public:
  /// Fences whoever has the same instance, and ends what it left open. `is_stopped` ends every wait.
  /// Errors: as make_client; unavailable.
  TopicOutlet(const StreamDefinition& definition, const std::string& instance, std::function<bool()> is_stopped);
  ~TopicOutlet() override;

  /// The offsets are those of this member. Before the first commit.
  void set_consumer(const TopicConsumer& consumer) { consumer_ = &consumer; }

  /// Waits while the brokers take nothing. Errors: unavailable.
  void alert(const Alert& alert) override;
  void bury(const DeadLetter& letter) override;
  bool decides() const override { return true; }
  void prepare(Counts&) override {}
  /// Errors: unavailable; whether the batch counts is then to be asked of the group's offsets.
  void commit(std::span<const LaneMove> moves) override;

 private:
  void begin();
  void produce(std::span<rd_kafka_vu_t> message);
  template <class Call>
  void insist(const char* doing, const Call& call);

  const StreamDefinition& definition_;
  const KafkaInput& input_;
  std::function<bool()> is_stopped_;
  ClientHandle client_;
  const TopicConsumer* consumer_ = nullptr;
  const TopicOutput* alerts_;
  const TopicOutput* dead_;
  bool is_begun_ = false;
};

}  // namespace wakeful::streams
