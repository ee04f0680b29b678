#include "control/run_now.hpp"

#include "monitor/detectors.hpp"
#include "monitor/jobs.hpp"
#include "monitor/timing.hpp"
#include "platform/core/error.hpp"

namespace wakeful::control {

monitor::Job request_run(db::Tx& tx, std::string_view name, const RunRequest& request, const std::string& id,
                         core::Timestamp now) {
  const monitor::Detector detector = monitor::lock_detector(tx, name);
  monitor::Interval asked{.from = request.from, .until = request.until};
  if (request.kind == monitor::JobKind::predict) {
    asked = monitor::plan_prediction(detector.definition, now, asked);
  } else {
    if (request.from) throw core::invalid("'from': only predictions have a beginning of their own", "from");
    monitor::plan_interval(detector.definition.time_spec, request.kind, now, request.until);  // refuses what cannot be
  }
  if (const auto open = monitor::find_open_job(tx, name, request.kind, asked.until, asked.from)) {
    monitor::hasten_jobs(tx, name, request.kind, now);
    monitor::train_all(tx, open->id);
    return monitor::get_job(tx, open->id);
  }
  monitor::add_job(tx,
                   {.id = id,
                    .run_id = id,
                    .detector = std::string(name),
                    .kind = request.kind,
                    .asked_until = asked.until,
                    .from = asked.from},
                   now);
  return monitor::get_job(tx, id);
}

}  // namespace wakeful::control
