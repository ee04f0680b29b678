#pragma once
// Lines of a file from a byte on, or of standard input, each with the byte behind it. Threads: one owner.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wakeful::streams {

class LineInput {
 public:
  static constexpr std::size_t kLongestLine = 1U << 20U;

  /// `path` "": standard input, whose bytes are counted on from `from`. Errors: not_found; invalid if the file is
  /// shorter than `from`.
  LineInput(const std::string& path, std::int64_t from, bool follow);
  ~LineInput();
  LineInput(const LineInput&) = delete;
  LineInput& operator=(const LineInput&) = delete;

  struct Line {
    std::string_view text;  // without its end; valid until the next call. Longer ones are cut at kLongestLine
    bool is_too_long = false;
    std::int64_t end = 0;  // the byte behind it
  };
  /// The next line, nothing at the end, or nothing because there is no whole line yet: see is_at_end.
  /// Waits for at most a fifth of a second. Errors: unavailable; invalid if the file that is followed was cut or
  /// replaced.
  std::optional<Line> next();
  bool is_at_end() const { return is_at_end_; }

 private:
  bool fill();
  void refuse_another_file() const;

  std::string path_;
  int file_;
  bool is_standard_;
  bool follow_;
  bool is_at_end_ = false;
  std::string buffer_;
  std::size_t at_ = 0;      // of the next line in the buffer
  std::size_t seen_ = 0;    // up to there the buffer has no line end
  std::int64_t start_ = 0;  // the byte at the buffer's front
  bool is_skipping_ = false;
};

}  // namespace wakeful::streams
