#pragma once
// The one who works: claims jobs, evaluates and trains, and commits what it found over the server's API.
//
// It is a client, inside the server (Router::transport) or on another machine (http::connect): it holds no state that a
// kill could lose and touches no table. Each of its threads works on one job at a time; they take turns in asking for
// the next, so that one runner waits at the server once. What must be atomic is the server's work; what was not
// committed when a runner died is done again by whoever claims the job next. Beside the jobs it runs the stream
// detectors that are applied (streams/crew.hpp). Semantics: monitoring.md §5.
#include <map>
#include <memory>
#include <string>

#include "platform/core/clock.hpp"
#include "platform/core/telemetry.hpp"
#include "platform/http/message.hpp"
#include "runner/source.hpp"

namespace wakeful::runner {

struct RunnerSettings {
  std::string name{};  // shown as the jobs' owner; "": host and process
  core::Duration lease = std::chrono::seconds(60);
  int workers = 2;
  /// How long one request for a job may wait at the server.
  core::Duration claim_wait = std::chrono::seconds(2);
  /// How long stop() lets running jobs go on.
  std::chrono::milliseconds drain = std::chrono::seconds(3);
  std::map<std::string, std::string> connections{};  // name -> URI, for sql sources
  SourceSettings sources{};
};

class Runner {
 public:
  /// Nothing happens before start(). `telemetry` outlives it.
  Runner(http::Transport transport, core::Telemetry& telemetry, RunnerSettings settings);
  ~Runner();

  void start();
  /// Claims nothing more, lets running jobs end for a while, then gives them back. Idempotent.
  void stop();
  /// Claims one job that is due and works on it in the caller's thread; false if there was none. Errors: as claim.
  bool run_one();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wakeful::runner
