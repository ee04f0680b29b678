#pragma once
// A tracking server as its clients see it: JSON asked and answered over a Transport, which is http::connect for a
// server far away and Router::transport() inside one.
//
// The typed calls are functions beside it: runs.hpp (MLflow's tracking), files.hpp (artifacts), watch.hpp (detectors,
// jobs, observations, the runner's protocol). Nothing is retried here. Errors, of every call: those that the server
// answers, read back into the code that they had there; unavailable when no whole answer came. Threads: any.
#include <chrono>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "platform/core/json.hpp"
#include "platform/http/message.hpp"

namespace wakeful::client {

/// "?name=value&…" of what is not empty, percent-encoded; "" for nothing.
std::string query_of(std::initializer_list<std::pair<std::string_view, std::string>> parts);

class Server {
 public:
  explicit Server(http::Transport transport, std::chrono::milliseconds timeout = std::chrono::seconds(60));

  core::JsonDocument get(const std::string& target) const;
  core::JsonDocument post(const std::string& target, std::string json) const;
  /// Any request; its deadline, if it has none, becomes `timeout` from now. Errors: also any answer of 400 and more.
  http::Response send(http::Request request) const;

  /// The same server with a longer or shorter patience.
  Server with_timeout(std::chrono::milliseconds timeout) const;
  /// The same server; in-process handlers that wait ask `cancelled` whether anybody still does.
  Server with_cancel(std::function<bool()> cancelled) const;

 private:
  http::Transport transport_;
  std::chrono::milliseconds timeout_;
  std::function<bool()> cancelled_;
};

/// A request with a body of known length.
http::Request make_request(std::string method, std::string target, std::string body = {},
                           std::string_view content_type = "application/json");

/// The JSON text of anything that has a `write`.
template <class T>
std::string json_of(const T& value) {
  core::JsonWriter json;
  write(json, value);
  return json.take();
}

}  // namespace wakeful::client
