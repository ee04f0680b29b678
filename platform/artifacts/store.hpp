#pragma once
// Where files live. Files come before rows: put() returns when the bytes are durable under their name, and only then is
// a row written that speaks of them. Rows go first when something is deleted; the file goes later.
// Implementations: local.cpp (a folder); all pass one contract suite. Links are never followed. Threads: any. The
// reasons: DESIGN.md.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/artifacts/path.hpp"
#include "platform/http/message.hpp"

namespace wakeful::artifacts {

struct Entry {
  Path path;
  bool is_directory = false;
  std::uint64_t size_bytes = 0;
};

struct Range {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last = std::nullopt;  // inclusive; absent: to the end
};

struct Opened {
  std::uint64_t size_bytes = 0;  // of the whole file
  std::uint64_t first = 0;       // of what `body` gives
  std::uint64_t length = 0;
  std::string etag;  // opaque, unquoted; another one when the content changes
  std::unique_ptr<http::BodyReader> body;
};

struct Stored {
  std::uint64_t size_bytes = 0;
  std::string sha256;
};

class Store {
 public:
  virtual ~Store() = default;
  /// Replaces atomically: temporary file, fsync, rename, fsync of the folder. A body that breaks leaves nothing.
  /// Errors: what the body throws; invalid for the root; exhausted (507) for a full disk; conflict if a folder has that
  /// name or a file stands where a folder must be.
  virtual Stored put(const Path& path, http::BodyReader& body) = 0;
  /// Errors: not_found; invalid for a folder; exhausted with wire status 416 for a range that starts beyond the end.
  virtual Opened open(const Path& path, std::optional<Range> range = std::nullopt) = 0;
  /// The children of a folder, sorted by path; empty for what does not exist; the file itself for a file.
  virtual std::vector<Entry> list(const Path& path) = 0;
  /// A file or a folder with all below it, at once for all who look; nothing if it is not there.
  /// Errors: invalid for the root.
  virtual void remove(const Path& path) = 0;
};

/// "./artifacts", "/srv/artifacts", "file:///srv/artifacts". The folder is made by the first put(). Errors: invalid for
/// a scheme that is not known.
std::unique_ptr<Store> open_store(const std::string& destination);

}  // namespace wakeful::artifacts
