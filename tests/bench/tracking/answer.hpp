#pragma once
// One HTTP answer as it comes in. Knows Content-Length and chunks, which is what the servers measured here send; it
// keeps the whole text and takes nothing out of the chunks, since answers are only compared and counted.
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

namespace wakeful::bench {

class Answer {
 public:
  void clear() {
    text_.clear();
    body_at_ = 0;
    checked_ = 0;
  }
  void append(std::string_view part) { text_ += part; }
  const std::string& text() const { return text_; }
  int status() const { return text_.size() < 12 ? 0 : std::atoi(text_.c_str() + 9); }
  std::string_view body() const { return std::string_view(text_).substr(body_at_); }
  bool closes() const { return closes_; }

  bool is_complete() {
    if (body_at_ == 0 && !read_head()) return false;
    if (!chunked_) return text_.size() >= body_at_ + length_;
    return read_chunks();
  }

 private:
  bool read_head() {
    const std::size_t end = text_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    std::string head = text_.substr(0, end + 2);
    std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return std::tolower(c); });
    body_at_ = end + 4;
    checked_ = body_at_;
    chunked_ = head.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos;
    closes_ = head.find("\r\nconnection: close\r\n") != std::string::npos;
    length_ = 0;
    if (const std::size_t at = head.find("\r\ncontent-length:"); at != std::string::npos)
      length_ = std::strtoull(head.c_str() + at + 17, nullptr, 10);
    return true;
  }
  bool read_chunks() {
    while (true) {
      const std::size_t line = text_.find("\r\n", checked_);
      if (line == std::string::npos) return false;
      const std::size_t size = std::strtoull(text_.c_str() + checked_, nullptr, 16);
      if (text_.size() < line + 2 + size + 2) return false;
      checked_ = line + 2 + size + 2;
      if (size == 0) return true;
    }
  }

  std::string text_;
  std::size_t body_at_ = 0;  // 0: the head is not read yet
  std::size_t checked_ = 0;  // where the next chunk begins
  std::size_t length_ = 0;
  bool chunked_ = false;
  bool closes_ = false;
};

}  // namespace wakeful::bench
