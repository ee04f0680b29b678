#include "serving/activity.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "detectors/robust.hpp"

namespace wakeful::serving {
namespace {

std::int64_t second_of(core::Timestamp now) {
  return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
}

}  // namespace

void Activity::count(core::Timestamp now, std::chrono::nanoseconds took) {
  const std::uint64_t i = answers_.fetch_add(1, std::memory_order_relaxed);
  samples_ms_[i % kSamples].store(std::chrono::duration<float, std::milli>(took).count(), std::memory_order_relaxed);
  const std::int64_t second = second_of(now);
  Second& slot = seconds_[static_cast<std::size_t>(second) % kSeconds];
  // The first of a second takes its slot over; an answer that is counted at that very moment may be lost from it.
  if (slot.second.exchange(second, std::memory_order_acq_rel) != second) slot.count.store(0, std::memory_order_relaxed);
  slot.count.fetch_add(1, std::memory_order_relaxed);
}

Activity::Latency Activity::latency() const {
  const std::size_t known = std::min<std::uint64_t>(answers_.load(std::memory_order_relaxed), kSamples);
  std::vector<double> samples(known);
  for (std::size_t i = 0; i < known; ++i) samples[i] = samples_ms_[i].load(std::memory_order_relaxed);
  if (samples.empty()) return {};
  const double sum = std::accumulate(samples.begin(), samples.end(), 0.0);
  return {.average_ms = sum / static_cast<double>(known), .p95_ms = detectors::quantile(std::move(samples), 0.95)};
}

std::uint64_t Activity::last_minute(core::Timestamp now) const {
  const std::int64_t end = second_of(now);
  std::uint64_t count = 0;
  for (const Second& slot : seconds_) {
    const std::int64_t second = slot.second.load(std::memory_order_acquire);
    if (second > end - 60 && second <= end) count += slot.count.load(std::memory_order_relaxed);
  }
  return count;
}

}  // namespace wakeful::serving
