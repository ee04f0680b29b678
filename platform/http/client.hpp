#pragma once
// Everything outgoing over HTTP goes through here, behind it libcurl. Redirects are not followed with credentials.
#include <chrono>
#include <string>

#include "platform/http/message.hpp"

namespace wakeful::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{60'000};
  std::string username;  // basic auth, if not empty
  std::string password;
  std::string token;  // bearer, if not empty
};

/// A Transport to `base_url` ("http://host:port[/prefix]"): connections are kept and shared, bodies stream both ways.
/// Errors: unavailable when no answer came; answers of any status are returned. Threads: any.
Transport connect(const std::string& base_url, const ClientOptions& options = {});

}  // namespace wakeful::http
