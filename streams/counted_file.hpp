#pragma once
// A file that is appended to, and cut back to the length that somebody durable remembers. Threads: one owner.
#include <cstdint>
#include <string>
#include <string_view>

namespace wakeful::streams {

class CountedFile {
 public:
  /// Opens or makes it and cuts off what lies beyond `size`. Errors: invalid, `field`, if it is shorter, or cannot be
  /// written.
  CountedFile(const std::string& path, std::int64_t size, const std::string& field);
  ~CountedFile();
  CountedFile(const CountedFile&) = delete;
  CountedFile& operator=(const CountedFile&) = delete;

  void append(std::string_view text) { pending_ += text; }
  /// Writes what was appended; durable once it returns. The file's length. Errors: exhausted, unavailable.
  std::int64_t sync();

 private:
  int file_;
  std::int64_t size_;
  std::string pending_;
};

}  // namespace wakeful::streams
