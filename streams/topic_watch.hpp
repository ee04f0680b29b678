#pragma once
// Runs a stream detector over a topic.
//
// Works in sessions: whatever goes wrong with a broker, a group or the keeper ends the session, and the next one finds
// its place again as a process does that was killed: from what the keeper kept and what the group committed. There is
// no other way back (DESIGN.md). Threads: one calls.
#include <functional>
#include <memory>
#include <string>

#include "streams/definition.hpp"
#include "streams/keeper.hpp"
#include "streams/outlet.hpp"

namespace wakeful::streams {

struct TopicWatchOptions {
  std::string instance;    // a place in the group that is nobody else's, and the same after a restart
  bool until_end = false;  // return at the end of all partitions
  std::function<bool()> is_stopped;
  std::function<std::unique_ptr<Outlet>()> make_files;  // the outlet where nothing goes to a topic
  std::function<void(const std::string& why)> on_failure = [](const std::string&) {};  // of a session
};

/// Returns once `is_stopped` says so, or at the end. Errors: invalid; not_found; conflict, field "state", if the group
/// has read further than the keeper knows, or the topic is another one; nothing else: it is tried again for as long as
/// it takes.
void watch_topic(const StreamDefinition& definition, Keeper& keeper, const TopicWatchOptions& options);

}  // namespace wakeful::streams
