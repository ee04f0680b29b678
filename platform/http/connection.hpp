#pragma once
// One accepted socket with what has arrived on it and what is still to be sent.
//
// Exactly one thread owns a connection at a time: the poll thread while it handles an event, a worker while it answers.
// While nobody does, it is armed in epoll, and `parked` says what for; that part alone is shared, under its mutex.
// Sockets are non-blocking: only a worker waits, for a client that owes it bytes or room (see Pace).
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/core/mutex.hpp"
#include "platform/http/crew.hpp"
#include "platform/http/head.hpp"

namespace wakeful::http {

using SteadyClock = std::chrono::steady_clock;

/// What a connection waits for while it is armed in epoll.
enum class Phase {
  owned,   // not armed: a thread works on it
  idle,    // the first byte of a request
  head,    // the rest of a head
  body,    // the rest of a body that is small enough to be gathered before a worker is spent on it
  flush,   // room for the rest of an answer
  linger,  // the client's end, so that our answer is not lost with what it still sends
};

/// Bytes that arrive at the end and are consumed at the front, without moving the rest each time.
class Buffer {
 public:
  std::string_view view() const { return std::string_view(bytes_).substr(at_); }
  bool empty() const { return at_ == bytes_.size(); }
  std::size_t size() const { return bytes_.size() - at_; }
  void append(std::string_view more);
  void consume(std::size_t count);

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

enum class Io { done, again, ended };

class Connection {
 public:
  Connection(int fd, std::string remote);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  const std::string& remote() const { return remote_; }

  /// Appends what has arrived, at most `scratch.size()` bytes, to `in`.
  Io receive(std::span<char> scratch);
  /// Reads past `in`, straight to the caller. `count` is set when done.
  Io receive_into(std::span<char> out, std::size_t& count);
  /// Sends of `out` what the socket takes, then of `piece`; what it does not take of `piece` is appended to `out`.
  Io send(std::string_view piece = {});
  /// Whether the client has closed its end.
  bool peer_has_closed() const;
  /// Our last word was said; the client may go on sending.
  void shut_down_sending();

  Buffer in;   // arrived and not consumed
  Buffer out;  // to be sent
  HeadScan scan;
  std::optional<Head> head;                  // whole, its body gathered or not
  SteadyClock::time_point whole_deadline{};  // for the head or body that is arriving, or the answer that is leaving
  bool flushing = false;
  std::size_t held = 0;       // bytes that the poller counts for this connection
  bool keep = false;          // when the answer is sent
  bool unread_input = false;  // when it is not kept: linger before closing

  struct Parked {
    Phase phase = Phase::owned;
    SteadyClock::time_point deadline{};
  };
  core::Mutex mutex;
  Parked parked GUARDED_BY(mutex);

 private:
  int fd_;
  std::string remote_;
};

/// Waits of a worker for its client: never longer than `stall` at once, and on average at least kMinimumRate bytes have
/// to move per second of waiting. Errors: unavailable (408).
class Pace {
 public:
  static constexpr std::uint64_t kMinimumRate = 1024;

  Pace(Crew& crew, Connection& connection, std::chrono::milliseconds stall)
      : crew_(crew), connection_(connection), stall_(stall) {}
  void moved(std::size_t bytes) { moved_ += bytes; }
  /// Until the socket can be read (written), has ended or has failed.
  void wait_readable();
  void wait_writable();

 private:
  void wait(short events);

  Crew& crew_;
  Connection& connection_;
  std::chrono::milliseconds stall_;
  std::chrono::milliseconds waited_{0};
  std::uint64_t moved_ = 0;
};

}  // namespace wakeful::http
