#include "streams/topic_watch.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "streams/desk.hpp"
#include "streams/last_batch.hpp"
#include "streams/sessions.hpp"
#include "streams/topic_consumer.hpp"
#include "streams/topic_outlet.hpp"

namespace wakeful::streams {
namespace {

using Steady = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::milliseconds(50);
// No transaction of a stream lives longer than a minute, and brokers look for those that do every ten seconds. What a
// group waits for after that was left behind by a broker that died, and never ends.
constexpr auto kLongestTransaction = std::chrono::seconds(90);

/// Since when the group has been waiting for transactions, though its broker answers; over sessions.
using WaitingSince = std::optional<Steady::time_point>;

class Session final : public TopicConsumer::Owner {
 public:
  Session(const StreamDefinition& definition, Keeper& keeper, const TopicWatchOptions& options, WaitingSince& waiting)
      : definition_(definition), keeper_(keeper), options_(options), waiting_(waiting) {
    if (writes_to_topic(definition)) {
      const OffsetPlace place{.brokers = input().brokers,
                              .topic = input().topic,
                              .transactional_id = input().group + "." + options.instance,
                              .group = [this] { return consumer_->group(); }};
      outlet_ = std::make_unique<TopicOutlet>(definition, place, options.is_stopped);
    } else {
      outlet_ = options.make_files();
    }
    desk_.emplace(definition, keeper, *outlet_);
    consumer_.emplace(std::get<KafkaInput>(definition.input), options.instance, *this);
  }

  void run() {
    while (!options_.is_stopped()) {
      const bool is_idle = !consumer_->read(kPatience) && !desk_->has_work();
      if (is_idle) desk_->settle();
      if (desk_->is_due()) move_on();
      if (options_.until_end && consumer_->is_at_end()) break;
    }
    leave();
  }

 private:
  std::vector<PartitionOffset> assigned(const std::vector<std::int64_t>& partitions) override {
    // The group first: what is under way there has ended when it answers, and nobody moves a lane that is taken after.
    const auto committed = committed_of(partitions);
    const auto lanes = keeper_.take(partitions);
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      desk_->open(settled(lanes[i], committed[i]));
      open_.push_back(lanes[i].lane);
    }
    begin();
    std::vector<PartitionOffset> out;
    for (const LaneState& lane : lanes) out.push_back({lane.lane, desk_->next(lane.lane)});
    core::log::info("stream_lanes", {{"stream", definition_.name}, {"lanes", static_cast<int>(lanes.size())}});
    return out;
  }

  std::vector<std::optional<std::int64_t>> committed_of(const std::vector<std::int64_t>& partitions) {
    try {
      auto out = consumer_->committed(partitions);
      waiting_.reset();
      return out;
    } catch (const core::Error&) {
      const WaitingSince since = std::exchange(waiting_, std::nullopt);
      auto out = consumer_->committed_before(partitions);  // or nobody answers
      waiting_ = since.value_or(Steady::now());
      if (Steady::now() - *waiting_ < kLongestTransaction) throw;
      core::log::warn("stream_transaction_left", {{"stream", definition_.name}, {"group", input().group}});
      return out;
    }
  }

  /// All lanes stand at an offset, here and for the brokers, before anything is read.
  void begin() {
    bool is_known = false;  // some lane: what is begun here tells the brokers itself
    for (const std::int64_t lane : open_) {
      if (desk_->next(lane) != LaneState::kUnread) {
        is_known = true;
        continue;
      }
      const auto [first, end] = consumer_->bounds(lane);
      desk_->begin_at(lane, input().is_from_end ? end : first);
    }
    if (desk_->has_work()) move_on();
    if (is_known && outlet_->decides()) desk_->say_again();
  }

  void revoked(bool is_lost) override {
    if (!is_lost) leave();
    desk_->close_all();
    open_.clear();
    // What was produced of a batch that no longer counts must not be committed with what is read again.
    if (is_lost) throw core::unavailable("the partitions went to another before their batch was done");
  }

  void message(std::int64_t partition, std::int64_t offset, const Record& record) override {
    desk_->take_message(partition, record, offset);
    if (desk_->is_full()) move_on();
  }

  void gone(std::int64_t partition, std::int64_t first, std::int64_t end) override {
    const std::int64_t next = desk_->next(partition);
    if (next > end)
      throw core::conflict(fmt::format("partition {} of '{}' ends at {}, and {} of it were read: it is another topic",
                                       partition, input().topic, end, next),
                           "state");
    core::log::warn("stream_lost",
                    {{"stream", definition_.name}, {"partition", partition}, {"from", next}, {"until", first}});
    desk_->skip_to(partition, first);
    move_on();
    throw core::unavailable("events were gone before they were read; going on behind them");
  }

  /// What a lane's state is once its last batch counts or does not.
  LaneState settled(const LaneState& lane, std::optional<std::int64_t> committed) {
    const std::int64_t group = committed.value_or(LaneState::kUnread);
    if (!outlet_->decides() && !lane.is_open) {
      if (!keeper_.is_shared() && lane.next == LaneState::kUnread && committed) refuse(lane, group);
      return lane;
    }
    const auto settled = settle_last_batch(keeper_, lane, committed);
    if (!settled) refuse(lane, group);
    return *settled;
  }

  [[noreturn]] void refuse(const LaneState& lane, std::int64_t group) const {
    throw core::conflict(
        fmt::format(
            "group '{}' has read partition {} of '{}' up to {}, and the state knows of {}: another program reads "
            "in this group, or the state is not the one that it was read with; take another group to begin anew",
            input().group, lane.lane, input().topic, group, std::max<std::int64_t>(lane.next, 0)),
        "state");
  }

  const KafkaInput& input() const { return std::get<KafkaInput>(definition_.input); }

  void move_on() {
    std::vector<PartitionOffset> ends;
    for (const std::int64_t lane : open_) {
      if (const auto end = consumer_->find_end(lane)) desk_->see_end(lane, *end);
    }
    desk_->move_on();
    if (outlet_->decides()) return;
    for (const std::int64_t lane : open_) {
      if (desk_->next(lane) >= 0) ends.push_back({lane, desk_->next(lane)});
    }
    if (!ends.empty()) consumer_->commit_later(ends);
  }

  void leave() {
    if (desk_->has_work()) move_on();
    desk_->settle();
  }

  const StreamDefinition& definition_;
  Keeper& keeper_;
  const TopicWatchOptions& options_;
  WaitingSince& waiting_;
  std::unique_ptr<Outlet> outlet_;
  std::optional<Desk> desk_;
  std::vector<std::int64_t> open_;
  std::optional<TopicConsumer> consumer_;  // ends first: it calls the others
};

}  // namespace

void watch_topic(const StreamDefinition& definition, Keeper& keeper, const TopicWatchOptions& options) {
  WaitingSince waiting;
  run_sessions(definition.name, options.is_stopped, options.on_failure,
               [&] { Session(definition, keeper, options, waiting).run(); });
}

}  // namespace wakeful::streams
