#pragma once
// The whole server put together: stores, slices, routes, sockets. The program and the end-to-end tests use the same.
#include <memory>

#include "platform/http/message.hpp"
#include "runner/runner.hpp"
#include "server/settings.hpp"

namespace wakeful::server {

/// What a runner of these settings is told, in the server or elsewhere.
runner::RunnerSettings runner_settings(const Settings& settings);

class App {
 public:
  /// Opens the stores and brings the schema up to date; nothing listens yet.
  /// Errors: invalid for settings that cannot be; unavailable for a store that cannot be opened.
  explicit App(const Settings& settings);
  ~App();

  /// Listens. Errors: unavailable if the address is taken.
  void start();
  int port() const;
  /// Requests answered in-process, as the runner inside the server asks them.
  http::Transport transport() const;
  /// Stops accepting, drains, closes the stores; idempotent.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wakeful::server
