#include "streams/counted_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "platform/core/error.hpp"

namespace wakeful::streams {

CountedFile::CountedFile(const std::string& path, std::int64_t size, const std::string& field)
    : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)), size_(size) {
  if (file_ < 0) throw core::invalid(fmt::format("'{}' cannot be written: {}", path, std::strerror(errno)), field);
  struct stat found {};
  const bool is_long_enough = fstat(file_, &found) == 0 && found.st_size >= size;
  if (is_long_enough && ftruncate(file_, size) == 0 && lseek(file_, size, SEEK_SET) == size) return;
  close(file_);
  throw core::invalid(
      fmt::format("'{}' has fewer than the {} bytes that were written to it: it is another file", path, size), field);
}

CountedFile::~CountedFile() { close(file_); }

std::int64_t CountedFile::sync() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t put = write(file_, rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      const std::string why = fmt::format("an output cannot be written: {}", std::strerror(errno));
      throw errno == ENOSPC ? core::exhausted(why) : core::unavailable(why);
    }
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  if (!pending_.empty() && fdatasync(file_) != 0)
    throw core::unavailable(fmt::format("an output cannot be made durable: {}", std::strerror(errno)));
  size_ += static_cast<std::int64_t>(pending_.size());
  pending_.clear();
  return size_;
}

}  // namespace wakeful::streams
