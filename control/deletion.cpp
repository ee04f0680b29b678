#include "control/deletion.hpp"

#include <fmt/format.h>

#include "control/endings.hpp"
#include "control/job_runs.hpp"
#include "monitor/detectors.hpp"
#include "monitor/jobs.hpp"
#include "monitor/online_models.hpp"
#include "monitor/stream_detectors.hpp"
#include "registry/models.hpp"
#include "registry/search.hpp"

namespace wakeful::control {
namespace {

/// Retired ones too; not what a client only tagged alike.
std::vector<std::string> online_models_of(db::Tx& tx, std::string_view detector) {
  std::vector<std::string> names;
  registry::Search search{.filter = fmt::format("tags.detector = '{}'", detector)};
  do {
    const auto page = registry::search_models(tx, search);
    for (const registry::RegisteredModel& model : page.models) {
      const auto state = registry::find_model_state(tx, model.name);
      if (state && state->managed_by == registry::kDetector) names.push_back(model.name);
    }
    search.page_token = page.next_page_token;
  } while (!search.page_token.empty());
  return names;
}

void cancel_jobs(db::Tx& tx, std::string_view detector, core::Timestamp now) {
  for (const monitor::JobState state : {monitor::JobState::pending, monitor::JobState::running}) {
    for (const monitor::Job& job : monitor::list_jobs(tx, {.detector = std::string(detector), .state = state}).rows)
      end_run(tx, monitor::cancel_job(tx, job.id, now), now);
  }
}

}  // namespace

std::vector<std::string> delete_detector(db::Tx& tx, std::string_view name, core::Timestamp now) {
  if (monitor::find_stream(tx, name)) {
    monitor::remove_stream_detector(tx, name);
    return {};
  }
  monitor::lock_detector(tx, name);
  cancel_jobs(tx, name, now);
  std::vector<std::string> models = online_models_of(tx, name);
  for (const std::string& model : models) registry::delete_model(tx, model);
  monitor::drop_models(tx, name);
  monitor::remove_detector(tx, name);
  Journal journal;
  for (const std::string& model : models) journal.retired(name, model);
  journal.deleted(name);
  journal.write(tx, now);
  return models;
}

}  // namespace wakeful::control
