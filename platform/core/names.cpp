#include "platform/core/names.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"

namespace wakeful::core {
namespace {

constexpr std::size_t kMaxShown = 500;
constexpr std::string_view kKeyRule =
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes "
    "(/).";

struct Range {
  char32_t first;
  char32_t last;
};
/// Code points beyond ASCII that are neither letters nor digits: punctuation, symbols, spaces, controls, private use.
/// Blocks where letters and symbols mix are left in: a key that MLflow would refuse harms nobody.
constexpr std::array<Range, 16> kNotWords{{
    {0x80, 0xA9},
    {0xAB, 0xB1},
    {0xB4, 0xB4},
    {0xB6, 0xB8},
    {0xBB, 0xBB},
    {0xBF, 0xBF},
    {0xD7, 0xD7},
    {0xF7, 0xF7},
    {0x2000, 0x206F},
    {0x20A0, 0x20CF},
    {0x2190, 0x245F},
    {0x2500, 0x2BFF},
    {0x3000, 0x3004},
    {0x3008, 0x3020},
    {0xD800, 0xF8FF},
    {0xFFF0, 0xFFFF},
}};
constexpr Range kEmoji{0x1F000, 0x1FAFF};

bool is_word_point(char32_t point) {
  if (point >= kEmoji.first && point <= kEmoji.last) return false;
  return std::none_of(kNotWords.begin(), kNotWords.end(),
                      [&](const Range& range) { return point >= range.first && point <= range.last; });
}

/// The code point that begins at `at`, which moves behind it. The text is valid UTF-8.
char32_t next_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  char32_t point = lead & (0x3FU >> static_cast<unsigned>(more));
  for (int i = 0; i < more && at < text.size(); ++i)
    point = (point << 6U) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  return point;
}

/// What POSIX makes of the path: "." and empty parts go, ".." takes its parent along.
std::string normal_form(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.push_back(part);
    }
  }
  std::string normal = fmt::format("{}{}", absolute ? "/" : "", fmt::join(parts, "/"));
  return normal.empty() ? "." : normal;
}

Error bad_key(std::string_view key, std::string_view where, std::string_view why) {
  JsonWriter quoted;
  quoted.value(key.substr(0, kMaxShown));
  return invalid(fmt::format("Invalid value {} for parameter '{}' supplied: {}", quoted.text(), where, why),
                 std::string(where));
}

}  // namespace

bool is_word(std::string_view utf8, std::string_view also) {
  for (std::size_t at = 0; at < utf8.size();) {
    const auto c = static_cast<unsigned char>(utf8[at]);
    if (c < 0x80) {
      const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      if (!letter && also.find(utf8[at]) == std::string_view::npos) return false;
      ++at;
    } else if (!is_word_point(next_point(utf8, at))) {
      return false;
    }
  }
  return true;
}

bool is_own_path(std::string_view name) {
  return normal_form(name) == name && name != "." && !name.starts_with("..") && !name.starts_with("/");
}

std::size_t length_of(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void check_length(std::string_view text, std::size_t most, std::string_view what, std::string_view field) {
  if (text.size() <= most || length_of(text) <= most) return;
  throw invalid(fmt::format("'{}' exceeds the maximum length of {} characters", what, most), std::string(field));
}

void check_count(std::size_t count, std::string_view field) {
  if (count <= kMostAtOnce) return;
  throw invalid(fmt::format("'{}' holds {} entries; at most {} are taken at once", field, count, kMostAtOnce),
                std::string(field));
}

void check_key(std::string_view key, std::string_view where) {
  if (!is_word(key, "/.- :")) throw bad_key(key, where, kKeyRule);
  // Most keys have neither a slash nor a leading dot, and are their own normal form.
  if (!key.empty() && key.find('/') == std::string_view::npos && key.front() != '.') return;
  if (is_own_path(key)) return;
  throw bad_key(key, where,
                fmt::format("Names may be treated as files in certain cases, and must not resolve to other names when "
                            "treated as such. This name would resolve to '{}'",
                            normal_form(key)));
}

}  // namespace wakeful::core
