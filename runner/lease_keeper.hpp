#pragma once
// Keeps the leases of running jobs: one thread that says every third of a lease that its holder is alive.
//
// A lease counts as lost once the server says so, or once nobody answered for as long as it lasts; whoever works under
// it asks `is_lost` between two steps and stops. Nothing rests on that: what a loser commits is refused by its fence.
// Threads: any.
#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <thread>

#include "client/server.hpp"
#include "monitor/wire/protocol.hpp"
#include "platform/core/mutex.hpp"

namespace wakeful::runner {

class LeaseKeeper {
 public:
  explicit LeaseKeeper(client::Server server);
  /// All leases must have been let go.
  ~LeaseKeeper();

  class Lease {
   public:
    bool is_lost() const { return lost_; }

   private:
    friend class LeaseKeeper;
    monitor::Heartbeat beat_;
    std::chrono::steady_clock::time_point due_;
    std::chrono::steady_clock::time_point ends_;
    std::atomic<bool> lost_ = false;
  };

  /// Kept until it is let go; it began just now.
  std::shared_ptr<Lease> keep(const monitor::Holder& holder, core::Duration lease);
  void let_go(const std::shared_ptr<Lease>& lease);

 private:
  void run();
  void beat(Lease& lease) const;

  const client::Server server_;
  core::Mutex mutex_;
  core::Condition changed_;
  std::list<std::shared_ptr<Lease>> leases_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace wakeful::runner
