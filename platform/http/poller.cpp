#include "platform/http/poller.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

namespace wakeful::http {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kScratch = 64U << 10U;
/// Bodies up to this size are gathered before a worker is spent on them.
constexpr std::uint64_t kGathered = 64U << 10U;
constexpr int kEvents = 256;

/// How long so many bytes take at the least rate that a client is waited for.
milliseconds at_least_rate(std::uint64_t bytes) { return milliseconds(bytes * 1000 / Pace::kMinimumRate); }

std::string refusal_text(Refusal refusal) {
  const std::string_view name = refusal.status == 503   ? "TEMPORARILY_UNAVAILABLE"
                                : refusal.status == 501 ? "NOT_IMPLEMENTED"
                                                        : "BAD_REQUEST";
  core::JsonWriter json;
  json.begin_object().member("error_code", name).member("message", refusal.reason).end_object();
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {}\r\n"
      "{}Connection: close\r\n\r\n{}",
      refusal.status, reason_phrase(refusal.status), json.text().size(),
      refusal.status == 503 ? "Retry-After: 1\r\n" : "", json.text());
}

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  else if (address.ss_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  const std::string_view plain = text;
  constexpr std::string_view kMapped = "::ffff:";
  return std::string(plain.starts_with(kMapped) ? plain.substr(kMapped.size()) : plain);
}

}  // namespace

Poller::Poller(const ServerOptions& options, core::Telemetry& telemetry, std::function<bool(Connection&)> offer)
    : options_(options),
      offer_(std::move(offer)),
      telemetry_(telemetry),
      open_(telemetry.gauge("wakeful_http_connections", "Open connections, idle ones included.")),
      scratch_(kScratch) {
  const milliseconds shortest =
      std::min({options.head_timeout, options.idle_timeout, options.stall_timeout, options.linger_timeout});
  tick_ = std::clamp(shortest / 4, milliseconds(5), milliseconds(500));
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_ < 0 || wake_ < 0) throw core::unavailable("no file descriptors are left for the HTTP server");
  epoll_event event{EPOLLIN, {.ptr = &wake_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

Poller::~Poller() {
  finish();
  for (const int fd : {epoll_, wake_, listener_})
    if (fd >= 0) ::close(fd);
}

void Poller::start(int listener) {
  listener_ = listener;
  ::fcntl(listener_, F_SETFL, ::fcntl(listener_, F_GETFL) | O_NONBLOCK);
  epoll_event event{EPOLLIN, {.ptr = &listener_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  accepting_ = true;
  thread_ = std::thread([this] { run(); });
}

void Poller::stop_accepting() {
  stopping_ = true;
  ::eventfd_write(wake_, 1);
}

bool Poller::wait_until_empty(SteadyClock::time_point deadline) {
  const core::Lock lock(mutex_);
  while (!connections_.empty())
    if (emptied_.wait_until(mutex_, deadline) == std::cv_status::timeout) return connections_.empty();
  return true;
}

void Poller::cut_all() {
  const core::Lock lock(mutex_);
  // A socket is closed only after its connection has left the table, so these descriptors are still ours.
  for (const auto& [connection, owned] : connections_) ::shutdown(connection->fd(), SHUT_RDWR);
}

void Poller::finish() {
  finished_ = true;
  ::eventfd_write(wake_, 1);
  if (thread_.joinable()) thread_.join();
  const core::Lock lock(mutex_);
  connections_.clear();
}

void Poller::run() {
  std::array<epoll_event, kEvents> events;
  auto next_sweep = SteadyClock::now() + tick_;
  while (!finished_.load()) {
    const milliseconds wait = stopping() ? milliseconds(5) : tick_;
    const int count = ::epoll_wait(epoll_, events.data(), kEvents, static_cast<int>(wait.count()));
    for (int i = 0; i < count; ++i) {
      void* const source = events[static_cast<std::size_t>(i)].data.ptr;
      if (source == &wake_) {
        eventfd_t ignored = 0;
        ::eventfd_read(wake_, &ignored);
        next_sweep = {};
      } else if (source == &listener_) {
        accept_all();
      } else {
        on_event(*static_cast<Connection*>(source));
      }
    }
    if (SteadyClock::now() < next_sweep) continue;
    sweep();
    next_sweep = SteadyClock::now() + wait;
  }
}

void Poller::accept_all() {
  for (int i = 0; i < kEvents; ++i) {  // the rest at the next round: a flood must not keep the others waiting
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(listener_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      admit(fd, address_text(address));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause_accepting();
    return;
  }
}

/// Out of descriptors: epoll would report the waiting connection at once, again and again. The sweep resumes.
void Poller::pause_accepting() {
  telemetry_.counter("wakeful_http_accept_failures_total", "Times that no descriptor was left for a connection.").add();
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
  accepting_ = false;
}

void Poller::admit(int fd, std::string remote) {
  auto owned = std::make_unique<Connection>(fd, std::move(remote));
  Connection& connection = *owned;
  bool full = false;
  {
    const core::Lock lock(mutex_);
    full = connections_.size() >= options_.max_connections;
    connections_.emplace(&connection, std::move(owned));
    open_.set(static_cast<double>(connections_.size()));
  }
  epoll_event event{0, {.ptr = &connection}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return close(connection);
  if (!full) return arm(connection, Phase::idle, SteadyClock::now() + options_.idle_timeout);
  connection.send(refusal_text({503, "There are too many connections."}));
  close(connection);
}

void Poller::close(Connection& connection) {
  std::unique_ptr<Connection> owned;
  hold(connection, 0);
  const core::Lock lock(mutex_);
  const auto at = connections_.find(&connection);
  owned = std::move(at->second);
  connections_.erase(at);
  open_.set(static_cast<double>(connections_.size()));
  owned.reset();  // under the lock: who sees the table empty may rely on every socket being closed
  if (connections_.empty()) emptied_.notify_all();
}

void Poller::arm(Connection& connection, Phase phase, SteadyClock::time_point deadline) {
  epoll_event event{(phase == Phase::flush ? EPOLLOUT : EPOLLIN) | EPOLLONESHOT, {.ptr = &connection}};
  const core::Lock lock(connection.mutex);
  connection.parked = {phase, deadline};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd(), &event);
}

void Poller::on_event(Connection& connection) {
  Connection::Parked parked;
  {
    const core::Lock lock(connection.mutex);
    parked = std::exchange(connection.parked, {});
  }
  switch (parked.phase) {
    case Phase::owned:
      return;  // cannot be: armed for one event only
    case Phase::idle:
    case Phase::head:
    case Phase::body:
      return on_input(connection, parked.phase);
    case Phase::flush:
      if (after_answer(connection) == Step::ready) hand_over(connection);
      return;
    case Phase::linger:
      return discard(connection, parked.deadline);
  }
}

void Poller::on_input(Connection& connection, Phase phase) {
  const Io io = connection.receive(scratch_);
  if (io == Io::ended) {
    if (phase == Phase::body)
      refuse(connection, {400, "The request's body is cut."});
    else
      close(connection);
    return;
  }
  if (phase == Phase::idle) connection.whole_deadline = SteadyClock::now() + options_.head_timeout;
  if (advance(connection) == Step::ready) hand_over(connection);
}

void Poller::hand_over(Connection& connection) {
  if (!offer_(connection)) refuse(connection, {503, "The server is busy."});
}

Poller::Step Poller::advance(Connection& connection) {
  if (connection.head) return await_body(connection);
  while (connection.in.view().starts_with("\r\n")) connection.in.consume(2);  // some clients end a body with one
  const std::string_view bytes = connection.in.view();
  if (bytes.empty()) {
    hold(connection, 0);
    arm(connection, Phase::idle, SteadyClock::now() + options_.idle_timeout);
    return Step::parked;
  }
  const auto scanned = connection.scan.advance(bytes, options_.max_head_bytes);
  if (const auto* refusal = std::get_if<Refusal>(&scanned)) return refuse(connection, *refusal);
  const auto* size = std::get_if<std::size_t>(&scanned);
  if (size == nullptr) return await_more(connection, Phase::head, connection.whole_deadline);
  auto parsed = parse_head(bytes.substr(0, *size));
  connection.scan = {};
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(connection, *refusal);
  connection.in.consume(*size);
  connection.head = std::get<Head>(std::move(parsed));
  const std::uint64_t length = connection.head->content_length.value_or(0);
  if (connection.head->has_body())
    connection.whole_deadline = SteadyClock::now() + options_.stall_timeout + at_least_rate(length);
  return await_body(connection);
}

Poller::Step Poller::await_body(Connection& connection) {
  const Head& head = *connection.head;
  const std::uint64_t length = head.content_length.value_or(0);
  if (head.expects_continue || length > kGathered || connection.in.size() >= length) {
    hold(connection, 0);
    return Step::ready;
  }
  const auto stalled = SteadyClock::now() + options_.stall_timeout;
  return await_more(connection, Phase::body, std::min(stalled, connection.whole_deadline));
}

Poller::Step Poller::await_more(Connection& connection, Phase phase, SteadyClock::time_point deadline) {
  if (!hold(connection, connection.in.size())) return refuse(connection, {503, "Too many requests are unfinished."});
  arm(connection, phase, deadline);
  return Step::parked;
}

/// Counts what a connection keeps in memory while nobody works on it. False: all together keep too much; a single one
/// may keep what it needs.
bool Poller::hold(Connection& connection, std::size_t bytes) {
  const std::size_t before = std::exchange(connection.held, bytes);
  if (before == bytes) return true;
  const std::size_t total = held_.fetch_add(bytes - before) + bytes - before;
  return total <= options_.max_held_bytes || total == bytes;
}

Poller::Step Poller::refuse(Connection& connection, Refusal refusal) {
  telemetry_
      .counter("wakeful_http_refused_total", "Requests refused before they reached a route.",
               {{"code", fmt::format_int(refusal.status).c_str()}})
      .add();
  connection.in.consume(connection.in.size());
  connection.out.append(refusal_text(refusal));
  connection.keep = false;
  connection.unread_input = true;
  return after_answer(connection);
}

bool Poller::settle(Connection& connection) { return after_answer(connection) == Step::ready; }

Poller::Step Poller::after_answer(Connection& connection) {
  const Io io = connection.send();
  if (io == Io::again) {
    const auto stalled = SteadyClock::now() + options_.stall_timeout;
    if (!hold(connection, connection.out.size())) {
      close(connection);
      return Step::gone;
    }
    if (!std::exchange(connection.flushing, true))
      connection.whole_deadline = stalled + at_least_rate(connection.out.size());
    arm(connection, Phase::flush, std::min(stalled, connection.whole_deadline));
    return Step::parked;
  }
  connection.flushing = false;
  if (io == Io::done && connection.keep) {
    connection.whole_deadline = SteadyClock::now() + options_.head_timeout;
    return advance(connection);
  }
  if (io == Io::done && connection.unread_input) return linger(connection);
  close(connection);
  return Step::gone;
}

Poller::Step Poller::linger(Connection& connection) {
  connection.shut_down_sending();
  connection.in.consume(connection.in.size());
  hold(connection, 0);
  arm(connection, Phase::linger, SteadyClock::now() + options_.linger_timeout);
  return Step::parked;
}

void Poller::discard(Connection& connection, SteadyClock::time_point deadline) {
  std::size_t count = 0;
  const Io io = connection.receive_into(scratch_, count);
  if (io == Io::ended)
    close(connection);
  else
    arm(connection, Phase::linger, deadline);
}

void Poller::sweep() {
  if (stopping() && listener_ >= 0) {
    ::close(std::exchange(listener_, -1));
    accepting_ = false;
  }
  if (listener_ >= 0 && !accepting_) {
    epoll_event event{EPOLLIN, {.ptr = &listener_}};
    accepting_ = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) == 0;
  }
  const auto now = SteadyClock::now();
  std::vector<std::pair<Connection*, Phase>> expired;
  {
    const core::Lock lock(mutex_);
    for (const auto& [connection, owned] : connections_) {
      const core::Lock parked_lock(connection->mutex);
      Connection::Parked& parked = connection->parked;
      if (parked.phase == Phase::owned) continue;
      const bool unwanted = stopping() && (parked.phase == Phase::idle || parked.phase == Phase::head);
      if (parked.deadline > now && !unwanted) continue;
      expired.emplace_back(connection, std::exchange(parked, {}).phase);
    }
  }
  for (const auto& [connection, phase] : expired) expire(*connection, phase);
}

void Poller::expire(Connection& connection, Phase phase) {
  // Taken without an event, so it is still armed: the next arm() replaces that, close() ends it.
  if (!stopping() && phase == Phase::head)
    refuse(connection, {408, "The request's head took too long."});
  else if (phase == Phase::body)
    refuse(connection, {408, "The request's body took too long."});
  else
    close(connection);
}

}  // namespace wakeful::http
