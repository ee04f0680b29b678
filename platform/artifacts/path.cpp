#include "platform/artifacts/path.hpp"

#include <algorithm>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::artifacts {
namespace {

constexpr std::size_t kMaxBytes = 1024;
constexpr std::size_t kMaxSegment = 255;  // of most file systems
constexpr int kMaxDecodings = 10;         // MLflow's number

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Decodes what is an escape and keeps a stray '%', as lenient decoders behind us would; tabs and line breaks vanish,
/// as they do in URL parsers.
std::string decode_leniently(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() && text[i] == '%' ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      const char c = static_cast<char>(high * 16 + low);
      if (c != '\t' && c != '\n' && c != '\r') decoded += c;
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

bool is_safe(std::string_view text) {
  if (text.find_first_of(std::string_view("\\#\0", 3)) != std::string_view::npos) return false;
  if (text.starts_with('/') || text.starts_with(':')) return false;
  if (text.size() >= 2 && text[1] == ':') return false;  // a drive
  if (core::to_lower(text.substr(0, 5)) == "file:") return false;
  const auto segments = core::split(text, '/');
  return std::find(segments.begin(), segments.end(), "..") == segments.end();
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_safe_when_decoded(std::string_view text) {
  std::string current(text);
  for (int round = 0; round < kMaxDecodings; ++round) {
    if (!is_safe(current)) return false;
    std::string decoded = decode_leniently(current);
    if (decoded == current) return true;
    current = std::move(decoded);
  }
  return false;
}

}  // namespace

std::optional<Path> Path::find(std::string_view text) {
  const bool readable = text.size() <= kMaxBytes && core::is_utf8(text) && !has_control(text);
  if (!readable || !is_safe_when_decoded(text)) return std::nullopt;
  Path path;
  for (const std::string_view segment : core::split(text, '/')) {
    if (segment.size() > kMaxSegment) return std::nullopt;
    if (segment.empty() || segment == ".") continue;
    if (!path.text_.empty()) path.text_ += '/';
    path.text_ += segment;
  }
  // Once more: without its "./" a path may begin like a drive or a URI.
  if (!is_safe_when_decoded(path.text_)) return std::nullopt;
  return path;
}

Path Path::parse(std::string_view text, std::string_view field) {
  auto path = find(text);
  if (!path) throw core::invalid("Invalid path", std::string(field));
  return std::move(*path);
}

Path Path::operator/(const Path& below) const {
  Path joined;
  joined.text_ = text_;
  if (!text_.empty() && !below.text_.empty()) joined.text_ += '/';
  joined.text_ += below.text_;
  return joined;
}

std::optional<Path> Path::child(std::string_view name) const {
  // Some names are refused at the start of a path only ("C:"): behind a folder they are as good as any.
  const std::string_view before = is_root() ? "" : "-/";
  const auto found = find(std::string(before).append(name));
  if (!found || found->name() != name) return std::nullopt;
  Path below;
  below.text_ = name;
  return *this / below;
}

std::string_view Path::name() const {
  const std::string_view text = text_;
  return text.substr(text.rfind('/') + 1);  // npos + 1 is 0
}

Path Path::parent() const {
  const auto slash = text_.rfind('/');
  Path above;
  if (slash != std::string::npos) above.text_ = text_.substr(0, slash);
  return above;
}

}  // namespace wakeful::artifacts
