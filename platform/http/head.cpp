#include "platform/http/head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "platform/core/text.hpp"

namespace wakeful::http {
namespace {

constexpr std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kToken = token_table();

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

using Verdict = std::optional<Refusal>;

class Parser {
 public:
  Verdict request_line(std::string_view line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return Refusal{400, "The request line has three parts."};
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (auto refusal = version(line.substr(last + 1))) return refusal;
    if (auto refusal = method(line.substr(0, first))) return refusal;
    if (!std::all_of(target.begin(), target.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '#'; }))
      return Refusal{400, "The request's target holds a blank, a control character or a fragment."};
    return set_target(target);
  }

  Verdict header(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') return Refusal{400, "A header is folded over two lines."};
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return Refusal{400, "A header has no colon."};
    const std::string_view name = line.substr(0, colon);
    if (!is_token(name)) return Refusal{400, "A header's name holds a character that names do not have."};
    const std::string_view value = trim_blanks(line.substr(colon + 1));
    if (has_control(value)) return Refusal{400, "A header's value holds a control character."};
    if (++headers_ > kMaxHeaders) return Refusal{431, "There are more than 100 headers."};
    if (auto refusal = meaning(name, value)) return refusal;
    head_.headers.add(std::string(name), std::string(value));
    return std::nullopt;
  }

  Verdict finish() {
    const bool has_host = head_.headers.find("Host").has_value();
    if (!has_host && !head_.version_1_0) return Refusal{400, "There is no Host header."};
    if (head_.chunked && head_.content_length)
      return Refusal{400, "Content-Length and Transfer-Encoding do not go together."};
    if (head_.chunked && head_.version_1_0) return Refusal{400, "HTTP/1.0 has no Transfer-Encoding."};
    head_.keep_alive = head_.version_1_0 ? asks_keep_ && !asks_close_ : !asks_close_;
    if (head_.version_1_0) head_.expects_continue = false;
    if (!authority_.empty()) head_.headers.set("Host", std::move(authority_));
    return std::nullopt;
  }

  Head take() { return std::move(head_); }

 private:
  Verdict version(std::string_view text) {
    if (text == "HTTP/1.1") return std::nullopt;
    if (text == "HTTP/1.0") {
      head_.version_1_0 = true;
      return std::nullopt;
    }
    if (text.starts_with("HTTP/")) return Refusal{505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
    return Refusal{400, "The request line does not end in a version."};
  }

  Verdict method(std::string_view text) {
    static constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"};
    if (std::find(std::begin(kMethods), std::end(kMethods), text) != std::end(kMethods)) {
      head_.method = text;
      return std::nullopt;
    }
    if (is_token(text)) return Refusal{501, "The method is not one that is known here."};
    return Refusal{400, "The method is not a token."};
  }

  Verdict set_target(std::string_view target) {
    if (target == "*" && head_.method == "OPTIONS") {
      head_.target = "*";
      return std::nullopt;
    }
    for (const std::string_view scheme : {"http://", "https://"}) {
      if (!starts_with_ignoring_case(target, scheme)) continue;
      target.remove_prefix(scheme.size());
      const auto end = std::min(target.find_first_of("/?"), target.size());
      authority_ = target.substr(0, end);
      target.remove_prefix(end);
      if (authority_.empty()) return Refusal{400, "The request's target has no host."};
      head_.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
      return std::nullopt;
    }
    if (target.empty() || target.front() != '/') return Refusal{400, "The request's target does not start with '/'."};
    head_.target = target;
    return std::nullopt;
  }

  Verdict meaning(std::string_view name, std::string_view value) {
    switch (name.size()) {
      case 4:
        if (equal_ignoring_case(name, "Host")) return host(value);
        break;
      case 6:
        if (equal_ignoring_case(name, "Expect")) return expect(value);
        break;
      case 10:
        if (equal_ignoring_case(name, "Connection")) connection(value);
        break;
      case 14:
        if (equal_ignoring_case(name, "Content-Length")) return content_length(value);
        break;
      case 17:
        if (equal_ignoring_case(name, "Transfer-Encoding")) return transfer_encoding(value);
        break;
      default:
        break;
    }
    if (starts_with_ignoring_case(name, "REMOTE_") || starts_with_ignoring_case(name, "LOCAL_"))
      return Refusal{400, "A header's name is one that servers give to what they know about the connection."};
    return std::nullopt;
  }

  Verdict host(std::string_view value) {
    if (std::exchange(host_seen_, true)) return Refusal{400, "There is more than one Host header."};
    if (value.find_first_of(" \t/@?#,") != std::string_view::npos) return Refusal{400, "The Host header is no host."};
    return std::nullopt;
  }

  Verdict expect(std::string_view value) {
    if (!equal_ignoring_case(value, "100-continue")) return Refusal{417, "Only 100-continue can be expected."};
    head_.expects_continue = true;
    return std::nullopt;
  }

  void connection(std::string_view value) {
    for (const std::string_view part : core::split(value, ',')) {
      const std::string_view word = trim_blanks(part);
      if (equal_ignoring_case(word, "close")) asks_close_ = true;
      if (equal_ignoring_case(word, "keep-alive")) asks_keep_ = true;
    }
  }

  Verdict content_length(std::string_view value) {
    std::uint64_t length = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, length);
    if (value.empty() || stop != end || error != std::errc{} || length > kLargestLength)
      return Refusal{400, "Content-Length is not a number of bytes."};
    if (head_.content_length) return Refusal{400, "There is more than one Content-Length."};
    head_.content_length = length;
    return std::nullopt;
  }

  Verdict transfer_encoding(std::string_view value) {
    if (head_.chunked) return Refusal{400, "There is more than one Transfer-Encoding."};
    if (!equal_ignoring_case(value, "chunked")) return Refusal{501, "Transfer-Encoding is chunked or absent."};
    head_.chunked = true;
    return std::nullopt;
  }

  static constexpr std::uint64_t kLargestLength = std::uint64_t{1} << 62U;

  Head head_;
  std::string authority_;
  std::size_t headers_ = 0;
  bool host_seen_ = false;
  bool asks_close_ = false;
  bool asks_keep_ = false;
};

}  // namespace

std::variant<std::monostate, std::size_t, Refusal> HeadScan::advance(std::string_view bytes,
                                                                     std::size_t max_head_bytes) {
  for (;;) {
    const auto end = bytes.find('\n', at_);
    if (end == std::string_view::npos) break;
    if (end == line_ || bytes[end - 1] != '\r') return Refusal{400, "A line ends without a carriage return."};
    if (!request_line_seen_ && end - line_ > kMaxRequestLine) return Refusal{414, "The request line is too long."};
    if (end >= max_head_bytes) return Refusal{431, "The request's head is too large."};
    if (end - line_ == 1) return end + 1;
    request_line_seen_ = true;
    at_ = line_ = end + 1;
  }
  at_ = bytes.size();
  if (!request_line_seen_ && at_ > kMaxRequestLine) return Refusal{414, "The request line is too long."};
  if (at_ > max_head_bytes) return Refusal{431, "The request's head is too large."};
  return std::monostate{};
}

std::variant<Head, Refusal> parse_head(std::string_view text) {
  Parser parser;
  bool first = true;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    if (end == std::string_view::npos) return Refusal{400, "A line does not end."};
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    if (line.find('\r') != std::string_view::npos || line.find('\n') != std::string_view::npos)
      return Refusal{400, "A line ends without its other half."};
    if (line.empty()) break;
    if (auto refusal = first ? parser.request_line(line) : parser.header(line)) return *refusal;
    first = false;
  }
  if (first) return Refusal{400, "The request is empty."};
  if (auto refusal = parser.finish()) return *refusal;
  return parser.take();
}

}  // namespace wakeful::http
