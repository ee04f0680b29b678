#pragma once
// A request's target, split before it is decoded, so that "%2F" stays inside its segment. Knows no routes.
#include <string>
#include <string_view>
#include <vector>

namespace wakeful::http {

/// One part of a path between two slashes.
class Segment {
 public:
  /// Errors: invalid for a broken escape, a NUL, "." and ".." (escaped or not).
  explicit Segment(std::string_view raw);
  std::string_view raw() const { return raw_; }
  std::string_view text() const { return escaped_ ? std::string_view(decoded_) : raw_; }

 private:
  std::string_view raw_;  // borrowed from the target
  std::string decoded_;   // where there were escapes
  bool escaped_ = false;
};

/// Borrows from the target's text.
struct Target {
  std::string_view path;
  std::string_view query;
  std::vector<Segment> segments;  // "/" has none, "/a/" has "a" and ""

  /// Errors: invalid unless the target starts with '/', and as Segment.
  static Target parse(std::string_view raw);
  /// Whether a segment before the last is empty.
  bool has_doubled_slash() const;
  /// The same target without its empty segments, the last one excepted.
  std::string merged() const;
};

}  // namespace wakeful::http
