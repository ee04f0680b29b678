#include "control/registration.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "control/advance.hpp"
#include "control/endings.hpp"
#include "control/gc.hpp"
#include "control/job_runs.hpp"
#include "control/stored_file.hpp"
#include "monitor/detectors.hpp"
#include "monitor/jobs.hpp"
#include "monitor/online_models.hpp"
#include "monitor/timing.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "registry/models.hpp"
#include "registry/rules.hpp"
#include "registry/tags.hpp"
#include "registry/versions.hpp"
#include "tracker/runs.hpp"

namespace wakeful::control {
namespace {

using monitor::Definition;
using monitor::Job;
using monitor::Metric;
using monitor::Registration;
using Tags = std::vector<registry::Tag>;

[[noreturn]] void refuse(const std::string& field, std::string_view why) {
  throw core::invalid(fmt::format("'{}': {}", field, why), field);
}

/// The metric that the model is about, of one group with `model_per: group`.
Metric metric_of(const Definition& detector, const Registration::Model& model, const std::string& field) {
  const std::string& name = model.metric;
  const auto found = std::find_if(detector.metrics.begin(), detector.metrics.end(),
                                  [&](const Metric& metric) { return metric.name == name; });
  if (found == detector.metrics.end()) refuse(field + ".metric", fmt::format("the detector has no metric '{}'", name));
  if (model.group.size() != (detector.model_per_group ? found->dimension_groupings.size() : 0))
    refuse(field + ".group", "a value for each grouping with 'model_per: group', otherwise none");
  return monitor::with_group(*found, model.group);
}

Tags without_empty(Tags tags) {
  std::erase_if(tags, [](const registry::Tag& tag) { return tag.value.empty(); });
  return tags;
}

class Registrar {
 public:
  Registrar(db::Tx& tx, const Job& job, const Definition& detector, std::int64_t fence, core::Timestamp now)
      : tx_(tx), job_(job), detector_(detector), fence_(fence), now_(now) {}

  monitor::OnlineModel put(const Metric& metric, const Registration::Model& trained) {
    keep_trained(metric, trained);
    monitor::OnlineModel model{.name = monitor::online_model_name(detector_, metric),
                               .detector = detector_.name,
                               .deployment_mode = detector_.deployment_mode,
                               .metric = metric,
                               .granularity = detector_.time_spec.granularity,
                               .digest = monitor::model_digest(detector_, metric),
                               .last_evaluation = trained.trained_until,
                               .artifact_uri = trained.artifact.uri,
                               .artifact_sha256 = trained.artifact.sha256,
                               .artifact_size_bytes = trained.artifact.size_bytes,
                               .creation_run_id = job_.run_id,
                               .trained = now_};
    require_model(model.name, online_tags());
    model.last_evaluation = mark_for(model);
    model.version = add_version(model.name, metric, trained, core::format_rfc3339(model.last_evaluation));
    model = monitor::put_on_watch(tx_, model, fence_);
    discard_files(tx_, registry::trim_versions(tx_, model.name, kKeptVersions, now_), now_);
    return model;
  }

 private:
  Tags online_tags() const {
    return {{"online", "True"},
            {"detector", detector_.name},
            {"deployment_mode", detector_.deployment_mode},
            {"creation_run_id", job_.run_id}};
  }

  void keep_trained(const Metric& metric, const Registration::Model& trained) {
    const std::string name = monitor::trained_model_name(detector_, metric);
    if (!registry::find_model_state(tx_, name)) {
      registry::create_model(
          tx_, {.name = name, .tags = {{"detector", detector_.name}, {"deployment_mode", detector_.deployment_mode}}},
          now_);
    }
    add_version(name, metric, trained, "");
  }

  /// Makes the registered model of an online one or takes it over, and locks it.
  void require_model(const std::string& name, const Tags& tags) {
    if (registry::find_model_state(tx_, name)) {
      registry::touch_model(tx_, name, now_);
      registry::set_managed_by(tx_, name, registry::kDetector);
      registry::set_model_tags(tx_, name, tags);
      return;
    }
    registry::create_model(tx_, {.name = name, .tags = tags}, now_, registry::kDetector);
    // Its version numbers begin anew: what knows the old ones gives the name free, but for the mark.
    if (const auto gone = monitor::find_kept_model(tx_, name); gone && gone->model.detector == detector_.name) {
      lost_mark_ = gone->retired ? std::nullopt : std::optional(gone->model.last_evaluation);
      monitor::drop_model(tx_, name);
    }
  }

  /// On watch already: where it stands. Otherwise at the end of what it was trained on. On a finer grid than before the
  /// last bucket that was judged is the last small one in it.
  core::Timestamp mark_for(const monitor::OnlineModel& model) {
    const auto lost = std::exchange(lost_mark_, std::nullopt);
    const auto kept = monitor::find_kept_model(tx_, model.name);
    if (!kept || kept->retired) return lost.value_or(model.last_evaluation);
    const core::Timestamp end = kept->model.last_evaluation + kept->model.granularity;
    return std::max(kept->model.last_evaluation, monitor::floor_to(end, model.granularity) - model.granularity);
  }

  std::int64_t add_version(const std::string& name, const Metric& metric, const Registration::Model& trained,
                           const std::string& mark) {
    core::JsonWriter query;
    monitor::write(query, metric);
    return registry::create_version(tx_,
                                    {.name = name,
                                     .source = monitor::model_folder_of(trained.artifact.uri),
                                     .run_id = job_.run_id,
                                     .tags = without_empty({{std::string(registry::kMarkTag), mark},
                                                            {"datasource", monitor::datasource_of(metric.source)},
                                                            {"query", query.take()}})},
                                    now_)
        .version;
  }

  db::Tx& tx_;
  const Job& job_;
  const Definition& detector_;
  std::int64_t fence_;
  core::Timestamp now_;
  std::optional<core::Timestamp> lost_mark_;
};

void check(const Registration& wanted, const Definition& detector, std::string_view root) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < wanted.models.size(); ++i) {
    const Registration::Model& model = wanted.models[i];
    const std::string field = fmt::format("models[{}]", i);
    if (!seen.insert(monitor::online_model_name(detector, metric_of(detector, model, field))).second)
      refuse(field + ".metric", "there twice");
    if (monitor::floor_to(model.trained_until, detector.time_spec.granularity) != model.trained_until)
      refuse(field + ".trained_until", "not the start of a bucket");
    check_place(model.artifact, root, field + ".artifact");
  }
}

/// A group that has gone from what a metric was trained on: its model, too.
void retire_absent(db::Tx& tx, const Definition& detector, monitor::Registered& done, core::Timestamp now) {
  if (!detector.model_per_group) return;
  std::set<std::string> metrics;
  std::set<std::string> names;
  for (const monitor::OnlineModel& model : done.models) {
    metrics.insert(model.metric.name);
    names.insert(model.name);
  }
  for (const monitor::OnlineModel& model : monitor::list_online_models(tx, detector.name)) {
    if (!metrics.contains(model.metric.name) || names.contains(model.name)) continue;
    retire(tx, model.name, now);
    done.retired.push_back(model.name);
  }
}

}  // namespace

monitor::Registered register_models(db::Tx& tx, const Registration& wanted, core::Timestamp now) {
  const Job job = monitor::hold_job(tx, wanted.holder);
  if (job.kind != monitor::JobKind::train) refuse("job_id", "the job trains nothing");
  const monitor::Detector detector = monitor::lock_detector(tx, job.subject);
  if (job.started && detector.updated > *job.started) {
    throw core::conflict("The detector was changed while its models were trained: train again", "detector");
  }
  check(wanted, detector.definition, tracker::get_run_info(tx, tracker::RunId(job.run_id)).artifact_uri);
  Registrar registrar(tx, job, detector.definition, wanted.holder.fence, now);
  Journal journal;
  monitor::Registered done;
  for (const Registration::Model& model : wanted.models) {
    done.models.push_back(registrar.put(metric_of(detector.definition, model, "models"), model));
    journal.registered(done.models.back());
  }
  done.retired = retire_unnamed(tx, detector.definition, now);
  retire_absent(tx, detector.definition, done, now);
  for (const std::string& name : done.retired) journal.retired(job.subject, name);
  log_metrics(tx, job, wanted.metrics, 0, now);
  done.job = end(tx, job, monitor::JobState::succeeded, "", wanted.result, journal, now);
  journal.write(tx, now);
  return done;
}

}  // namespace wakeful::control
