#include "platform/http/connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/core/error.hpp"

namespace wakeful::http {
namespace {

constexpr std::size_t kKeptCapacity = 4U << 10U;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

void Buffer::append(std::string_view more) {
  if (at_ > 0 && at_ >= bytes_.size() / 2) {
    bytes_.erase(0, at_);
    at_ = 0;
  }
  bytes_.append(more);
}

void Buffer::consume(std::size_t count) {
  at_ += count;
  if (at_ < bytes_.size()) return;
  at_ = 0;
  // A connection that idles should not keep the room of its largest request.
  if (bytes_.capacity() > kKeptCapacity)
    std::string().swap(bytes_);
  else
    bytes_.clear();
}

Connection::Connection(int fd, std::string remote) : fd_(fd), remote_(std::move(remote)) {}
Connection::~Connection() { ::close(fd_); }

Io Connection::receive(std::span<char> scratch) {
  std::size_t count = 0;
  const Io io = receive_into(scratch, count);
  if (io == Io::done) in.append({scratch.data(), count});
  return io;
}

Io Connection::receive_into(std::span<char> out_bytes, std::size_t& count) {
  const ssize_t n = ::recv(fd_, out_bytes.data(), out_bytes.size(), MSG_DONTWAIT);
  if (n < 0) return would_block() ? Io::again : Io::ended;
  if (n == 0) return Io::ended;
  count = static_cast<std::size_t>(n);
  return Io::done;
}

Io Connection::send(std::string_view piece) {
  while (!out.empty() || !piece.empty()) {
    const std::string_view first = out.view();
    // sendmsg does not write through its pointers, whatever their type says.
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()}, {const_cast<char*>(piece.data()), piece.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t n = ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && !would_block()) return Io::ended;
    if (n < 0) break;
    const std::size_t of_out = std::min(static_cast<std::size_t>(n), first.size());
    out.consume(of_out);
    piece.remove_prefix(static_cast<std::size_t>(n) - of_out);
  }
  out.append(piece);
  return out.empty() ? Io::done : Io::again;
}

bool Connection::peer_has_closed() const {
  pollfd entry{fd_, POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void Connection::shut_down_sending() { ::shutdown(fd_, SHUT_WR); }

void Pace::wait_readable() { wait(POLLIN); }
void Pace::wait_writable() { wait(POLLOUT); }

void Pace::wait(short events) {
  using std::chrono::milliseconds;
  const Crew::Waiting waiting(crew_);
  if (!waiting.allowed()) throw core::unavailable("too many clients are slow").with_wire({}, 408);
  const milliseconds earned(moved_ * 1000 / kMinimumRate);
  const milliseconds patience = std::min(stall_, stall_ + earned - waited_);
  const auto start = SteadyClock::now();
  pollfd entry{connection_.fd(), events, 0};
  int ready = 0;
  do {
    const auto left = std::chrono::ceil<milliseconds>(start + patience - SteadyClock::now());
    ready = left.count() > 0 ? ::poll(&entry, 1, static_cast<int>(left.count())) : 0;
  } while (ready < 0 && errno == EINTR);
  waited_ += std::chrono::ceil<milliseconds>(SteadyClock::now() - start);
  if (ready == 0) throw core::unavailable("the client is too slow").with_wire({}, 408);
}

}  // namespace wakeful::http
