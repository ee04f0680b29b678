#include "runner/lease_keeper.hpp"

#include <algorithm>

#include "client/watch.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"

namespace wakeful::runner {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

LeaseKeeper::LeaseKeeper(client::Server server) : server_(std::move(server)), thread_([this] { run(); }) {}

LeaseKeeper::~LeaseKeeper() {
  {
    core::Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::shared_ptr<LeaseKeeper::Lease> LeaseKeeper::keep(const monitor::Holder& holder, core::Duration lease) {
  const Clock::time_point now = Clock::now();
  auto kept = std::make_shared<Lease>();
  kept->beat_ = {.holder = holder, .lease = lease};
  kept->due_ = now + lease / 3;
  kept->ends_ = now + lease;
  {
    core::Lock lock(mutex_);
    leases_.push_back(kept);
  }
  changed_.notify_all();
  return kept;
}

void LeaseKeeper::let_go(const std::shared_ptr<Lease>& lease) {
  core::Lock lock(mutex_);
  leases_.remove(lease);
}

void LeaseKeeper::run() {
  while (true) {
    std::shared_ptr<Lease> next;
    {
      core::Lock lock(mutex_);
      if (stopping_) return;
      const auto earlier = [](const auto& l, const auto& r) { return l->due_ < r->due_; };
      const auto first = std::min_element(leases_.begin(), leases_.end(), earlier);
      if (first == leases_.end()) {
        changed_.wait(mutex_);
        continue;
      }
      if ((*first)->due_ > Clock::now()) {
        const auto due = (*first)->due_;
        changed_.wait_until(mutex_, due);
        continue;
      }
      next = *first;
    }
    beat(*next);
    core::Lock lock(mutex_);
    if (next->lost_) leases_.remove(next);
  }
}

void LeaseKeeper::beat(Lease& lease) const {
  const Clock::time_point asked = Clock::now();
  const auto third = std::chrono::ceil<std::chrono::milliseconds>(lease.beat_.lease / 3);
  lease.due_ = asked + third;
  try {
    client::heartbeat(server_.with_timeout(third), lease.beat_);
    lease.ends_ = asked + lease.beat_.lease;
  } catch (const core::Error& e) {
    const bool refused = e.code() == core::ErrorCode::conflict || e.code() == core::ErrorCode::not_found;
    if (!refused && Clock::now() < lease.ends_) {
      core::log::warn("heartbeat_unanswered", {{"job", lease.beat_.holder.job_id}, {"message", e.what()}});
      lease.due_ = Clock::now() + third / 3;
      return;
    }
    core::log::warn("lease_lost",
                    {{"job", lease.beat_.holder.job_id}, {"fence", lease.beat_.holder.fence}, {"message", e.what()}});
    lease.lost_ = true;
  }
}

}  // namespace wakeful::runner
