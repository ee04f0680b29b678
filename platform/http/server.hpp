#pragma once
// Sockets in front of a Router: cpp-httplib behind our own loop, which parks idle connections in one poll thread and
// hands whole requests to a bounded pool of workers. Why not the library's own loop: DESIGN.md.
//
// Threads: one poll thread, `workers` workers, and one more for each that waits for a slow client. start(), stop() from
// one owner; stop() is idempotent. The handler is called on workers, any number at once.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "platform/core/telemetry.hpp"
#include "platform/http/message.hpp"

namespace wakeful::http {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: a free one
  int workers = 16;
  std::size_t max_connections = 10'000;
  std::size_t queue = 1'024;      // whole requests waiting for a worker; beyond: 503 with Retry-After
  std::size_t max_waiting = 256;  // workers held up by slow clients, each replaced meanwhile; beyond: cut
  std::size_t max_head_bytes = 32U << 10U;
  std::size_t max_held_bytes = 128U << 20U;  // of all unfinished requests and unsent answers; beyond: 503, or cut
  std::chrono::milliseconds head_timeout{10'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds stall_timeout{10'000};  // between two pieces of a body
  std::chrono::milliseconds linger_timeout{1'000};  // after an answer that ends a connection with input left
  std::chrono::milliseconds drain_timeout{10'000};  // at stop
};

class Server {
 public:
  Server(Transport handler, core::Telemetry& telemetry, ServerOptions options);
  ~Server();

  /// Binds and listens; returns once connections are accepted. Errors: unavailable if the address is taken, invalid if
  /// it cannot be.
  void start();
  int port() const;
  /// Stops accepting, lets requests under way finish within drain_timeout, closes everything.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wakeful::http
