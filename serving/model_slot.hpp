#pragma once
// The model that a model server answers with, and who looks whether it is still the right one.
//
// get() never waits: a new version is loaded beside the old one and then takes its place, so that no request is dropped
// when an alias moves; requests under way keep the model they began with. What cannot be loaded leaves the old one and
// is logged and counted. Threads: any; start and stop from one owner.
#include <memory>
#include <thread>

#include "client/models.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/mutex.hpp"
#include "platform/core/telemetry.hpp"
#include "serving/served_model.hpp"

namespace wakeful::serving {

class ModelSlot {
 public:
  using Model = std::shared_ptr<const ServedModel>;

  /// Loads the version that `uri` names. Borrows `telemetry`. Errors: as ServedModel::load and client::find_version.
  ModelSlot(client::Server server, client::ModelUri uri, core::Telemetry& telemetry);
  ~ModelSlot();

  Model get() const EXCLUDES(mutex_);
  /// Looks once. True if another version took its place. Errors: none; failures are logged and counted.
  bool look() EXCLUDES(mutex_);
  /// Looks again and again, `period` apart, in a thread of its own.
  void start(core::Duration period);
  void stop();

 private:
  void show(const ServedModel& model);

  client::Server server_;
  client::ModelUri uri_;
  core::Telemetry& telemetry_;
  // Shown as 0 from the start: what first appears as 1 has not increased, to a rule that looks for increases.
  core::Counter& replaced_;
  core::Counter& failures_;
  mutable core::Mutex mutex_;
  Model model_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  core::Condition wake_;
  std::thread watcher_;
};

}  // namespace wakeful::serving
