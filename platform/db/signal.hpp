#pragma once
// One wake-up from one thread to another, on the waiter's stack. A POSIX semaphore, because it alone is cheap (an
// atomic addition when nobody sleeps yet), waits until a point of the steady clock, and may be destroyed by the waiter
// as soon as it woke, while post() is still returning.
#include <semaphore.h>
#include <time.h>

#include <atomic>
#include <cerrno>

#include "platform/core/deadline.hpp"

namespace wakeful::db {

class Signal {
 public:
  Signal() { ::sem_init(&semaphore_, 0, 0); }
  ~Signal() { ::sem_destroy(&semaphore_); }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void post() {
    posted_.store(true, std::memory_order_release);
    ::sem_post(&semaphore_);
  }
  void wait() {
    while (::sem_wait(&semaphore_) != 0 && errno == EINTR) {
    }
  }
  /// False if the deadline came first.
  bool wait(core::Deadline deadline) {
    if (deadline.is_never()) {
      wait();
      return true;
    }
    const auto since = deadline.at().time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    timespec until{};
    until.tv_sec = seconds.count();
    until.tv_nsec = std::chrono::nanoseconds(since - seconds).count();
    for (;;) {
      // The load orders memory where the thread sanitizer can see it: it does not know sem_clockwait.
      if (::sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until) == 0) return posted_.load(std::memory_order_acquire);
      if (errno != EINTR) return false;
    }
  }

 private:
  sem_t semaphore_;
  std::atomic<bool> posted_{false};
};

}  // namespace wakeful::db
