#include <algorithm>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/files.hpp"
#include "client/model_folder.hpp"
#include "client/watch.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "runner/failure.hpp"
#include "runner/grid.hpp"
#include "runner/loading.hpp"
#include "runner/plain_names.hpp"
#include "runner/rows.hpp"
#include "runner/scoring.hpp"
#include "runner/work.hpp"

namespace wakeful::runner {
namespace {

using detectors::NamedDetector;

/// Of one commit: well below the server's limit, and what it stores in a fraction of a second.
constexpr std::int64_t kMaxScores = 20'000;

/// What a job did, over all its models.
struct Totals {
  std::int64_t models = 0;
  std::int64_t evaluations = 0;
  std::int64_t rows = 0;
  std::int64_t anomalies = 0;
  std::int64_t ungrouped = 0;
  std::set<std::string> missing;
  std::set<std::string> unknown;
};

void write_names(core::JsonWriter& json, std::string_view name, const std::set<std::string>& names) {
  constexpr std::size_t kMost = 100;
  if (names.empty()) return;
  json.key(name).begin_array();
  std::size_t count = 0;
  for (const std::string& one : names) {
    if (++count > kMost) break;
    json.value(one);
  }
  json.end_array();
}

std::string to_json(const Totals& totals) {
  core::JsonWriter json;
  json.begin_object().member("models", totals.models).member("evaluations", totals.evaluations);
  json.member("rows", totals.rows).member("anomalies", totals.anomalies);
  if (totals.ungrouped > 0) json.member("rows_without_group", totals.ungrouped);
  write_names(json, "missing_groups", totals.missing);
  write_names(json, "unknown_groups", totals.unknown);
  return json.end_object().take();
}

/// The same request again is harmless: the server knows an evaluation by its id.
monitor::Advanced advance_surely(const Work& work, const monitor::Advance& advance) {
  constexpr std::chrono::milliseconds kPauses[] = {std::chrono::milliseconds(50), std::chrono::milliseconds(250),
                                                   std::chrono::milliseconds(1'000)};
  for (const auto pause : kPauses) {
    try {
      return client::advance(work.server, advance);
    } catch (const core::Error& e) {
      if (e.code() != core::ErrorCode::unavailable) throw;
      core::log::warn("advance_unanswered", {{"model", advance.model}, {"message", e.what()}});
    }
    std::this_thread::sleep_for(pause);
    work.check();
  }
  return client::advance(work.server, advance);
}

class ModelEvaluation {
 public:
  ModelEvaluation(const Work& work, monitor::OnlineModel model, Totals& totals)
      : work_(work),
        model_(std::move(model)),
        totals_(totals),
        source_(make_source(model_.metric, work.context())),
        rule_{model_.metric.aggregate, model_.metric.fill} {}

  void run() {
    const core::Timestamp until = work_.claim.job.interval.until.value_or(work_.claim.now);
    // A job that was asked for up to a later time runs as if it were that late.
    const Buckets due = due_buckets({.last = model_.last_evaluation,
                                     .until = until,
                                     .now = std::max(work_.claim.now, until + work_.claim.detector.time_spec.end),
                                     .granularity = model_.granularity});
    core::Timestamp first = due.first;
    std::int64_t reach = most_;
    while (first <= due.last) {
      Buckets part{.first = first, .last = due.last, .granularity = due.granularity};
      part.last = std::min(part.last, part.start(reach - 1));
      const std::optional<core::Timestamp> done = evaluate_part(part);
      if (done) {
        first = *done + due.granularity;
        reach = most_;
      } else {
        if (part.last == due.last) return;  // nothing (settled) yet: the mark waits for data
        reach *= 2;
      }
    }
  }

 private:
  static core::Deadline deadline() { return core::Deadline::after(std::chrono::minutes(10)); }

  /// The last bucket that was committed; nothing if there is none to commit.
  std::optional<core::Timestamp> evaluate_part(Buckets part) {
    work_.check();
    const Observations observations = pull(part);
    totals_.ungrouped += observations.ungrouped;
    if (observations.rows.empty() || observations.rows.back().time < part.first) return std::nullopt;
    if (detectors_.empty()) load();
    const Gap gap = features_ ? Gap{} : gap_before(observations, part);
    if (gap.is_held)
      part.last = part.start(lead_of(rule_.fill) - 1);
    else if (gap.end)
      pass_over_gap(part, *gap.end);
    const std::size_t width = std::max<std::size_t>(columns_ ? columns_->size() : observations.groups.size(), 1);
    part.last = std::min(part.last, part.start(kMaxCells / static_cast<std::int64_t>(width) - 1));
    const Grid grid = make_grid(observations, rule_, part, columns_);
    totals_.missing.insert(grid.missing.begin(), grid.missing.end());
    totals_.unknown.insert(grid.unknown.begin(), grid.unknown.end());
    const auto known = gap.is_held ? part.last : grid.settled;
    if (!known) {
      if (gap.end) detectors_.clear();  // they stand ahead of the mark: loaded again
      return std::nullopt;
    }
    Grid settled = cut(grid, part.first, *known);
    const std::int64_t rows = features_ ? buckets_within(settled, detectors_.size(), kMaxScores)
                                        : rows_within(detectors_, settled, kMaxScores);
    if (rows < settled.rows()) settled = cut(settled, part.first, part.start(rows - 1));
    commit(settled);
    return settled.buckets.last;
  }

  /// What the source has for `part`, which becomes shorter if that is more than it gives at once.
  Observations pull(Buckets& part) {
    for (;;) {
      try {
        return only_group(source_->pull(span_of(part, lead_of(rule_.fill)), deadline()), model_.metric.group);
      } catch (const core::Error& e) {
        if (e.field() != kMaxRowsField || part.count() <= 1) throw;
        const std::int64_t half = (part.count() + 1) / 2;
        part.last = part.start(half - 1);
        most_ = std::min(most_, half);
      }
    }
  }

  struct Gap {
    std::optional<core::Timestamp> end{};  // the first bucket behind it; nothing: there is no long one
    bool is_held = false;                  // its first buckets are filled
  };
  /// A stretch without any observation at the part's beginning, longer than what a fill bridges, with some behind it.
  Gap gap_before(const Observations& observations, const Buckets& part) const {
    const auto at = std::find_if(observations.rows.begin(), observations.rows.end(),
                                 [&](const auto& row) { return row.time >= part.first; });
    const core::Timestamp end = bucket_of(at->time, part.granularity);
    if ((end - part.first) / part.granularity <= std::max(kMaxBuckets, lead_of(rule_.fill))) return {};
    const bool held = rule_.fill.kind == monitor::Fill::Kind::hold && observations.rows.front().time < part.first;
    return {end, held};
  }

  /// In pieces, so that its length costs time but no memory. `part` begins behind it then.
  void pass_over_gap(Buckets& part, core::Timestamp end) {
    while (part.first < end) {
      work_.check();
      const Buckets piece{.first = part.first,
                          .last = std::min(part.start(kMaxBuckets - 1), end - part.granularity),
                          .granularity = part.granularity};
      pass_over(detectors_, make_grid({}, rule_, piece, columns_), model_.metric);
      part.first = piece.last + piece.granularity;
    }
  }

  void load() {
    const std::string bytes = download_model(work_.server, model_);
    detectors_ = detectors::load_detectors(bytes);
    if (detectors_.empty()) throw core::invalid(fmt::format("{}: its file holds no detector", model_.name));
    features_ = detectors::find_features(bytes);
    if (features_) return;  // rows that come as they are, judged one by one
    columns_ = entities_of(detectors_.front().detector->channels(), model_.metric);
    if (const std::string position = detectors::position_of(bytes); !position.empty())
      catch_up(core::parse_rfc3339(position));
  }

  /// A model that was trained while another one went on with the evaluations stands behind the last row that it was
  /// trained on. It sees what was evaluated since, so that its next score comes where its state is.
  void catch_up(core::Timestamp position) {
    const core::Duration step = model_.granularity;
    const std::int64_t lead = lead_of(rule_.fill);
    core::Timestamp first = position + step;
    while (first <= model_.last_evaluation) {
      work_.check();
      const Buckets rest{.first = first, .last = model_.last_evaluation, .granularity = step};
      core::Timestamp last = std::min(rest.last, rest.start(most_ - 1));
      // A linear fill looks as far ahead as it looks back.
      const core::Timestamp wanted = std::min(rest.last, last + lead * step);
      Buckets part{.first = first, .last = wanted, .granularity = step};
      const Observations observations = pull(part);
      if (part.last < wanted) last = std::max(first, part.last - lead * step);
      const Grid grid = make_grid(observations, rule_, part, columns_);
      pass_over(detectors_, cut(grid, first, last), model_.metric);
      first = last + step;
    }
  }

  void commit(const Grid& grid) {
    monitor::Advance advance{.holder = work_.claim.holder(), .model = model_.name};
    advance.row_version = model_.row_version;
    advance.from_version = model_.version;
    advance.from = model_.last_evaluation;
    advance.to = grid.buckets.last;
    advance.evaluation_id = monitor::evaluation_id(model_.name, model_.version, advance.from, advance.to);
    advance.scores = features_ ? score_rows(detectors_, *features_, grid, model_.metric)
                               : score_grid(detectors_, grid, model_.metric);
    advance.rows = filled_rows(grid);
    advance.metrics = metrics_of(advance);
    advance.input_digest = digest_of(grid);
    work_.check();
    advance.artifact = store_state(advance.to);
    const monitor::Advanced advanced = advance_surely(work_, advance);
    model_ = advanced.model;
    ++totals_.evaluations;
    totals_.rows += advanced.evaluation.rows;
    totals_.anomalies += advanced.evaluation.anomalies;
  }

  /// What the page of the job's run shows.
  std::vector<monitor::NamedValue> metrics_of(const monitor::Advance& advance) const {
    const auto anomalies = std::count_if(advance.scores.begin(), advance.scores.end(),
                                         [](const monitor::Score& score) { return score.is_anomaly; });
    const std::string metric = plain_label(model_.metric);
    return {{metric + "/rows", static_cast<double>(advance.rows)},
            {metric + "/anomalies", static_cast<double>(anomalies)}};
  }

  /// Under a name of its own: what a lost compare-and-set leaves is an orphan, never somebody's file overwritten.
  monitor::StoredFile store_state(core::Timestamp position) const {
    std::string bytes = detectors::save_detectors(detectors_, core::format_rfc3339(position), features_);
    const std::string name =
        fmt::format("online/{}/{}-{}", plain_name(model_.name), model_.version + 1, work_.claim.fence);
    return client::store_model(work_.server,
                               {.stem = client::join_uri(work_.claim.artifact_root, name),
                                .run_id = work_.claim.job.run_id,
                                .created = work_.claim.now},
                               std::move(bytes));
  }

  const Work& work_;
  monitor::OnlineModel model_;
  Totals& totals_;
  std::unique_ptr<Source> source_;
  GridRule rule_;
  std::vector<NamedDetector> detectors_;
  std::optional<std::vector<std::string>> columns_;  // those of the training; nothing for rows
  std::optional<detectors::FeatureTable> features_;
  std::int64_t most_ = kMaxBuckets;  // buckets at once; fewer for a source with many rows in each
};

}  // namespace

std::string evaluate(const Work& work) {
  Totals totals;
  std::optional<core::Error> worst;
  for (const monitor::OnlineModel& model : work.claim.models) {
    try {
      ModelEvaluation(work, model, totals).run();
      ++totals.models;
    } catch (const core::Error& e) {
      work.check();
      if (is_lease_lost(e)) throw;
      core::log::warn("model_not_evaluated", {{"model", model.name}, {"message", e.what()}});
      const bool is_worse = classify(e) == monitor::FailureClass::transient;
      if (!worst || (is_worse && classify(*worst) != monitor::FailureClass::transient))
        worst = core::Error(e.code(), fmt::format("{}: {}", model.name, e.what()), e.field());
    }
  }
  // They get no verdict; what a model was not trained on has none to give, either.
  for (const auto& [event, groups] :
       {std::pair{"groups_missing", &totals.missing}, {"groups_unknown", &totals.unknown}}) {
    if (!groups->empty())
      core::log::warn(
          event, {{"detector", work.claim.detector.name}, {"groups", fmt::format("{}", fmt::join(*groups, ", "))}});
  }
  if (worst) throw core::Error(*worst);
  return to_json(totals);
}

}  // namespace wakeful::runner
