#pragma once
// File descriptors and the walk from a root folder down to an artifact, one segment at a time, following no link. What
// local.cpp is built of; nothing here knows of stores.
#include <string>
#include <string_view>
#include <utility>

#include "platform/artifacts/path.hpp"

namespace wakeful::artifacts {

/// Owns a file descriptor; -1: none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// What errno says, as an error of ours: a full disk is `exhausted` with status 507, all else `unavailable`.
/// The message has no path of the server in it.
[[noreturn]] void throw_errno(int error, std::string_view doing);

/// The folder `path` below `root`. None if it is not there or a file stands in its way.
/// Errors: invalid "Invalid path" if a link stands in its way.
Descriptor open_folder(int root, const Path& path);

/// The same, making what is missing, durably. Errors: also conflict if a file stands in its way.
Descriptor make_folder(int root, const Path& path);

/// Makes a folder entry durable.
void sync_folder(int folder);

/// Removes what `name` in `folder` is, with all below it, following no link.
void remove_tree(int folder, const std::string& name);

}  // namespace wakeful::artifacts
