#include "monitor/timing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

constexpr core::Duration kLongestBackoff = std::chrono::minutes(5);

core::Timestamp ceil_to(core::Timestamp time, core::Duration step) {
  const core::Timestamp below = floor_to(time, step);
  return below == time ? time : below + step;
}

}  // namespace

core::Timestamp floor_to(core::Timestamp time, core::Duration step) {
  const auto since = time.time_since_epoch();
  return time - ((since % step) + step) % step;
}

Interval plan_interval(const TimeSpec& time, JobKind kind, core::Timestamp now,
                       std::optional<core::Timestamp> asked_until) {
  const core::Timestamp as_if = asked_until ? *asked_until + time.end : now;
  Interval interval{.until = floor_to(as_if - time.end, time.granularity)};
  if (kind == JobKind::evaluate || !time.start) return interval;
  const auto* span = std::get_if<core::Duration>(&*time.start);
  interval.from = ceil_to(span ? as_if - *span : std::get<core::Timestamp>(*time.start), time.granularity);
  if (*interval.from >= *interval.until) {
    throw core::invalid(fmt::format("'until': training would begin at {} and end at {}",
                                    core::format_rfc3339(*interval.from), core::format_rfc3339(*interval.until)),
                        "until");
  }
  return interval;
}

Interval plan_prediction(const Definition& definition, core::Timestamp now, const Interval& asked) {
  const auto refuse = [](const std::string& field, std::string_view why) {
    throw core::invalid(fmt::format("'{}': {}", field, why), field);
  };
  if (!definition.predict)
    refuse("kind", fmt::format("'{}' predicts no table: its file has no 'predict'", definition.name));
  const core::Duration step = definition.time_spec.granularity;
  if (!asked.from && !asked.until) {
    const core::Timestamp until = floor_to(now - definition.time_spec.end, definition.predict->interval);
    return {.from = until - definition.predict->interval, .until = until};
  }
  if (!asked.from) refuse("from", "missing: an interval has a beginning and an end");
  if (!asked.until) refuse("until", "missing: an interval has a beginning and an end");
  for (const auto& [field, time] : {std::pair("from", *asked.from), std::pair("until", *asked.until)}) {
    if (floor_to(time, step) != time)
      refuse(field, fmt::format("{} is not the start of a bucket of {}", core::format_rfc3339(time),
                                core::format_duration(step)));
  }
  if (*asked.until <= *asked.from)
    refuse("until", fmt::format("not after 'from', {}", core::format_rfc3339(*asked.from)));
  if ((*asked.until - *asked.from) / step > kMaxPredictedBuckets)
    refuse("until", fmt::format("more than {} buckets", kMaxPredictedBuckets));
  return asked;
}

core::Duration backoff(std::int64_t attempt, double chance) {
  const auto power = std::clamp<std::int64_t>(attempt, 0, 20);
  const core::Duration whole = std::min(kLongestBackoff, core::Duration(std::chrono::seconds(1LL << power)));
  return core::Duration(static_cast<std::int64_t>(static_cast<double>(whole.count()) * (0.5 + chance)));
}

std::optional<std::string> reason_to_train(const Definition& definition, const Metric& metric,
                                           std::span<const OnlineModel> models, core::Timestamp now) {
  bool has_model = false;
  for (const OnlineModel& model : models) {
    const auto own = find_metric_of(definition, model);
    if (!own || own->name != metric.name || own->dimension_groupings != metric.dimension_groupings) continue;
    has_model = true;
    if (model.digest != model_digest(definition, *own))
      return fmt::format("'{}' was trained on another definition", metric.name);
    const auto& retrain = definition.time_spec.retrain;
    if (retrain && now - model.trained >= *retrain)
      return fmt::format("'{}' was trained more than {} ago", metric.name, core::format_duration(*retrain));
  }
  if (!has_model) return fmt::format("no online model of '{}' yet", metric.name);
  return std::nullopt;
}

std::optional<std::string> reason_to_train(const Definition& definition, std::span<const OnlineModel> models,
                                           core::Timestamp now) {
  for (const Metric& metric : definition.metrics) {
    if (auto reason = reason_to_train(definition, metric, models, now)) return reason;
  }
  return std::nullopt;
}

}  // namespace wakeful::monitor
