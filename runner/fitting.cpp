#include "runner/fitting.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <thread>

#include <fmt/format.h>

#include "detectors/catalog.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "runner/plain_names.hpp"
#include "runner/rows.hpp"
#include "runner/scoring.hpp"

namespace wakeful::runner {
namespace {

using monitor::Metric;

constexpr unsigned kMostThreads = 16;

/// The bucket behind which the trained model is to stand: the last of its training, or its mark if it is on watch and
/// has not come as far. It has learnt what it will be asked about then, but its history ends where the next score
/// comes.
core::Timestamp position_of(const Work& work, const Metric& metric, const Grid& grid) {
  const core::Duration step = grid.buckets.granularity;
  const std::string name = monitor::online_model_name(work.claim.detector, metric);
  for (const monitor::OnlineModel& model : work.claim.models) {
    if (model.name != name) continue;
    const core::Timestamp end = bucket_of(model.last_evaluation + model.granularity, step) - step;
    const core::Timestamp mark = std::max(bucket_of(model.last_evaluation, step), end);
    return std::clamp(mark, grid.buckets.first - step, grid.buckets.last);
  }
  return grid.buckets.last;
}

/// A method that judges each channel by itself learns nothing of one that has too few values: it is left out, which is
/// said, and gets no anomaly. The others are trained all the same.
detectors::Frame without_short_channels(const detectors::CatalogRow& row, const detectors::Frame& frame,
                                        const std::string& label) {
  std::vector<bool> is_short(frame.channels(), false);
  for (std::size_t c = 0; row.per_channel && c < frame.channels(); ++c) {
    const auto values = frame.view().channel(c);
    const auto known = std::count_if(values.begin(), values.end(), [](double v) { return !std::isnan(v); });
    is_short[c] = static_cast<std::size_t>(known) < row.advised_rows;
    if (is_short[c]) {
      core::log::warn("channel_left_out", {{"algorithm", label},
                                           {"channel", frame.names()[c]},
                                           {"values", std::to_string(known)},
                                           {"needed", std::to_string(row.advised_rows)}});
    }
  }
  if (std::find(is_short.begin(), is_short.end(), true) == is_short.end()) return frame;
  detectors::Frame kept(frame.names());
  kept.reserve(frame.rows());
  for (std::size_t r = 0; r < frame.rows(); ++r) {
    std::vector<double> values(frame.row(r).begin(), frame.row(r).end());
    for (std::size_t c = 0; c < values.size(); ++c) values[c] = is_short[c] ? std::nan("") : values[c];
    kept.append(frame.times()[r], values);
  }
  return kept;
}

/// An untrained detector with the parameters of the file.
std::unique_ptr<detectors::Detector> make(const monitor::Algorithm& algorithm, const detectors::CatalogRow& row) {
  const auto document = core::parse_json(algorithm.parameters);
  const core::ObjectReader parameters(document.root(), fmt::format("algorithms.{}", algorithm.label));
  return detectors::make_detector(row, detectors::read_parameters(row.parameters, parameters));
}

/// The target's series, or its rows if the file says so.
detectors::Frame training_frame(const Work& work, Target& target) {
  const auto& wanted = work.claim.detector.features;
  if (!wanted) return frame_of(target.grid, target.metric);
  const GridRows rows(target.grid, target.metric, wanted->encode);
  target.features = detectors::FeatureTable::learn(
      rules_of(*wanted, target.metric, work.claim.detector.time_spec.granularity), rows.rows());
  return target.features->encode(rows.rows());
}

void fit_one(const Work& work, Target& target) {
  const detectors::Frame frame = training_frame(work, target);
  const Grid& grid = target.grid;
  const auto passed = static_cast<std::size_t>((target.position - grid.buckets.first) / grid.buckets.granularity + 1);
  for (const monitor::Algorithm& algorithm : work.claim.detector.algorithms) {
    work.check();
    try {
      const detectors::CatalogRow& row = detectors::get_algorithm(algorithm.name);
      detectors::check_training(row, frame);
      auto detector = make(algorithm, row);
      if (target.features) {
        detector->train(frame);
      } else {
        detector->train(without_short_channels(row, frame, algorithm.label), passed);
      }
      target.detectors.push_back({algorithm.label, std::move(detector)});
    } catch (const core::Error& e) {
      throw core::Error(e.code(), fmt::format("{}: {}: {}", plain_label(target.metric), algorithm.label, e.what()),
                        e.field());
    }
  }
}

bool is_too_little(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid || e.field() != "training") return false;
    core::log::warn("group_left_out", {{"message", e.what()}});
    return true;
  } catch (...) {
    return false;
  }
}

Grid column_of(const Grid& grid, std::size_t column) {
  Grid one{.buckets = grid.buckets, .entities = {grid.entities[column]}};
  one.values.reserve(static_cast<std::size_t>(grid.rows()));
  for (std::int64_t row = 0; row < grid.rows(); ++row) one.values.push_back(grid.at(row, column));
  one.settled = grid.settled;
  one.first_filled = grid.first_filled;
  return one;
}

/// Calls `each` for 0 … count - 1 on a few threads.
template <class F>
void side_by_side(std::size_t count, F&& each) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) each(i);
  };
  const std::size_t most = std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
  std::vector<std::jthread> others;  // joined, whatever happens
  for (std::size_t i = 1; i < std::min(most, count); ++i) others.emplace_back(work);
  work();
}

}  // namespace

std::vector<Target> targets_of(const Work& work, const Metric& metric, Grid grid) {
  std::vector<Target> targets;
  if (!work.claim.detector.model_per_group) {
    targets.push_back({.metric = metric, .grid = std::move(grid)});
  } else {
    if (grid.columns() > kMaxGroupModels) {
      throw core::invalid(
          fmt::format("{}: {} groups, and a model for at most {}", metric.name, grid.columns(), kMaxGroupModels),
          "model_per");
    }
    for (std::size_t column = 0; column < grid.columns(); ++column) {
      auto group = monitor::group_of(grid.entities[column], metric.dimension_groupings.size());
      targets.push_back({.metric = monitor::with_group(metric, std::move(group)), .grid = column_of(grid, column)});
    }
  }
  for (Target& target : targets) target.position = position_of(work, target.metric, target.grid);
  return targets;
}

void fit(const Work& work, std::vector<Target>& targets) {
  std::vector<std::exception_ptr> errors(targets.size());
  // Nothing may leave a thread but by its slot here.
  side_by_side(targets.size(), [&](std::size_t i) {
    try {
      fit_one(work, targets[i]);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  });
  std::vector<Target> fitted;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (!errors[i])
      fitted.push_back(std::move(targets[i]));
    else if (targets.size() == 1 || !is_too_little(errors[i]))
      std::rethrow_exception(errors[i]);
  }
  if (fitted.empty() && !targets.empty()) std::rethrow_exception(errors.front());
  targets = std::move(fitted);
}

}  // namespace wakeful::runner
