#include "runner/window.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "platform/core/error.hpp"

namespace wakeful::runner {

Buckets due_buckets(const WindowRequest& request) {
  if (request.last > request.now + kSkewTolerance) {
    throw core::invalid(fmt::format("watermark_in_future: the last evaluation, {}, is ahead of the clock, {}",
                                    core::format_rfc3339(request.last), core::format_rfc3339(request.now)));
  }
  return {.first = bucket_of(request.last, request.granularity) + request.granularity,
          .last = last_complete(request.until, request.granularity),
          .granularity = request.granularity};
}

Span span_of(const Buckets& buckets, std::int64_t lead) {
  constexpr core::Duration kTick{1};
  return {.after = buckets.first - lead * buckets.granularity - kTick,
          .until = buckets.last + buckets.granularity - kTick};
}

}  // namespace wakeful::runner
