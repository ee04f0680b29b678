#include "streams/line_input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"

namespace wakeful::streams {
namespace {

constexpr std::size_t kChunk = 256U << 10U;
constexpr int kNapMs = 200;

}  // namespace

LineInput::LineInput(const std::string& path, std::int64_t from, bool follow)
    : path_(path),
      file_(path.empty() ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)),
      is_standard_(path.empty()),
      follow_(follow),
      start_(from) {
  if (file_ < 0) throw core::not_found(fmt::format("'{}': {}", path, std::strerror(errno)), "stream.input.file");
  struct stat found {};
  if (is_standard_) return;
  if (fstat(file_, &found) != 0 || found.st_size < from || lseek(file_, from, SEEK_SET) != from) {
    close(file_);
    throw core::invalid(
        fmt::format("'{}' has fewer than the {} bytes that were read of it: it is another file", path, from),
        "stream.input.file");
  }
}

LineInput::~LineInput() {
  if (!is_standard_) close(file_);
}

/// False if there was nothing more for now.
bool LineInput::fill() {
  buffer_.erase(0, at_);
  start_ += static_cast<std::int64_t>(at_);
  seen_ -= at_;
  at_ = 0;
  pollfd waiting{.fd = file_, .events = POLLIN, .revents = 0};
  if (is_standard_ && poll(&waiting, 1, kNapMs) <= 0) return false;
  const std::size_t size = buffer_.size();
  buffer_.resize(size + kChunk);
  const ssize_t got = read(file_, buffer_.data() + size, kChunk);
  buffer_.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
  if (got > 0) return true;
  if (got < 0 && errno == EINTR) return false;
  if (got < 0) throw core::unavailable(fmt::format("the input cannot be read: {}", std::strerror(errno)));
  if (is_standard_ || !follow_) {
    is_at_end_ = true;
    return false;
  }
  refuse_another_file();
  poll(nullptr, 0, kNapMs);
  return false;
}

/// A file that was cut, or whose name another one has got, will say nothing more here: nobody would notice.
void LineInput::refuse_another_file() const {
  struct stat open_one {
  }, named{};
  if (fstat(file_, &open_one) != 0 || stat(path_.c_str(), &named) != 0) return;  // between two names, perhaps
  const bool is_cut = open_one.st_size < start_ + static_cast<std::int64_t>(buffer_.size());
  if (!is_cut && open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev) return;
  throw core::invalid(
      fmt::format("'{}' was {}: it is another file than the one that was followed", path_, is_cut ? "cut" : "replaced"),
      "stream.input.file");
}

std::optional<LineInput::Line> LineInput::next() {
  while (true) {
    const std::size_t end = buffer_.find('\n', seen_);
    if (end != std::string::npos) {
      Line line{.text = std::string_view(buffer_).substr(at_, end - at_)};
      line.end = start_ + static_cast<std::int64_t>(end) + 1;
      line.is_too_long = is_skipping_ || line.text.size() > kLongestLine;
      line.text = line.text.substr(0, kLongestLine);
      is_skipping_ = false;
      at_ = seen_ = end + 1;
      return line;
    }
    seen_ = buffer_.size();
    if (buffer_.size() - at_ > kLongestLine) {  // keep nothing of it but its beginning's absence
      is_skipping_ = true;
      at_ = seen_ = buffer_.size();
    }
    if (fill()) continue;
    if (!is_at_end_ || !is_standard_ || (at_ == buffer_.size() && !is_skipping_)) return std::nullopt;
    Line rest{.text = std::string_view(buffer_).substr(at_)};
    rest.end = start_ + static_cast<std::int64_t>(buffer_.size());
    rest.is_too_long = std::exchange(is_skipping_, false);
    at_ = seen_ = buffer_.size();
    return rest;
  }
}

}  // namespace wakeful::streams
