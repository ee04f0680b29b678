// Any bytes are a head or are refused, wherever they are cut on their way; a head that passes cannot be read two ways.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/core/error.hpp"
#include "platform/http/head.hpp"
#include "platform/http/target.hpp"

namespace {

using namespace wakeful::http;

constexpr std::size_t kMaxHead = 32U << 10U;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The head's length: 0 if there is none in these bytes.
std::size_t scan_in_two(std::string_view bytes, std::size_t cut) {
  HeadScan scan;
  auto found = scan.advance(bytes.substr(0, cut), kMaxHead);
  if (std::holds_alternative<std::monostate>(found)) found = scan.advance(bytes, kMaxHead);
  const auto* size = std::get_if<std::size_t>(&found);
  return size == nullptr ? 0 : *size;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 || c == '\t') && byte != 0x7F;
  });
}

void check_head(const Head& head) {
  require(!(head.chunked && head.content_length));
  require(head.target == "*" || head.target.front() == '/');
  require(is_plain(head.target) && head.target.find(' ') == std::string::npos);
  require(head.headers.all().size() <= kMaxHeaders + 1);
  std::size_t lengths = 0;
  for (const auto& [name, value] : head.headers.all()) {
    require(!name.empty() && is_plain(name) && is_plain(value));
    require(name.find_first_of(": \t") == std::string::npos);
    lengths += equal_ignoring_case(name, "Content-Length") ? 1U : 0U;
  }
  require(lengths == (head.content_length ? 1U : 0U));
  try {
    for (const Segment& segment : Target::parse(head.target).segments)
      require(segment.text() != ".." && segment.text().find('\0') == std::string_view::npos);
  } catch (const wakeful::core::Error& error) {
    require(error.code() == wakeful::core::ErrorCode::invalid);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t length = scan_in_two(bytes, 0);
  require(length <= size);
  // A cut may only make a refusal come earlier.
  if (length != 0)
    for (std::size_t cut = 0; cut < length; cut += 1 + length / 16) require(scan_in_two(bytes, cut) == length);
  const auto parsed = parse_head(length == 0 ? bytes : bytes.substr(0, length));
  if (const auto* refusal = std::get_if<Refusal>(&parsed))
    require(refusal->status >= 400 && refusal->status < 600 && !refusal->reason.empty());
  else
    check_head(std::get<Head>(parsed));
  return 0;
}
