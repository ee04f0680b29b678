#include "platform/http/incoming_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "platform/core/error.hpp"

namespace wakeful::http {
namespace {

constexpr std::size_t kFill = 16U << 10U;
constexpr std::size_t kMaxChunkLine = 256;  // a size and its extension
constexpr std::size_t kMaxTrailers = 8U << 10U;

class Reader final : public BodyReader {
 public:
  explicit Reader(IncomingBody& body) : body_(body) {}
  std::size_t read(std::span<char> out) override { return body_.read(out); }

 private:
  IncomingBody& body_;
};

}  // namespace

IncomingBody::IncomingBody(Connection& connection, Pace& pace, const Head& head)
    : connection_(connection),
      pace_(pace),
      state_(head.chunked ? State::chunk_size : State::length),
      left_(head.chunked ? 0 : head.content_length.value_or(0)),
      expects_continue_(head.expects_continue) {
  if (!head.has_body()) state_ = State::done;
}

std::unique_ptr<BodyReader> IncomingBody::reader() { return std::make_unique<Reader>(*this); }

std::size_t IncomingBody::read(std::span<char> out) {
  if (out.empty()) return 0;
  return read_some(out, true);
}

bool IncomingBody::drain_arrived(std::size_t limit) {
  std::array<char, kFill> discarded;
  try {
    // A client that waits for 100 Continue has not sent its body: nothing to drain, and no telling what comes next.
    if (expects_continue_) return state_ == State::done;
    for (std::size_t drained = 0; state_ != State::done && drained <= limit;) {
      const std::size_t n = read_some(discarded, false);
      if (n == 0) break;
      drained += n;
    }
  } catch (const core::Error&) {
    return false;
  }
  return state_ == State::done;
}

std::size_t IncomingBody::read_some(std::span<char> out, bool may_wait) {
  for (;;) {
    std::string_view line;
    switch (state_) {
      case State::done:
        return 0;
      case State::broken:
        throw core::invalid("the request's body is broken");
      case State::length:
      case State::chunk:
        return read_counted(out, may_wait);
      case State::chunk_size:
      case State::chunk_end:
      case State::trailer:
        if (!read_line(line, may_wait)) return 0;
        end_line(line);
        // The line is consumed only after it was looked at: `line` lies in the buffer.
        connection_.in.consume(line.size() + 2);
        break;
    }
  }
}

std::size_t IncomingBody::read_counted(std::span<char> out, bool may_wait) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left_, out.size()));
  std::size_t count = 0;
  if (!connection_.in.empty()) {
    count = connection_.in.view().copy(out.data(), wanted);
    connection_.in.consume(count);
  } else {
    say_continue();
    for (;;) {
      const Io io = connection_.receive_into(out.first(wanted), count);
      if (io == Io::done) break;
      if (io == Io::ended) fail("the request's body is cut");
      if (!may_wait) return 0;
      pace_.wait_readable();
    }
    pace_.moved(count);
  }
  left_ -= count;
  if (left_ == 0) state_ = state_ == State::length ? State::done : State::chunk_end;
  return count;
}

bool IncomingBody::read_line(std::string_view& line, bool may_wait) {
  const std::size_t limit = state_ == State::trailer ? kMaxTrailers : kMaxChunkLine;
  for (;;) {
    const std::string_view in = connection_.in.view();
    const auto end = in.substr(0, limit).find('\n');
    if (end != std::string_view::npos) {
      if (end == 0 || in[end - 1] != '\r') fail("a line between chunks ends without a carriage return");
      line = in.substr(0, end - 1);
      return true;
    }
    if (in.size() >= limit) fail("a line between chunks is too long");
    if (!fill(may_wait)) return false;
  }
}

bool IncomingBody::fill(bool may_wait) {
  say_continue();
  std::array<char, kFill> scratch;
  for (;;) {
    const std::size_t before = connection_.in.size();
    const Io io = connection_.receive(scratch);
    if (io == Io::done) {
      pace_.moved(connection_.in.size() - before);
      return true;
    }
    if (io == Io::ended) fail("the request's body is cut");
    if (!may_wait) return false;
    pace_.wait_readable();
  }
}

void IncomingBody::end_line(std::string_view line) {
  switch (state_) {
    case State::chunk_size:
      begin_chunk(line);
      return;
    case State::chunk_end:
      if (!line.empty()) fail("a chunk is longer than its size");
      state_ = State::chunk_size;
      return;
    default:  // a trailer: no one here asks for them
      trailer_bytes_ += line.size() + 2;
      if (trailer_bytes_ > kMaxTrailers) fail("the trailers are too large");
      if (line.empty()) state_ = State::done;
  }
}

void IncomingBody::begin_chunk(std::string_view line) {
  const auto digits = std::min(line.find_first_of("; \t"), line.size());
  const auto [end, error] = std::from_chars(line.data(), line.data() + digits, left_, 16);
  const bool whole = digits > 0 && end == line.data() + digits && error == std::errc{};
  if (!whole || left_ > (std::uint64_t{1} << 62U)) fail("a chunk's size is not a hexadecimal number");
  const bool control =
      std::any_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
  if (control) fail("a chunk's extension holds a control character");
  state_ = left_ == 0 ? State::trailer : State::chunk;
}

void IncomingBody::fail(const char* reason) {
  state_ = State::broken;
  throw core::invalid(reason);
}

void IncomingBody::say_continue() {
  if (!expects_continue_) return;
  expects_continue_ = false;
  if (connection_.send("HTTP/1.1 100 Continue\r\n\r\n") == Io::ended) fail("the client has gone");
}

}  // namespace wakeful::http
