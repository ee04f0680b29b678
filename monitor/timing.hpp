#pragma once
// What a job has to do, and when again: pure functions of definition, models and time. Semantics: monitoring.md §4.3,
// §6.1, §6.7.
#include <optional>
#include <span>
#include <string>

#include "monitor/wire/types.hpp"

namespace wakeful::monitor {

/// The interval of a job that runs at `now`, or as if it were `asked_until` + end.
///
/// `until` is the end of the last complete bucket. For training `from` is the first bucket of the span to learn from,
/// if the detector's file bounds it; evaluation starts behind each model's own mark. Errors: invalid naming `until` if
/// training would begin at or after its end.
Interval plan_interval(const TimeSpec& time, JobKind kind, core::Timestamp now,
                       std::optional<core::Timestamp> asked_until);

/// The interval of a prediction: what was asked for, or the last whole one of the file's that is complete at `now`.
/// Errors: invalid naming `kind` if the file has no `predict`, `from` or `until` for one without the other, for times
/// between buckets, for none or too many buckets.
Interval plan_prediction(const Definition& definition, core::Timestamp now, const Interval& asked);

/// Rounds towards the past to a multiple of `step` since 1970.
core::Timestamp floor_to(core::Timestamp time, core::Duration step);

/// How long to wait before attempt `attempt` + 1: 2^attempt seconds, at most 5 minutes, times 0.5 to 1.5 by `chance`,
/// a number in [0, 1).
core::Duration backoff(std::int64_t attempt, double chance);

/// Why the detector's models have to be trained (again), or nothing: there are none, one was trained on something else
/// than the file says now, one is older than `retrain`.
std::optional<std::string> reason_to_train(const Definition& definition, std::span<const OnlineModel> models,
                                           core::Timestamp now);
/// The same of one metric's model.
std::optional<std::string> reason_to_train(const Definition& definition, const Metric& metric,
                                           std::span<const OnlineModel> models, core::Timestamp now);

}  // namespace wakeful::monitor
