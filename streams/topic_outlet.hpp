#pragma once
// Alerts and dead letters in topics, each batch in one transaction with the offsets that it was read up to: the
// broker has the last word on what counts.
//
// An alert: key = the event's, value = the body (engine.hpp), timestamp = the window's start. A dead letter: key and
// value as they came, headers `reason`, `offset`, and `topic` and `partition`, or `input` ("push:NAME", "file:PATH")
// where it came from no topic. A key or a value that is too long for a message is cut, and `key_bytes` or `value_bytes`
// tells how long it was; a time that brokers refuse stands in a header `timestamp`. Threads: one calls.
#include <functional>
#include <string>

#include "streams/kafka_client.hpp"
#include "streams/outlet.hpp"
#include "streams/topic_offsets.hpp"

namespace wakeful::streams {

class TopicOutlet final : public Outlet {
 public:
  /// Fences whoever has the same transactional id, and ends what it left open. `is_stopped` ends every wait.
  /// Errors: as make_client; unavailable.
  TopicOutlet(const StreamDefinition& definition, OffsetPlace place, std::function<bool()> is_stopped);
  ~TopicOutlet() override;

  /// Waits while the brokers take nothing. Errors: unavailable.
  void alert(const Alert& alert) override;
  void bury(const DeadLetter& letter) override;
  bool decides() const override { return true; }
  Lengths prepare() override { return {}; }
  /// Errors: unavailable; whether the batch counts is then to be asked of the group's offsets.
  void commit(std::span<const LaneMove> moves) override;

 private:
  void begin();
  void produce(std::span<rd_kafka_vu_t> message);
  template <class Call>
  void insist(const char* doing, const Call& call);

  const StreamDefinition& definition_;
  const OffsetPlace place_;
  std::function<bool()> is_stopped_;
  ClientHandle client_;
  const TopicOutput* alerts_;
  const TopicOutput* dead_;
  bool is_begun_ = false;
};

}  // namespace wakeful::streams
