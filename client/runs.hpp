#pragma once
// MLflow's tracking API, as far as programs that train need it: experiments, runs, and what is logged to them.
// Errors and threads: server.hpp.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/server.hpp"
#include "platform/core/clock.hpp"
#include "tracker/wire/requests.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::client {

/// Its id. Errors: conflict if the name is taken.
std::string create_experiment(const Server& server, const tracker::NewExperiment& experiment);
std::optional<tracker::Experiment> find_experiment(const Server& server, std::string_view name);
/// The id of the experiment of that name, made if there is none. Several callers at once get the same one.
std::string ensure_experiment(const Server& server, const std::string& name);

tracker::Run create_run(const Server& server, const tracker::NewRun& run);
tracker::Run get_run(const Server& server, const tracker::RunId& run);
tracker::RunInfo update_run(const Server& server, const tracker::RunUpdate& update);
/// The first page of what a search finds.
std::vector<tracker::Run> search_runs(const Server& server, const tracker::RunSearch& search);

/// A run that has begun: it ends as finished if finish() is called, and as failed otherwise.
class OpenRun {
 public:
  /// Borrows `clock`. Errors: as create_run.
  OpenRun(Server server, tracker::NewRun run, const core::Clock& clock);
  /// What goes wrong here is logged.
  ~OpenRun();
  OpenRun(const OpenRun&) = delete;
  OpenRun& operator=(const OpenRun&) = delete;

  const tracker::RunInfo& info() const { return run_.info; }
  tracker::RunId id() const { return tracker::RunId(run_.info.run_id); }
  void finish();

 private:
  void end(tracker::RunStatus status) const;
  Server server_;
  const core::Clock& clock_;
  tracker::Run run_;
  bool is_finished_ = false;
};

/// Any number of metrics, params and tags, sent in as many batches as the server's limits ask for, params and tags
/// first. Each batch is stored whole or not at all; repeating it changes nothing.
void log_batch(const Server& server, const tracker::RunId& run, const tracker::Batch& batch);

}  // namespace wakeful::client
