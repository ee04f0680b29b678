#pragma once
// The poll thread: accepts, gathers heads and small bodies, sends what is left of answers, ends what takes too long.
//
// Idle connections cost a few hundred bytes and no thread. A connection is armed in epoll for one event at a time
// (ONESHOT), so whoever takes the event owns the connection; a worker gives it back with settle().
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "platform/core/mutex.hpp"
#include "platform/core/telemetry.hpp"
#include "platform/http/connection.hpp"
#include "platform/http/server.hpp"

namespace wakeful::http {

class Poller {
 public:
  /// `offer` hands a connection with a whole request to the workers, or says that they are busy.
  Poller(const ServerOptions& options, core::Telemetry& telemetry, std::function<bool(Connection&)> offer);
  ~Poller();

  /// Owns `listener` from here on.
  void start(int listener);
  /// No more connections; those without a request under way are closed.
  void stop_accepting();
  /// False: at the deadline some were still open.
  bool wait_until_empty(SteadyClock::time_point deadline);
  /// Makes every read and write on the remaining sockets fail.
  void cut_all();
  /// Ends the thread and closes what is left. No worker may own a connection any more.
  void finish();

  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  /// For the owner of an answered connection: sends what is left of the answer, then parks, lingers or closes.
  /// True: a further request has arrived whole already, and the caller still owns the connection.
  bool settle(Connection& connection);
  void close(Connection& connection);

 private:
  enum class Step { parked, ready, gone };

  void run();
  void accept_all();
  void admit(int fd, std::string remote);
  void on_event(Connection& connection);
  void on_input(Connection& connection, Phase phase);
  Step after_answer(Connection& connection);
  Step advance(Connection& connection);
  Step await_body(Connection& connection);
  Step await_more(Connection& connection, Phase phase, SteadyClock::time_point deadline);
  bool hold(Connection& connection, std::size_t bytes);
  Step refuse(Connection& connection, Refusal refusal);
  Step linger(Connection& connection);
  void discard(Connection& connection, SteadyClock::time_point deadline);
  void hand_over(Connection& connection);
  void sweep();
  void expire(Connection& connection, Phase phase);
  void arm(Connection& connection, Phase phase, SteadyClock::time_point deadline);
  void pause_accepting();

  const ServerOptions options_;
  const std::function<bool(Connection&)> offer_;
  core::Telemetry& telemetry_;
  core::Gauge& open_;
  std::chrono::milliseconds tick_;
  int epoll_ = -1;
  int wake_ = -1;
  int listener_ = -1;
  bool accepting_ = false;  // the poll thread's
  std::vector<char> scratch_;
  std::thread thread_;
  std::atomic<std::size_t> held_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> finished_{false};
  core::Mutex mutex_;
  core::Condition emptied_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_ GUARDED_BY(mutex_);
};

}  // namespace wakeful::http
