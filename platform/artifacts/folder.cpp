#include "platform/artifacts/folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::artifacts {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr ::mode_t kFolderMode = 0777;  // less the umask

bool is_link(int folder, const char* name) {
  struct stat info {};
  return ::fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

/// Opens one segment; none, with errno, if that fails. Errors: invalid for a link.
Descriptor step(int folder, const std::string& segment) {
  Descriptor next(::openat(folder, segment.c_str(), kFolderFlags));
  if (next) return next;
  const int error = errno;
  if ((error == ENOTDIR || error == ELOOP) && is_link(folder, segment.c_str()))
    throw core::invalid("Invalid path", "path");
  errno = error;
  return next;
}

std::vector<std::string> segments_of(const Path& path) {
  std::vector<std::string> segments;
  if (path.is_root()) return segments;
  for (const auto segment : core::split(path.text(), '/')) segments.emplace_back(segment);
  return segments;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void throw_errno(int error, std::string_view doing) {
  const std::string reason = std::system_category().message(error);
  if (error == ENOSPC || error == EDQUOT) {
    throw core::exhausted("The artifact store is full").with_wire("RESOURCE_EXHAUSTED", 507);
  }
  throw core::unavailable(fmt::format("The artifact store failed while {}: {}", doing, reason));
}

Descriptor open_folder(int root, const Path& path) {
  Descriptor at(::openat(root, ".", kFolderFlags));
  for (const std::string& segment : segments_of(path)) {
    Descriptor next = step(at.get(), segment);
    if (!next && errno != ENOENT && errno != ENOTDIR) throw_errno(errno, "opening a folder");
    if (!next) return next;
    at = std::move(next);
  }
  return at;
}

Descriptor make_folder(int root, const Path& path) {
  Descriptor at(::openat(root, ".", kFolderFlags));
  for (const std::string& segment : segments_of(path)) {
    if (::mkdirat(at.get(), segment.c_str(), kFolderMode) == 0) {
      sync_folder(at.get());
    } else if (errno != EEXIST) {
      throw_errno(errno, "making a folder");
    }
    Descriptor next = step(at.get(), segment);
    if (!next && errno == ENOTDIR) {
      throw core::conflict(fmt::format("'{}' is a file, so nothing can be stored below it", segment), "path");
    }
    if (!next) throw_errno(errno, "opening a folder");
    at = std::move(next);
  }
  return at;
}

void sync_folder(int folder) {
  if (::fsync(folder) != 0) throw_errno(errno, "syncing a folder");
}

void remove_tree(int folder, const std::string& name) {
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) throw_errno(errno, "removing");
  const int below = ::openat(folder, name.c_str(), kFolderFlags);
  if (below < 0) throw_errno(errno, "removing");
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(below), &::closedir);
  if (!entries) {
    ::close(below);
    throw_errno(errno, "removing");
  }
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string child = entry->d_name;
    if (child != "." && child != "..") remove_tree(::dirfd(entries.get()), child);
  }
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) throw_errno(errno, "removing");
}

}  // namespace wakeful::artifacts
