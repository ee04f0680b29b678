#include "platform/artifacts/local.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/path.hpp>
#include <cerrno>
#include <ctime>
#include <filesystem>

#include <fmt/format.h>

#include "platform/artifacts/folder.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"

namespace wakeful::artifacts {
namespace {

constexpr const char* kTemporary = ".wakeful-tmp";
constexpr std::size_t kPiece = 256U << 10U;
constexpr std::time_t kLeftoverSeconds = 24 * 60 * 60;
constexpr int kAttempts = 3;

/// Unique among processes too. Boost, because std::filesystem has no unique_path.
std::string new_temporary_name() { return boost::filesystem::unique_path("%%%%%%%%-%%%%%%%%-%%%%%%%%").string(); }

bool is_reserved(const Path& path) {
  const std::string_view text = path.text();
  return text.substr(0, text.find('/')) == kTemporary;
}

core::Error missing(const Path& path) {
  return core::not_found(fmt::format("No such artifact: '{}'", path.text()), "path");
}

Descriptor open_root(const std::string& root) {
  // The root itself may be a link: that is the operator's choice, what lies below is the clients'.
  Descriptor fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno != ENOENT && errno != ENOTDIR) throw_errno(errno, "opening its folder");
  return fd;
}

Descriptor make_root(const std::string& root) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) throw_errno(error.value(), "making its folder");
  Descriptor fd = open_root(root);
  if (!fd) throw_errno(ENOTDIR, "opening its folder");
  return fd;
}

/// A file with a name of its own that is gone at the end of the scope unless it was moved away.
class TemporaryFile {
 public:
  explicit TemporaryFile(int root) : folder_(make_folder(root, Path::parse(kTemporary))), name_(new_temporary_name()) {
    fd_ =
        Descriptor(::openat(folder_.get(), name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!fd_) throw_errno(errno, "making a temporary file");
  }
  ~TemporaryFile() {
    if (!moved_) ::unlinkat(folder_.get(), name_.c_str(), 0);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ::ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR) throw_errno(errno, "writing");
      if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void sync() {
    if (::fsync(fd_.get()) != 0) throw_errno(errno, "syncing a file");
  }
  /// 0, or errno.
  int move_to(int folder, const std::string& name) {
    if (::renameat(folder_.get(), name_.c_str(), folder, name.c_str()) != 0) return errno;
    moved_ = true;
    return 0;
  }

 private:
  Descriptor folder_;
  std::string name_;
  Descriptor fd_;
  bool moved_ = false;
};

class FileBody final : public http::BodyReader {
 public:
  FileBody(Descriptor fd, std::uint64_t first, std::uint64_t length) : fd_(std::move(fd)), at_(first), left_(length) {}
  std::size_t read(std::span<char> out) override {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    if (wanted == 0) return 0;
    const ::ssize_t got = ::pread(fd_.get(), out.data(), wanted, static_cast<::off_t>(at_));
    if (got < 0) throw_errno(errno, "reading");
    if (got == 0) throw core::unavailable("The artifact became shorter while it was read");
    at_ += static_cast<std::uint64_t>(got);
    left_ -= static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }

 private:
  Descriptor fd_;
  std::uint64_t at_;
  std::uint64_t left_;
};

/// Moves the file to its place. Parents that another request removed meanwhile are made again.
void place(int root, const Path& path, TemporaryFile& file) {
  for (int attempt = 1;; ++attempt) {
    const Descriptor folder = make_folder(root, path.parent());
    const int error = file.move_to(folder.get(), std::string(path.name()));
    if (error == 0) return sync_folder(folder.get());
    if (error == EISDIR || error == ENOTEMPTY || error == EEXIST) {
      throw core::conflict(fmt::format("'{}' is a folder", path.text()), "path");
    }
    if (error != ENOENT || attempt == kAttempts) throw_errno(error, "putting a file in place");
  }
}

void apply_range(Opened& opened, const Range& range) {
  if (range.first >= opened.size_bytes || (range.last && *range.last < range.first)) {
    throw core::exhausted(fmt::format("The range starts beyond the artifact's {} bytes", opened.size_bytes), "Range")
        .with_wire("INVALID_PARAMETER_VALUE", 416);
  }
  const std::uint64_t last = std::min(range.last.value_or(opened.size_bytes - 1), opened.size_bytes - 1);
  opened.first = range.first;
  opened.length = last - range.first + 1;
}

std::optional<Entry> entry_of(int folder, const Path& parent, const std::string& name) {
  struct stat info {};
  if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return std::nullopt;
  // A name that no Path can be (a backslash, a control character) came from elsewhere and cannot be asked for.
  auto path = parent.child(name);
  if (!path) return std::nullopt;
  const bool is_directory = S_ISDIR(info.st_mode);
  return Entry{.path = *std::move(path),
               .is_directory = is_directory,
               .size_bytes = is_directory ? 0 : static_cast<std::uint64_t>(info.st_size)};
}

}  // namespace

LocalStore::LocalStore(std::string root) : root_(std::move(root)) { remove_leftovers(); }

Stored LocalStore::put(const Path& path, http::BodyReader& body) {
  if (path.is_root() || is_reserved(path)) throw core::invalid("Invalid path", "path");
  const Descriptor root = make_root(root_);
  TemporaryFile file(root.get());
  core::Sha256 digest;
  Stored stored;
  std::vector<char> piece(kPiece);
  while (const std::size_t got = body.read(piece)) {
    const std::string_view bytes(piece.data(), got);
    digest.update(bytes);
    file.write(bytes);
    stored.size_bytes += got;
  }
  file.sync();
  place(root.get(), path, file);
  stored.sha256 = digest.hex();
  return stored;
}

Opened LocalStore::open(const Path& path, std::optional<Range> range) {
  if (is_reserved(path)) throw missing(path);
  const Descriptor root = open_root(root_);
  const Descriptor folder = root ? open_folder(root.get(), path.parent()) : Descriptor();
  if (!folder) throw missing(path);
  const std::string name = path.is_root() ? "." : std::string(path.name());
  // O_NONBLOCK: a pipe that somebody put there must not hold the request.
  Descriptor file(::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ELOOP) throw core::invalid("Invalid path", "path");
  if (!file && (errno == ENOENT || errno == ENOTDIR || errno == ENXIO)) throw missing(path);
  if (!file) throw_errno(errno, "opening a file");
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw_errno(errno, "opening a file");
  if (S_ISDIR(info.st_mode)) {
    throw core::invalid(fmt::format("Artifact path refers to a directory, not a file: '{}'", path.text()), "path");
  }
  if (!S_ISREG(info.st_mode)) throw missing(path);
  Opened opened;
  opened.size_bytes = static_cast<std::uint64_t>(info.st_size);
  opened.length = opened.size_bytes;
  opened.etag = fmt::format("{:x}-{:x}-{:x}", info.st_ino, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
                            info.st_size);
  if (range) apply_range(opened, *range);
  opened.body = std::make_unique<FileBody>(std::move(file), opened.first, opened.length);
  return opened;
}

std::vector<Entry> LocalStore::list(const Path& path) {
  std::vector<Entry> entries;
  if (is_reserved(path)) return entries;
  const Descriptor root = open_root(root_);
  if (!root) return entries;
  Descriptor folder = open_folder(root.get(), path);
  if (!folder) {
    const Descriptor parent = open_folder(root.get(), path.parent());
    if (!parent) return entries;
    if (auto file = entry_of(parent.get(), path.parent(), std::string(path.name())))
      entries.push_back(std::move(*file));
    return entries;
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> names(::fdopendir(::dup(folder.get())), &::closedir);
  if (!names) throw_errno(errno, "listing a folder");
  while (const dirent* found = ::readdir(names.get())) {
    const std::string name = found->d_name;
    if (name == "." || name == ".." || (path.is_root() && name == kTemporary)) continue;
    if (auto entry = entry_of(folder.get(), path, name)) entries.push_back(std::move(*entry));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
  return entries;
}

void LocalStore::remove(const Path& path) {
  if (path.is_root() || is_reserved(path)) throw core::invalid("Invalid path", "path");
  const Descriptor root = open_root(root_);
  const Descriptor folder = root ? open_folder(root.get(), path.parent()) : Descriptor();
  if (!folder) return;
  const Descriptor temporary = make_folder(root.get(), Path::parse(kTemporary));
  const std::string name = new_temporary_name();
  if (::renameat(folder.get(), std::string(path.name()).c_str(), temporary.get(), name.c_str()) != 0) {
    if (errno == ENOENT) return;
    throw_errno(errno, "removing");
  }
  sync_folder(folder.get());
  remove_tree(temporary.get(), name);
}

void LocalStore::remove_leftovers() const {
  const Descriptor root = open_root(root_);
  const Descriptor temporary = root ? open_folder(root.get(), Path::parse(kTemporary)) : Descriptor();
  if (!temporary) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> names(::fdopendir(::dup(temporary.get())), &::closedir);
  if (!names) return;
  const std::time_t now = std::time(nullptr);
  while (const dirent* found = ::readdir(names.get())) {
    const std::string name = found->d_name;
    struct stat info {};
    if (name == "." || name == ".." || ::fstatat(temporary.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (now - info.st_ctim.tv_sec > kLeftoverSeconds) remove_tree(temporary.get(), name);
  }
}

}  // namespace wakeful::artifacts
