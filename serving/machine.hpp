#pragma once
// How busy the machine is, as Linux tells it under /proc. Threads: any.
#include <array>
#include <cstdint>

#include "platform/core/mutex.hpp"

namespace wakeful::serving {

struct MachineLoad {
  double cpu_percent = 0;     // of all processors, since the load was asked for before
  double memory_percent = 0;  // in use, caches not counted
  std::array<double, 3> load_average{};
};

class Machine {
 public:
  Machine();
  /// What cannot be read is 0.
  MachineLoad load() EXCLUDES(mutex_);

 private:
  struct Ticks {
    std::uint64_t busy = 0;
    std::uint64_t all = 0;
  };
  static Ticks read_ticks();

  core::Mutex mutex_;
  Ticks before_ GUARDED_BY(mutex_);
};

}  // namespace wakeful::serving
