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

core::Duration backoff(std::int64_t attempt, double chance) {
  const auto power = std::clamp<std::int64_t>(attempt, 0, 20);
  const core::Duration whole = std::min(kLongestBackoff, core::Duration(std::chrono::seconds(1LL << power)));
  return core::Duration(static_cast<std::int64_t>(static_cast<double>(whole.count()) * (0.5 + chance)));
}

std::optional<std::string> reason_to_train(const Definition& definition, const Metric& metric,
                                           std::span<const OnlineModel> models, core::Timestamp now) {
  const auto model = std::find_if(models.begin(), models.end(), [&](const OnlineModel& m) {
    return m.name == online_model_name(definition, metric);
  });
  if (model == models.end()) return fmt::format("no online model of '{}' yet", metric.name);
  if (model->digest != model_digest(definition, metric))
    return fmt::format("'{}' was trained on another definition", metric.name);
  const auto& retrain = definition.time_spec.retrain;
  if (retrain && now - model->trained >= *retrain)
    return fmt::format("'{}' was trained more than {} ago", metric.name, core::format_duration(*retrain));
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
