#pragma once
// Where the records of a stream are worked off: lanes with their windows, the outlet, and the moves in batches.
//
// take() works a record; move_on() makes everything so far durable, in the order that the outlet and the keeper need
// (DESIGN.md, "Once"). After an error of move_on() the desk is of no more use: what counts stands in the keeper.
// Threads: one owner.
#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "platform/core/clock.hpp"
#include "streams/engine.hpp"
#include "streams/event.hpp"
#include "streams/keeper.hpp"
#include "streams/outlet.hpp"

namespace wakeful::streams {

class Desk {
 public:
  /// All outlive it.
  Desk(const StreamDefinition& definition, Keeper& keeper, Outlet& outlet);

  /// Begins a lane where it was left; one that is there already begins anew.
  void open(const LaneState& state);
  /// Forgets all lanes, and what was worked off since it moved on.
  void close_all();

  /// Works a line or a message; `next` is the offset behind it. One before the lane's next offset was worked already
  /// and is left out. The lane is open.
  void take_line(std::int64_t lane, std::string_view line, std::int64_t next, bool is_too_long);
  void take_message(std::int64_t lane, const Record& message, std::int64_t offset);
  /// Where a lane begins that nobody has read. To be moved on before anything is read: only then does the lane begin
  /// there again after a kill, and only then can the brokers' knowing nothing of a batch mean one thing alone.
  void begin_at(std::int64_t lane, std::int64_t next);
  /// The lane goes on at `next`: what lies before it is gone.
  void skip_to(std::int64_t lane, std::int64_t next);

  /// Where the input of a lane ends, as far as one knows.
  void see_end(std::int64_t lane, std::int64_t end);
  std::int64_t next(std::int64_t lane) const { return lanes_.at(lane).state.next; }

  /// Whether there is something to move on, and it is time: moving on takes at most about a tenth of the time.
  bool is_due() const;
  bool has_work() const { return records_ > 0; }
  /// Whether it must move on before the next record.
  bool is_full() const;
  /// Durable once it returns. Errors: as Keeper::move and Outlet::commit.
  void move_on();
  /// Closes what the outlet has decided on, so that nobody need ask it again. Errors: as Keeper::settle.
  void settle();
  /// Tells the outlet again how far the lanes are, which brokers forget after a week. Nothing was worked since it moved
  /// on. Errors: as Outlet::commit.
  void say_again();

 private:
  struct Lane {
    explicit Lane(const StreamDefinition& definition) : engine(definition) {}
    LaneState state;  // without its keys
    std::int64_t from = LaneState::kUnread;
    std::int64_t end = 0;
    Engine engine;
    std::vector<KeptAlert> alerts;
  };

  template <class Read>
  void work(Lane& lane, const Record& record, std::int64_t at, const Read& read);
  void apply(Lane& lane, const Event& event, const Record& record, std::int64_t at);
  void refuse(Lane& lane, std::string_view why, const Record& record, std::int64_t at);
  void count();
  std::vector<LaneMove> take_moves();

  const StreamDefinition& definition_;
  Keeper& keeper_;
  Outlet& outlet_;
  EventReader reader_;
  core::SystemClock clock_;
  std::int64_t most_ahead_ = 0;  // ms: the latest time that is believed
  std::map<std::int64_t, Lane> lanes_;
  std::int64_t records_ = 0;  // since it moved on
  std::size_t bytes_ = 0;     // of the moves by now: states of keys and alerts, about
  std::chrono::steady_clock::time_point began_{};
  std::chrono::steady_clock::duration pause_{};  // between two moves
};

}  // namespace wakeful::streams
