#include "control/advance.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "control/endings.hpp"
#include "control/gc.hpp"
#include "control/job_runs.hpp"
#include "control/stored_file.hpp"
#include "monitor/evaluations.hpp"
#include "monitor/jobs.hpp"
#include "monitor/online_models.hpp"
#include "monitor/timing.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "registry/models.hpp"
#include "registry/rules.hpp"
#include "registry/versions.hpp"
#include "tracker/runs.hpp"

namespace wakeful::control {
namespace {

using monitor::Advance;
using monitor::Job;
using monitor::KeptModel;
using monitor::Score;

[[noreturn]] void refuse(const std::string& field, std::string_view why) {
  throw core::invalid(fmt::format("'{}': {}", field, why), field);
}

/// Within (after, until], on the grid, none twice.
void check_scores(const std::vector<Score>& scores, core::Duration grid, core::Timestamp after, core::Timestamp until,
                  const std::string& field) {
  std::vector<std::tuple<core::Timestamp, std::string_view, std::string_view>> places;
  places.reserve(scores.size());
  for (const Score& score : scores) {
    const core::Timestamp at = score.timestamp;
    if (at <= after || at > until) refuse(field, fmt::format("{} is outside the interval", core::format_rfc3339(at)));
    if (monitor::floor_to(at, grid) != at)
      refuse(field, fmt::format("{} is not the start of a bucket", core::format_rfc3339(at)));
    places.emplace_back(at, score.entity, score.algorithm);
  }
  std::sort(places.begin(), places.end());
  const auto twice = std::adjacent_find(places.begin(), places.end());
  if (twice != places.end()) {
    refuse(field, fmt::format("{} of '{}' by '{}' is there twice", core::format_rfc3339(std::get<0>(*twice)),
                              std::get<1>(*twice), std::get<2>(*twice)));
  }
}

void check(const Advance& wanted, const Job& job, const KeptModel& model) {
  if (job.kind != monitor::JobKind::evaluate) refuse("job_id", "the job does not evaluate");
  if (model.model.detector != job.subject)
    refuse("model", fmt::format("'{}' belongs to detector '{}'", model.model.name, model.model.detector));
  const core::Duration grid = model.model.granularity;
  if (monitor::floor_to(wanted.to, grid) != wanted.to) refuse("to", "not the start of a bucket");
  if (job.interval.until && wanted.to + grid > *job.interval.until)
    refuse("to", fmt::format("beyond the job's interval, which ends at {}", core::format_rfc3339(*job.interval.until)));
  check_scores(wanted.scores, grid, wanted.from, wanted.to, "scores");
  check_scores(wanted.late_scores, grid, core::Timestamp::min(), wanted.from, "late_scores");
}

core::Error moved(const KeptModel& model) {
  return core::conflict(
      fmt::format("The online model '{}' is at version {} by now", model.model.name, model.model.version),
      "row_version");
}

/// The tags of the version that it comes from, with the new mark. What tells where the data come from is said anew, for
/// a client may have deleted that version.
std::vector<registry::Tag> carried_tags(db::Tx& tx, const Advance& wanted, const KeptModel& model) {
  std::vector<registry::Tag> tags;
  if (auto before = registry::find_version(tx, wanted.model, wanted.from_version)) tags = std::move(before->tags);
  const auto set = [&](std::string_view key, std::string value) {
    std::erase_if(tags, [&](const registry::Tag& tag) { return tag.key == key; });
    tags.push_back({std::string(key), std::move(value)});
  };
  set(registry::kMarkTag, core::format_rfc3339(wanted.to));
  set("datasource", model.datasource);
  set("query", model.query);
  return tags;
}

monitor::Evaluation evaluation_of(const Advance& wanted, const Job& job, std::int64_t version, core::Timestamp now) {
  return {.id = evaluation_id_of(wanted),
          .from_version = wanted.from_version,
          .model_version = version,
          .from = wanted.from,
          .to = wanted.to,
          .rows = wanted.rows,
          .run_id = job.run_id,
          .job_id = job.id,
          .input_digest = wanted.input_digest,
          .created = now};
}

/// The model's row in the registry, which whoever moves a model locks before looking at it.
KeptModel lock_model(db::Tx& tx, const std::string& name, core::Timestamp now) {
  const KeptModel model = monitor::get_online_model(tx, name);
  if (!registry::find_model_state(tx, name)) {
    throw core::conflict(fmt::format("The registered model '{}' was deleted: it has to be trained again", name),
                         "model");
  }
  registry::touch_model(tx, name, now);
  return monitor::get_online_model(tx, model.model.name);
}

}  // namespace

std::string evaluation_id_of(const Advance& wanted) {
  std::string id = monitor::evaluation_id(wanted.model, wanted.from_version, wanted.from, wanted.to);
  if (!wanted.evaluation_id.empty() && wanted.evaluation_id != id)
    refuse("evaluation_id", "not that of model, version and interval");
  return id;
}

std::optional<monitor::Advanced> find_advanced(db::Tx& tx, const Advance& wanted) {
  auto evaluation = monitor::find_evaluation(tx, evaluation_id_of(wanted));
  if (!evaluation) return std::nullopt;
  const auto model = monitor::find_kept_model(tx, wanted.model);
  if (!model) return std::nullopt;
  return monitor::Advanced{.evaluation = std::move(*evaluation),
                           .model = model->model,
                           .repeated = true,
                           .job = monitor::get_job(tx, wanted.holder.job_id)};
}

monitor::Advanced advance(db::Tx& tx, const Advance& wanted, core::Timestamp now) {
  if (auto done = find_advanced(tx, wanted)) return std::move(*done);
  const Job job = monitor::hold_job(tx, wanted.holder);
  const KeptModel model = lock_model(tx, wanted.model, now);
  check(wanted, job, model);
  check_place(wanted.artifact, tracker::get_run_info(tx, tracker::RunId(job.run_id)).artifact_uri, "artifact");
  if (model.model.version != wanted.from_version) throw moved(model);
  const auto version = registry::create_version(tx,
                                                {.name = wanted.model,
                                                 .source = monitor::model_folder_of(wanted.artifact.uri),
                                                 .run_id = job.run_id,
                                                 .tags = carried_tags(tx, wanted, model)},
                                                now);
  monitor::step_model(tx, {.name = wanted.model,
                           .row_version = wanted.row_version,
                           .from = wanted.from,
                           .to = wanted.to,
                           .version = version.version,
                           .artifact = wanted.artifact,
                           .fence = wanted.holder.fence});
  monitor::Advanced done;
  done.evaluation = monitor::add_evaluation(tx, model, evaluation_of(wanted, job, version.version, now), wanted.scores,
                                            wanted.late_scores, wanted.holder.fence);
  discard_files(tx, registry::trim_versions(tx, wanted.model, kKeptVersions, now), now);
  log_metrics(tx, job, wanted.metrics, version.version, now);
  Journal journal;
  journal.committed(done.evaluation);
  done.job = wanted.finish ? end(tx, job, monitor::JobState::succeeded, "", wanted.result, journal, now) : job;
  done.model = monitor::get_online_model(tx, wanted.model).model;
  journal.write(tx, now);
  return done;
}

}  // namespace wakeful::control
