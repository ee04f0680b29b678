#pragma once
// Wakes requests that wait inside this process for something to happen to jobs. What happens in another process rings
// no bell here, so whoever waits also looks now and then. Threads: any.
#include <cstdint>

#include "platform/core/deadline.hpp"
#include "platform/core/mutex.hpp"

namespace wakeful::control {

class Bell {
 public:
  void ring();
  /// How often it has rung: taken before looking, so that what happens between looking and waiting is not missed.
  std::uint64_t rung() const;
  /// Until it has rung more than `heard` times, or `until`.
  void wait(std::uint64_t heard, core::Deadline until);

 private:
  mutable core::Mutex mutex_;
  core::Condition changed_;
  std::uint64_t rung_ GUARDED_BY(mutex_) = 0;
};

}  // namespace wakeful::control
