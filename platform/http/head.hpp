#pragma once
// The strict reading of a request's head: what is not exactly HTTP/1.1 is refused before anything else sees it.
//
// Two readers that disagree about where a request ends are how requests are smuggled, so nothing here is lenient:
// CRLF only, one Content-Length of digits, no Content-Length beside Transfer-Encoding, no folded lines, no control
// characters. Values are kept as they were sent. Pure: no sockets, no threads. DESIGN.md has the list of attacks.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "platform/http/message.hpp"

namespace wakeful::http {

struct Refusal {
  int status;
  std::string_view reason;  // a sentence for whoever wrote the client
};

struct Head {
  std::string method;
  std::string target;  // starts with '/', or is "*" for OPTIONS; an absolute form has lost its authority to Host
  Headers headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = true;
  bool version_1_0 = false;

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

inline constexpr std::size_t kMaxRequestLine = 8U << 10U;
inline constexpr std::size_t kMaxHeaders = 100;

/// Looks for the end of the head in bytes that arrive bit by bit, each of them once.
class HeadScan {
 public:
  /// The head's length with its empty line, nothing while it is not whole, or why it never will be.
  /// `bytes` is everything that has arrived of this head: it only grows between calls.
  std::variant<std::monostate, std::size_t, Refusal> advance(std::string_view bytes, std::size_t max_head_bytes);

 private:
  std::size_t at_ = 0;    // looked at
  std::size_t line_ = 0;  // where the line begins that is being looked at
  bool request_line_seen_ = false;
};

/// `text` ends with the empty line.
std::variant<Head, Refusal> parse_head(std::string_view text);

}  // namespace wakeful::http
