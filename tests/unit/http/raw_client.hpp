#pragma once
// A client that sends exactly the bytes it is given and waits with a bound: for scenarios that no well-behaved client
// plays. Every wait ends after kPatience at the latest.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "platform/http/message.hpp"

namespace wakeful::http {

inline constexpr std::chrono::milliseconds kPatience{20'000};

struct RawAnswer {
  int status = 0;
  std::string head;
  std::string body;
  /// "" if there is none.
  std::string header(std::string_view name) const {
    std::size_t at = head.find("\r\n");
    while (at != std::string::npos && at + 2 < head.size()) {
      const std::size_t end = head.find("\r\n", at + 2);
      const std::string line = head.substr(at + 2, end - at - 2);
      const std::size_t colon = line.find(": ");
      if (colon != std::string::npos && equal_ignoring_case(line.substr(0, colon), name)) return line.substr(colon + 2);
      at = end;
    }
    return {};
  }
};

class RawClient {
 public:
  explicit RawClient(int port, bool ipv6 = false) {
    fd_ = ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = v4.sin_port;
    v6.sin6_addr = in6addr_loopback;
    const int failed = ipv6 ? ::connect(fd_, reinterpret_cast<sockaddr*>(&v6), sizeof v6)
                            : ::connect(fd_, reinterpret_cast<sockaddr*>(&v4), sizeof v4);
    if (failed != 0) throw std::runtime_error("cannot connect");
  }
  ~RawClient() {
    if (fd_ >= 0) ::close(fd_);
  }
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
  RawClient& operator=(RawClient&&) = delete;

  /// False once the server takes no more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd entry{fd_, POLLOUT, 0};
      if (::poll(&entry, 1, static_cast<int>(kPatience.count())) <= 0) return false;
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN) return false;
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// As many bytes as one packet, or one timeout, brings.
  std::string receive_once(std::chrono::milliseconds wait = kPatience) {
    std::string piece(1U << 16U, '\0');
    pollfd entry{fd_, POLLIN, 0};
    const ssize_t n =
        ::poll(&entry, 1, static_cast<int>(wait.count())) > 0 ? ::recv(fd_, piece.data(), piece.size(), 0) : -1;
    ended_ = ended_ || n == 0 || (n < 0 && entry.revents != 0);
    piece.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return piece;
  }

  /// The next answer: its head, and its body by Content-Length, by chunks, or to the end. Status 0: none came.
  RawAnswer answer(bool to_head = false) {
    RawAnswer result;
    if (!wait_for("\r\n\r\n")) return result;
    const std::size_t head = received_.find("\r\n\r\n") + 4;
    result.head = received_.substr(0, head);
    received_.erase(0, head);
    result.status = std::atoi(result.head.c_str() + 9);
    if (to_head || result.status == 204 || result.status == 304 || result.status == 100) return result;
    const std::string length = result.header("Content-Length");
    if (!length.empty()) {
      take(std::strtoull(length.c_str(), nullptr, 10), result.body);
    } else if (result.header("Transfer-Encoding") == "chunked") {
      while (read_chunk(result.body)) {
      }
    } else {
      while (!ended_) received_ += receive_once();
      result.body = std::exchange(received_, {});
    }
    return result;
  }

  RawAnswer ask(std::string_view bytes) {
    send(bytes);
    return answer();
  }

  /// One chunk of a chunked answer; false at the last one, or when none came.
  bool read_chunk(std::string& body) {
    if (!wait_for("\r\n")) return false;
    const std::size_t size = std::strtoull(received_.c_str(), nullptr, 16);
    received_.erase(0, received_.find("\r\n") + 2);
    const bool whole = take(size, body);
    std::string end;
    take(2, end);
    return whole && size != 0;
  }

  /// Reads until the server closes. True: it did, and sent nothing more.
  bool is_closed() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!ended_ && std::chrono::steady_clock::now() < deadline) received_ += receive_once();
    return ended_ && received_.empty();
  }
  bool is_quiet() { return received_.empty() && receive_once(std::chrono::milliseconds(0)).empty() && !ended_; }
  const std::string& rest() const { return received_; }
  void shut_down_sending() { ::shutdown(fd_, SHUT_WR); }
  void set_receive_buffer(int bytes) { ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(std::exchange(fd_, -1));
  }

 private:
  bool wait_for(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (received_.find(text) == std::string::npos) {
      if (ended_ || std::chrono::steady_clock::now() > deadline) return false;
      received_ += receive_once();
    }
    return true;
  }
  bool take(std::size_t size, std::string& to) {
    while (received_.size() < size && !ended_) received_ += receive_once();
    to += received_.substr(0, size);
    const bool whole = received_.size() >= size;
    received_.erase(0, size);
    return whole;
  }

  int fd_ = -1;
  std::string received_;
  bool ended_ = false;
};

}  // namespace wakeful::http
