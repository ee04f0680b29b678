#pragma once
// Runs the stream detectors that are applied to a server: a thread for each, as long as it is applied.
//
// Every runner runs every stream: those of a topic share its partitions through their consumer group, those of an input
// that is pushed are run by whoever holds the lease. A stream that fails is tried again after a while, and the server
// is told why, so that a page can show it; so it is of streams beyond the 64 for which there is room. Threads: start
// and stop by one owner.
#include <memory>
#include <string>

#include "client/server.hpp"

namespace wakeful::runner {

class StreamCrew {
 public:
  /// `instance` is nobody else's and the same after a restart (see instance.hpp). Nothing happens before start().
  StreamCrew(client::Server server, std::string instance);
  ~StreamCrew();

  void start();
  /// Ends every stream where it stands. Idempotent.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wakeful::runner
