#include <filesystem>

#include <fmt/format.h>

#include "platform/artifacts/local.hpp"
#include "platform/artifacts/store.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::artifacts {
namespace {

/// The path of a "file:" URI. Errors: invalid for another host, a query, a fragment or a bad escape.
std::string path_of_file_uri(std::string_view uri) {
  std::string_view rest = uri.substr(5);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::string_view host = rest.substr(0, rest.find('/'));
    if (!host.empty() && host != "localhost") {
      throw core::invalid(fmt::format("'{}' names a host; a local folder is file:///path", uri),
                          "artifacts_destination");
    }
    rest.remove_prefix(host.size());
  }
  const auto decoded = rest.find_first_of("?#") == std::string_view::npos ? core::percent_decode(rest) : std::nullopt;
  if (!decoded || decoded->empty() || decoded->find('\0') != std::string::npos) {
    throw core::invalid(fmt::format("'{}' is not a file URI of a folder", uri), "artifacts_destination");
  }
  return *decoded;
}

}  // namespace

std::unique_ptr<Store> open_store(const std::string& destination) {
  std::string folder = destination;
  if (core::to_lower(destination.substr(0, 5)) == "file:") {
    folder = path_of_file_uri(destination);
  } else if (const auto scheme = destination.find("://"); scheme != std::string::npos) {
    throw core::invalid(
        fmt::format("Artifacts cannot be kept at '{}': only a local folder or file:// is known", destination),
        "artifacts_destination");
  }
  if (folder.empty()) throw core::invalid("The artifact store needs a folder", "artifacts_destination");
  return std::make_unique<LocalStore>(std::filesystem::absolute(folder).lexically_normal().string());
}

}  // namespace wakeful::artifacts
