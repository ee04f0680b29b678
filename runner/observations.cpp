#include "runner/observations.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "platform/core/error.hpp"

namespace wakeful::runner {

void ObservationCollector::refuse(std::size_t max_rows) {
  throw core::invalid(
      fmt::format("the source gives more than {} rows at once: take a later start, or aggregate them there", max_rows),
      std::string(kMaxRowsField));
}

std::optional<std::uint32_t> ObservationCollector::group_of(
    std::span<const std::optional<std::string_view>> dimensions) {
  key_.clear();
  for (const auto& value : dimensions) {
    if (!value || value->empty()) return std::nullopt;
    key_.emplace_back(*value);
  }
  const auto [found, fresh] = index_.try_emplace(key_, static_cast<std::uint32_t>(found_.groups.size()));
  if (fresh) found_.groups.push_back(key_);
  return found->second;
}

void ObservationCollector::add(core::Timestamp time, std::uint32_t group, double value) {
  if (found_.rows.size() >= max_rows_) refuse(max_rows_);
  found_.rows.push_back({time, group, value});
}

void ObservationCollector::add(core::Timestamp time, std::span<const std::optional<std::string_view>> dimensions,
                               double value) {
  if (const auto group = group_of(dimensions))
    add(time, *group, value);
  else
    add_ungrouped();
}

Observations ObservationCollector::take(Ties ties) {
  const auto by_time = [](const auto& l, const auto& r) { return l.time < r.time; };
  const auto by_all = [this](const auto& l, const auto& r) {
    return std::tie(l.time, found_.groups[l.group], l.value) < std::tie(r.time, found_.groups[r.group], r.value);
  };
  if (ties == Ties::by_value) {
    std::sort(found_.rows.begin(), found_.rows.end(), by_all);
  } else if (!std::is_sorted(found_.rows.begin(), found_.rows.end(), by_time)) {
    std::stable_sort(found_.rows.begin(), found_.rows.end(), by_time);
  }
  index_.clear();
  return std::move(found_);
}

Observations only_group(Observations all, const std::vector<std::string>& group) {
  if (group.empty()) return all;
  std::erase_if(all.rows, [&](const Observations::Row& row) { return all.groups[row.group] != group; });
  all.ungrouped = 0;
  // Those that stay point to one of several equal ones.
  for (Observations::Row& row : all.rows) row.group = 0;
  all.groups = {group};
  return all;
}

}  // namespace wakeful::runner
