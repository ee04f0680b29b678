// Any bytes are a chunked body or a broken one: reading them ends, and never gives more than was sent.
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/core/error.hpp"
#include "platform/http/incoming_body.hpp"

using namespace wakeful::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > (64U << 10U)) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t arrived = std::min<std::size_t>(static_cast<unsigned char>(bytes.front()), size - 1);
  bytes.remove_prefix(1);

  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::abort();
  Connection client(ends[0], {});
  Connection server(ends[1], {});
  server.in.append(bytes.substr(0, arrived));
  client.send(bytes.substr(arrived));
  client.shut_down_sending();

  Crew crew({1, 1, 1}, [] { return [](Connection&) {}; });
  Pace pace(crew, server, std::chrono::milliseconds(100));
  Head head;
  head.chunked = true;
  IncomingBody body(server, pace, head);
  std::array<char, 999> piece{};
  std::size_t total = 0;
  try {
    while (const std::size_t n = body.read(piece)) total += n;
    if (!body.drain_arrived(0)) std::abort();
  } catch (const wakeful::core::Error& error) {
    if (error.code() != wakeful::core::ErrorCode::invalid) std::abort();
    if (body.drain_arrived(1U << 20U)) std::abort();
  }
  if (total > size) std::abort();
  return 0;
}
