#pragma once
// Which buckets an evaluation looks at, and which span of its source it pulls for them. Pure: no clock of its own.
//
// Buckets are those after the last evaluated one that are complete at `until`; the span to pull reaches further back by
// what the fill rule needs. Never unbounded: at most kMaxBuckets at once, the caller goes on from there.
// Source: monitoring.md §6.1.
#include <optional>

#include "runner/buckets.hpp"

namespace wakeful::runner {

inline constexpr std::int64_t kMaxBuckets = 1'000;
/// A last evaluation further in the future than this is a broken mark, not a clock that is a little off.
inline constexpr core::Duration kSkewTolerance = std::chrono::minutes(5);

/// The half-open span (after, until] of observation times.
struct Span {
  core::Timestamp after{};
  core::Timestamp until{};
  bool operator==(const Span&) const = default;
};

struct WindowRequest {
  core::Timestamp last{};   // start of the last evaluated bucket
  core::Timestamp until{};  // buckets end at or before it
  core::Timestamp now{};    // the server's clock
  core::Duration granularity{};
};

/// All buckets that are due; empty if none is.
/// Errors: invalid "watermark_in_future: …" if `last` is ahead of the clock.
Buckets due_buckets(const WindowRequest& request);

/// What to pull for these buckets, and `lead` buckets before them.
Span span_of(const Buckets& buckets, std::int64_t lead);

}  // namespace wakeful::runner
