#include "platform/core/id.hpp"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <span>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::core {
namespace {

void fill_random(std::span<std::byte> bytes) {
  // Up to 256 bytes come whole or not at all (getrandom(2)).
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw internal("the system gave no random bytes");
}

}  // namespace

std::string new_hex_id() {
  std::array<std::byte, 16> bytes{};
  fill_random(bytes);
  return to_hex(bytes);
}

std::string new_decimal_id(int digits) {
  std::string text;
  while (text.size() < static_cast<std::size_t>(digits)) {
    std::array<std::byte, 1> byte{};
    fill_random(byte);
    const auto value = std::to_integer<unsigned>(byte[0]);
    if (value >= 250) continue;  // or the low digits would come more often
    const char digit = static_cast<char>('0' + value % 10);
    if (text.empty() && digit == '0') continue;
    text += digit;
  }
  return text;
}

}  // namespace wakeful::core
