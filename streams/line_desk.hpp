#pragma once
// The desk of an input without partitions, lane 0: taken, settled and open.
//
// Where alerts or dead letters go to topics, their transactions keep how far the lines were read as a topic's own
// reader does: as an offset, at partition 0 of the topic that is written to, in a group that nobody joins and whose
// name belongs to one state alone. Threads: one owner.
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "streams/definition.hpp"
#include "streams/desk.hpp"
#include "streams/keeper.hpp"
#include "streams/outlet.hpp"

namespace wakeful::streams {

class LineDesk {
 public:
  struct Terms {
    std::string state_id;  // nobody else's: a state that is begun anew has another one
    std::function<bool()> is_stopped;
    std::function<std::unique_ptr<Outlet>()> make_files;  // the outlet where nothing goes to a topic
  };
  /// All but `terms` outlive it. Takes the lane first, so that only its owner fences a producer. Errors: as
  /// Keeper::take, TopicOutlet and `make_files`; conflict, field "state", if the topics know of another state's batch,
  /// or a batch waits for topics that are no longer written to.
  LineDesk(const StreamDefinition& definition, Keeper& keeper, const Terms& terms);

  Desk& desk() { return desk_; }
  /// As it was opened.
  const LaneState& lane() const { return lane_; }
  /// Makes durable what was worked off; then nothing is left for the topics to say.
  void rest();

 private:
  void say_again();

  LaneState lane_;
  std::unique_ptr<Outlet> outlet_;
  Desk desk_;
  std::chrono::steady_clock::time_point said_{};
};

}  // namespace wakeful::streams
