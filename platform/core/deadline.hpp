#pragma once
// When to stop waiting. A Deadline is a point on the steady clock, passed down by value: whoever waits asks it.
#include <chrono>

namespace wakeful::core {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  static Deadline never() { return Deadline{Clock::time_point::max()}; }
  static Deadline after(std::chrono::milliseconds wait) { return Deadline{Clock::now() + wait}; }

  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at() const { return at_; }
  bool is_never() const { return at_ == Clock::time_point::max(); }
  bool expired() const { return !is_never() && Clock::now() >= at_; }
  /// Never negative; milliseconds::max() for never().
  std::chrono::milliseconds remaining() const {
    if (is_never()) return std::chrono::milliseconds::max();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now());
    return left.count() > 0 ? left : std::chrono::milliseconds{0};
  }

 private:
  Clock::time_point at_;
};

}  // namespace wakeful::core
