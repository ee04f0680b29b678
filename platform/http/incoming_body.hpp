#pragma once
// The body of the request that a worker is answering, read from its connection as the handler asks for it.
//
// Length or chunks are counted here and nowhere else, so the next request begins exactly where this body ends; a body
// that breaks the rules, or was not read to its end, costs the connection. One thread: the worker's.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "platform/http/connection.hpp"
#include "platform/http/message.hpp"

namespace wakeful::http {

class IncomingBody {
 public:
  /// Borrows connection and pace; `head` is read here only.
  IncomingBody(Connection& connection, Pace& pace, const Head& head);

  /// What a Request carries; borrows this.
  std::unique_ptr<BodyReader> reader();
  /// Errors: invalid for a body that is cut or broken, unavailable (408) for a client that is too slow.
  std::size_t read(std::span<char> out);
  /// Reads the rest, as far as it has arrived and is no more than `limit` bytes. True: the body is at its end.
  bool drain_arrived(std::size_t limit);

 private:
  enum class State { length, chunk_size, chunk, chunk_end, trailer, done, broken };

  std::size_t read_some(std::span<char> out, bool may_wait);
  std::size_t read_counted(std::span<char> out, bool may_wait);
  bool read_line(std::string_view& line, bool may_wait);
  bool fill(bool may_wait);
  void begin_chunk(std::string_view line);
  void end_line(std::string_view line);
  [[noreturn]] void fail(const char* reason);
  void say_continue();

  Connection& connection_;
  Pace& pace_;
  State state_;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
  std::size_t trailer_bytes_ = 0;
  bool expects_continue_;
};

}  // namespace wakeful::http
