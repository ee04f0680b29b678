#include "monitor/timing.hpp"

#include <gtest/gtest.h>

#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

core::Timestamp at(std::string_view text) { return core::parse_rfc3339(text); }

TEST(Interval, EndsWithTheLastCompleteBucket) {
  // Source: monitoring.md §6.4: g = 60 s, end = 120 s, now = 10:10:30 and 10:12:00.
  const TimeSpec time{.granularity = seconds(60), .end = seconds(120)};
  const auto first = plan_interval(time, JobKind::evaluate, at("2026-01-01T10:10:30Z"), std::nullopt);
  EXPECT_EQ(first.until, at("2026-01-01T10:08:00Z")) << "the end of the bucket of 10:07";
  const auto second = plan_interval(time, JobKind::evaluate, at("2026-01-01T10:12:00Z"), std::nullopt);
  EXPECT_EQ(second.until, at("2026-01-01T10:10:00Z"));
  EXPECT_FALSE(second.from);
}

TEST(Interval, RunsAsIfNowWereUntilPlusEnd) {
  const TimeSpec time{.granularity = minutes(5), .start = hours(1), .end = minutes(10)};
  const auto until = at("2014-03-01T12:00:00Z");
  const auto interval = plan_interval(time, JobKind::train, at("2026-01-01T00:00:00Z"), until);
  EXPECT_EQ(interval.until, until);
  EXPECT_EQ(interval.from, until + minutes(10) - hours(1));
}

TEST(Interval, AlignsBothEndsToBuckets) {
  const TimeSpec time{.granularity = minutes(5), .start = minutes(18)};
  const auto interval = plan_interval(time, JobKind::train, at("2026-01-01T12:04:00Z"), std::nullopt);
  EXPECT_EQ(interval.from, at("2026-01-01T11:50:00Z"));  // the first bucket that begins within the 18 minutes
  EXPECT_EQ(interval.until, at("2026-01-01T12:00:00Z"));
  const TimeSpec fixed{.granularity = minutes(5), .start = at("2026-01-01T00:02:00Z")};
  EXPECT_EQ(plan_interval(fixed, JobKind::train, at("2026-01-01T12:04:00Z"), std::nullopt).from,
            at("2026-01-01T00:05:00Z"));
}

TEST(Interval, IsAlignedBefore1970Too) {
  const TimeSpec time{.granularity = minutes(5)};
  EXPECT_EQ(plan_interval(time, JobKind::evaluate, at("1969-12-31T23:58:00Z"), std::nullopt).until,
            at("1969-12-31T23:55:00Z"));
}

TEST(Interval, IsUnboundedBelowWithoutAStart) {
  const TimeSpec time{.granularity = minutes(5)};
  EXPECT_FALSE(plan_interval(time, JobKind::train, at("2026-01-01T12:04:00Z"), std::nullopt).from);
}

TEST(Interval, RefusesTrainingOnNothing) {
  const TimeSpec time{.granularity = minutes(5), .start = at("2026-01-01T00:00:00Z")};
  EXPECT_THROW(plan_interval(time, JobKind::train, at("2026-01-02T00:00:00Z"), at("2025-01-01T00:00:00Z")),
               core::Error);
}

TEST(Backoff, DoublesUpToFiveMinutesAndIsSpread) {
  EXPECT_EQ(backoff(1, 0.5), seconds(2));
  EXPECT_EQ(backoff(3, 0.5), seconds(8));
  EXPECT_EQ(backoff(3, 0.0), seconds(4));
  EXPECT_LT(backoff(3, 0.999999), seconds(12));
  EXPECT_EQ(backoff(50, 0.5), minutes(5));
}

TEST(ReasonToTrain, IsAbsenceAnotherDefinitionOrAge) {
  Definition d{.name = "d", .time_spec = {.granularity = minutes(5), .retrain = hours(24)}};
  d.metrics = {{.name = "v", .source = ObservationSource{"s"}}};
  d.algorithms = {{.label = "ewma_residual", .name = "ewma_residual"}};
  const auto now = at("2026-01-10T00:00:00Z");
  EXPECT_EQ(reason_to_train(d, {}, now), "no online model of 'v' yet");
  std::vector<OnlineModel> models{{.name = online_model_name(d, d.metrics[0]),
                                   .digest = model_digest(d, d.metrics[0]),
                                   .trained = now - hours(23)}};
  EXPECT_EQ(reason_to_train(d, models, now), std::nullopt);
  EXPECT_EQ(reason_to_train(d, models, now + hours(1)), "'v' was trained more than 1d ago");
  d.time_spec.retrain.reset();
  EXPECT_EQ(reason_to_train(d, models, now + hours(1000)), std::nullopt);
  d.time_spec.retrain = core::Duration{};
  EXPECT_NE(reason_to_train(d, models, now), std::nullopt);
  d.time_spec.retrain = hours(24);
  d.time_spec.granularity = minutes(1);
  EXPECT_EQ(reason_to_train(d, models, now), "'v' was trained on another definition");
}

}  // namespace
}  // namespace wakeful::monitor
