#pragma once
// The state of a stream detector in a server's store, through its API. Threads: one owner.
#include <string>
#include <vector>

#include "client/server.hpp"
#include "platform/core/clock.hpp"
#include "streams/keeper.hpp"

namespace wakeful::runner {

class RemoteKeeper final : public streams::Keeper {
 public:
  struct Place {
    std::string stream;
    std::string fingerprint;  // of the definition that is worked with: the server takes no other one's state
    std::string owner;        // stays the same when the process comes again
    bool is_assigned = true;  // a consumer group says whose lanes they are; else the lease does
    core::Duration lease{};   // of lanes that are not assigned
  };
  RemoteKeeper(client::Server server, Place place);

  std::vector<streams::LaneState> take(std::span<const std::int64_t> lanes) override;
  void move(std::span<const streams::LaneMove> moves, bool is_open) override;
  void settle(const streams::LaneState& lane, bool counts) override;
  bool keeps_alerts() const override { return true; }
  bool is_shared() const override { return true; }

  /// Keeps the lease of a lane that has nothing to move. Errors: as move.
  void hold(const streams::LaneState& lane);

 private:
  core::JsonDocument post(std::string_view verb, std::string body) const;

  client::Server server_;
  Place place_;
};

}  // namespace wakeful::runner
