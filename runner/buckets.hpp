#pragma once
// Buckets: the steps of a series. They start at the multiples of the granularity since 1970-01-01T00:00Z, hold what
// falls into [start, start + granularity), and are named by their start. Pure.
#include <cstdint>

#include "platform/core/clock.hpp"

namespace wakeful::runner {

/// Bucket starts, both inclusive; none if last < first.
struct Buckets {
  core::Timestamp first{};
  core::Timestamp last{};
  core::Duration granularity{};

  bool empty() const { return last < first; }
  std::int64_t count() const { return empty() ? 0 : (last - first) / granularity + 1; }
  core::Timestamp start(std::int64_t i) const { return first + i * granularity; }
  bool operator==(const Buckets&) const = default;
};

/// The start of the bucket that holds `t`, before 1970 too.
constexpr core::Timestamp bucket_of(core::Timestamp t, core::Duration granularity) {
  const std::int64_t us = core::to_us(t);
  const std::int64_t g = granularity.count();
  const std::int64_t below = us % g;
  return core::from_us(us - (below < 0 ? below + g : below));
}

/// The first bucket that starts at or after `t`.
constexpr core::Timestamp first_bucket_from(core::Timestamp t, core::Duration granularity) {
  const core::Timestamp start = bucket_of(t, granularity);
  return start == t ? start : start + granularity;
}

/// The last bucket that has ended at `t`: only complete buckets are ever looked at.
constexpr core::Timestamp last_complete(core::Timestamp t, core::Duration granularity) {
  return bucket_of(t, granularity) - granularity;
}

}  // namespace wakeful::runner
