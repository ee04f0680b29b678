#include "client/files.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::client {
namespace {

constexpr std::string_view kScheme = "mlflow-artifacts:";

/// What the proxy answers for the artifact at `uri`. A host in the URI names the server that made it; whoever calls
/// has chosen the server already.
std::string target_of(std::string_view uri) {
  if (uri.substr(0, kScheme.size()) != kScheme) {
    throw core::invalid(fmt::format("'{}' is no artifact of the tracking server: it begins with no '{}'", uri, kScheme),
                        "uri");
  }
  std::string_view path = uri.substr(kScheme.size());
  if (path.substr(0, 2) == "//") path = path.substr(std::min(path.find('/', 2), path.size()));
  std::string target = "/api/2.0/mlflow-artifacts/artifacts";
  for (const std::string_view segment : core::split(path, '/')) {
    if (!segment.empty()) target += "/" + core::percent_encode(segment);
  }
  return target;
}

}  // namespace

std::string join_uri(std::string_view uri, std::string_view path) {
  while (!uri.empty() && uri.back() == '/') uri.remove_suffix(1);
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  return fmt::format("{}/{}", uri, path);
}

void upload(const Server& server, const std::string& uri, std::string bytes) {
  const auto size = bytes.size();
  upload(server, uri, std::make_unique<http::TextBody>(std::move(bytes)), size);
}

void upload(const Server& server, const std::string& uri, std::unique_ptr<http::BodyReader> body, std::uint64_t size) {
  http::Request request = make_request("PUT", target_of(uri));
  request.headers.add("Content-Type", "application/octet-stream");
  request.body = std::move(body);
  request.content_length = size;
  server.send(std::move(request));
}

std::string download(const Server& server, const std::string& uri, std::uint64_t limit) {
  http::Response response = server.send(make_request("GET", target_of(uri)));
  if (auto* text = std::get_if<std::string>(&response.body)) return std::move(*text);
  std::string bytes;
  std::array<char, 64U << 10U> piece{};
  auto& body = *std::get<std::unique_ptr<http::BodyReader>>(response.body);
  while (const std::size_t n = body.read(piece)) {
    if (bytes.size() + n > limit) throw core::exhausted(fmt::format("{} is larger than {} bytes", uri, limit), "uri");
    bytes.append(piece.data(), n);
  }
  return bytes;
}

}  // namespace wakeful::client
