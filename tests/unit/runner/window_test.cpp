#include "runner/window.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::runner {
namespace {

using core::parse_rfc3339;
using namespace std::chrono_literals;

core::Timestamp at(std::string_view clock) { return parse_rfc3339("2026-03-01T" + std::string(clock) + "Z"); }

Buckets due(std::string_view last, core::Timestamp until) {
  return due_buckets({.last = at(last), .until = until, .now = at("10:30:00"), .granularity = 60s});
}

TEST(Buckets, StartAtTheMultiplesOfTheGranularityOnBothSidesOf1970) {
  EXPECT_EQ(bucket_of(core::from_us(0), 60s), core::from_us(0));
  EXPECT_EQ(bucket_of(core::from_us(59'999'999), 60s), core::from_us(0));
  EXPECT_EQ(bucket_of(core::from_us(-1), 60s), core::from_us(-60'000'000));
  EXPECT_EQ(bucket_of(core::from_us(-60'000'000), 60s), core::from_us(-60'000'000));
  EXPECT_EQ(bucket_of(at("10:10:30"), 60s), at("10:10:00"));
  // 1970-01-01 was a Thursday: weekly buckets start on Thursdays.
  EXPECT_EQ(bucket_of(parse_rfc3339("2026-03-04T23:00:00Z"), 24h * 7), parse_rfc3339("2026-02-26T00:00:00Z"));
}

TEST(Buckets, AreCompleteOnceTheyHaveEnded) {
  EXPECT_EQ(last_complete(at("10:08:30"), 60s), at("10:07:00"));
  EXPECT_EQ(last_complete(at("10:08:00"), 60s), at("10:07:00"));
  EXPECT_EQ(last_complete(at("10:07:59"), 60s), at("10:06:00"));
  EXPECT_EQ(first_bucket_from(at("10:07:00"), 60s), at("10:07:00"));
  EXPECT_EQ(first_bucket_from(at("10:07:01"), 60s), at("10:08:00"));
}

// monitoring.md §6.4: granularity 60 s, end 120 s, last 10:05.
TEST(Window, HoldsTheCompleteBucketsAfterTheLastEvaluation) {
  const Buckets first = due("10:05:00", at("10:10:30") - 120s);
  EXPECT_EQ(first.first, at("10:06:00"));
  EXPECT_EQ(first.last, at("10:07:00"));
  EXPECT_EQ(first.count(), 2);
  const Buckets next = due("10:07:00", at("10:12:00") - 120s);
  EXPECT_EQ(next.first, at("10:08:00"));
  EXPECT_EQ(next.last, at("10:09:00"));
}

TEST(Window, IsEmptyWhenNothingIsDue) {
  EXPECT_TRUE(due("10:07:00", at("10:08:59")).empty());
  EXPECT_TRUE(due("10:07:00", at("09:00:00")).empty());
  EXPECT_EQ(due("10:07:00", at("09:00:00")).count(), 0);
}

TEST(Window, RefusesAMarkAheadOfTheClockButToleratesALittleSkew) {
  try {
    due("10:35:01", at("10:30:00"));
    FAIL() << "a mark in the future was accepted";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    EXPECT_NE(std::string(e.what()).find("watermark_in_future"), std::string::npos);
  }
  EXPECT_TRUE(due("10:35:00", at("10:30:00")).empty());
}

TEST(Window, PullsExactlyTheObservationsOfItsBuckets) {
  const Buckets buckets{.first = at("10:06:00"), .last = at("10:07:00"), .granularity = 60s};
  const Span span = span_of(buckets, 0);
  EXPECT_EQ(span.after, at("10:06:00") - 1us);
  EXPECT_EQ(span.until, at("10:08:00") - 1us);
  EXPECT_EQ(span_of(buckets, 3).after, at("10:03:00") - 1us);
}

}  // namespace
}  // namespace wakeful::runner
