#include "serving/model_slot.hpp"

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"

namespace wakeful::serving {

ModelSlot::ModelSlot(client::Server server, client::ModelUri uri, core::Telemetry& telemetry)
    : server_(std::move(server)),
      uri_(std::move(uri)),
      telemetry_(telemetry),
      replaced_(telemetry.counter("model_reloads_total", "How often another version took the model's place")),
      failures_(telemetry.counter("model_reload_failures_total",
                                  "Looks for another version that failed; the old one serves on")) {
  Model first = ServedModel::load(server_, client::find_version(server_, uri_));
  show(*first);
  core::Lock lock(mutex_);
  model_ = std::move(first);
}

ModelSlot::~ModelSlot() { stop(); }

ModelSlot::Model ModelSlot::get() const {
  core::Lock lock(mutex_);
  return model_;
}

bool ModelSlot::look() {
  const Model old = get();
  try {
    const registry::ModelVersion found = client::find_version(server_, uri_);
    if (found.version == old->version().version && found.source == old->version().source) return false;
    Model next = ServedModel::load(server_, found);
    show(*next);
    core::log::info("model_replaced", {{"model", uri_.name}, {"version", found.version}});
    replaced_.add();
    core::Lock lock(mutex_);
    model_ = std::move(next);
    return true;
  } catch (const std::exception& e) {
    core::log::warn("model_not_looked_up", {{"model", uri_.name}, {"error", e.what()}});
    failures_.add();
    return false;
  }
}

void ModelSlot::start(core::Duration period) {
  watcher_ = std::thread([this, period] {
    while (true) {
      {
        core::Lock lock(mutex_);
        const auto until = std::chrono::steady_clock::now() + period;
        while (!stopping_ && wake_.wait_until(mutex_, until) != std::cv_status::timeout) {
        }
        if (stopping_) return;
      }
      look();
    }
  });
}

void ModelSlot::stop() {
  {
    core::Lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (watcher_.joinable()) watcher_.join();
}

void ModelSlot::show(const ServedModel& model) {
  telemetry_.gauge("model_version", "The version that answers", {{"model", uri_.name}})
      .set(static_cast<double>(model.version().version));
}

}  // namespace wakeful::serving
