// The keeper against a transport that counts and answers as it is told.
#include "runner/lease_keeper.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "platform/core/error.hpp"

namespace wakeful::runner {
namespace {

using namespace std::chrono_literals;

class LeaseKeeperTest : public ::testing::Test {
 protected:
  /// Waits until so many heartbeats were asked for.
  bool wait_for_beats(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return beats_ >= count; });
  }
  int beats() {
    std::lock_guard lock(mutex_);
    return beats_;
  }
  bool wait_until_lost(const LeaseKeeper::Lease& lease) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!lease.is_lost() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return lease.is_lost();
  }

  std::atomic<int> status_ = 200;
  client::Server server_{[this](http::Request) {
    {
      std::lock_guard lock(mutex_);
      ++beats_;
    }
    changed_.notify_all();
    if (status_ == 0) throw core::unavailable("no answer");
    return http::Response::json(status_ == 200 ? "{}" : R"({"error_code":"LEASE_LOST","message":"gone"})", status_);
  }};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int beats_ = 0;
};

TEST_F(LeaseKeeperTest, BeatsUntilItIsLetGo) {
  LeaseKeeper keeper(server_);
  const auto lease = keeper.keep({"job", 1}, 30ms);
  EXPECT_TRUE(wait_for_beats(3));
  EXPECT_FALSE(lease->is_lost());
  keeper.let_go(lease);
}

TEST_F(LeaseKeeperTest, TakesTheServersWordForALoss) {
  LeaseKeeper keeper(server_);
  status_ = 409;
  const auto lease = keeper.keep({"job", 1}, 30ms);
  EXPECT_TRUE(wait_until_lost(*lease));
  keeper.let_go(lease);
}

TEST_F(LeaseKeeperTest, OutlivesAShortSilenceButNotALongOne) {
  LeaseKeeper keeper(server_);
  status_ = 0;
  const auto patient = keeper.keep({"job", 1}, 10min);
  const auto lease = keeper.keep({"job", 2}, 60ms);
  EXPECT_TRUE(wait_until_lost(*lease));
  EXPECT_GE(beats(), 2) << "it was asked again before it was given up";
  EXPECT_FALSE(patient->is_lost());
  keeper.let_go(lease);
  keeper.let_go(patient);
}

TEST_F(LeaseKeeperTest, EndsAtOnceWhileLeasesAreFarFromDue) {
  LeaseKeeper keeper(server_);
  keeper.let_go(keeper.keep({"job", 1}, 10min));
  EXPECT_EQ(beats(), 0);
}

}  // namespace
}  // namespace wakeful::runner
