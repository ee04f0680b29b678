#include "control/stored_file.hpp"

#include <array>

#include <fmt/format.h>

#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "registry/source.hpp"

namespace wakeful::control {
namespace {

[[noreturn]] void refuse(std::string_view field, std::string_view member, std::string_view why) {
  const std::string name = fmt::format("{}.{}", field, member);
  throw core::invalid(fmt::format("'{}': {}", name, why), name);
}

artifacts::Opened open_file(const tracker::ArtifactLocator& files, const std::string& uri, std::string_view field) {
  try {
    const tracker::ArtifactFolder place = files.locate(uri);
    return place.store->open(place.path);
  } catch (const core::Error& e) {
    using core::ErrorCode;
    if (e.code() != ErrorCode::not_found && e.code() != ErrorCode::invalid && e.code() != ErrorCode::denied) throw;
    refuse(field, "uri", fmt::format("no such file: {}", e.what()));
  }
}

}  // namespace

void check_stored_file(const tracker::ArtifactLocator& files, const monitor::StoredFile& file, std::string_view field) {
  const artifacts::Opened opened = open_file(files, file.uri, field);
  if (static_cast<std::int64_t>(opened.size_bytes) != file.size_bytes)
    refuse(field, "size_bytes", fmt::format("the file has {} bytes", opened.size_bytes));
  core::Sha256 digest;
  std::array<char, std::size_t{64} << 10U> piece;
  while (const std::size_t size = opened.body->read(piece)) digest.update(std::string_view(piece.data(), size));
  if (digest.hex() != file.sha256) refuse(field, "sha256", "not the digest of the file");
}

void check_place(const monitor::StoredFile& file, std::string_view root, std::string_view field) {
  if (!registry::lies_below(file.uri, root) || file.uri == root)
    refuse(field, "uri", fmt::format("not below the job's run, {}", root));
}

}  // namespace wakeful::control
