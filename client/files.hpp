#pragma once
// Artifacts over the server's own proxy: URIs of the form "mlflow-artifacts:/…" and paths below them.
// Errors and threads: server.hpp; also invalid for a URI that is not the server's.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/server.hpp"

namespace wakeful::client {

/// "<uri>/<path>", with one slash between.
std::string join_uri(std::string_view uri, std::string_view path);

/// Puts a file there and makes it durable; one that is there is replaced.
void upload(const Server& server, const std::string& uri, std::string bytes);
/// The same from a stream whose length is known.
void upload(const Server& server, const std::string& uri, std::unique_ptr<http::BodyReader> body, std::uint64_t size);

/// The whole file. Errors: not_found; exhausted beyond `limit` bytes.
std::string download(const Server& server, const std::string& uri, std::uint64_t limit = http::kNoLimit);

}  // namespace wakeful::client
