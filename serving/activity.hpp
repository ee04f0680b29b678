#pragma once
// What a service has done of late: how long its answers took, and how many there were in the last minute.
//
// Counting is a few atomic stores, so that it costs an answer nothing; readers see a sample that may be torn between
// two answers, never a wrong one. Threads: any.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "platform/core/clock.hpp"

namespace wakeful::serving {

class Activity {
 public:
  static constexpr std::size_t kSamples = 6'000;

  void count(core::Timestamp now, std::chrono::nanoseconds took);

  struct Latency {
    double average_ms = 0;
    double p95_ms = 0;
  };
  /// Of the last kSamples answers.
  Latency latency() const;
  /// Answers of the sixty seconds that end with `now`'s.
  std::uint64_t last_minute(core::Timestamp now) const;

 private:
  static constexpr std::size_t kSeconds = 64;
  struct Second {
    std::atomic<std::int64_t> second{-1};
    std::atomic<std::uint64_t> count{0};
  };

  std::array<std::atomic<float>, kSamples> samples_ms_{};
  std::atomic<std::uint64_t> answers_{0};
  std::array<Second, kSeconds> seconds_{};
};

}  // namespace wakeful::serving
