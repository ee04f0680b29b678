#pragma once
// A path inside an artifact store, parsed once at the door and trusted afterwards.
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace wakeful::artifacts {

/// Relative, '/'-separated, without empty, "." and ".." segments, control characters, backslashes, '#' or a drive; at
/// most 1,024 bytes, 255 a segment; may be empty (the root).
class Path {
 public:
  Path() = default;
  /// `text` is decoded already, once, and kept as it is but for "." segments and doubled or trailing slashes. Refused
  /// as well: what would be forbidden after decoding it again, up to ten times. Errors: invalid, naming `field`; the
  /// message is MLflow's "Invalid path".
  static Path parse(std::string_view text, std::string_view field = "path");
  /// Nothing where parse would throw.
  static std::optional<Path> find(std::string_view text);
  const std::string& text() const { return text_; }
  bool is_root() const { return text_.empty(); }
  Path operator/(const Path& below) const;
  /// What lies directly below under this name; nothing for a name that no path can end in.
  std::optional<Path> child(std::string_view name) const;
  std::string_view name() const;  // the last segment
  Path parent() const;            // all but the last segment
  auto operator<=>(const Path&) const = default;

 private:
  std::string text_;
};

}  // namespace wakeful::artifacts
