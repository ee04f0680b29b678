#pragma once
// Everything outgoing over HTTP goes through here, behind it libcurl.
//
// Redirects are answers like any other: nothing is followed, so no credentials go where they were not meant to. A proxy
// of the environment is used, except for loopback. Connections are kept for the next request and shared by threads.
#include <chrono>
#include <string>

#include "platform/http/message.hpp"

namespace wakeful::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{
      60'000};           // the longest time in which nothing moves; Request::deadline bounds the whole
  std::string username;  // basic auth, if not empty
  std::string password;
  std::string token;  // bearer, if not empty; a request's own Authorization wins over both
};

/// A Transport to `base_url` ("http://host:port[/prefix]"): bodies stream both ways. A small answer of known length is
/// read whole; any other is a stream that holds its connection until it is read to the end or dropped.
/// Errors: invalid for a URL that is not http or https; when called, unavailable when no whole answer came; answers of
/// any status are returned. Threads: any.
Transport connect(const std::string& base_url, const ClientOptions& options = {});

}  // namespace wakeful::http
