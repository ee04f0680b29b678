#pragma once
// Whom the server answers over a socket, as MLflow's security middleware does it: the Host header must be a name of
// this server (or a page elsewhere could reach it by rebinding its own name), and another site's page may not write.
// The in-process transport does not pass here. Pure but for the Transport that it wraps.
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/message.hpp"

namespace wakeful::server {

struct GuardSettings {
  std::vector<std::string> hosts;    // empty: this machine's names and private addresses; "*": any
  std::vector<std::string> origins;  // besides those of this machine; "*": any, without credentials
  std::string prefix{};              // --static-prefix, behind which the probes lie
};

/// `host` as the header has it, port and all. Addresses are parsed, so 10.evil.example does not pass for 10.0.0.1.
bool is_allowed_host(std::string_view host, const GuardSettings& settings);
bool is_allowed_origin(std::string_view origin, const GuardSettings& settings);

/// Answers 403 to strange hosts (the probes excepted) and to writes of strange origins, 204 to preflights; allowed
/// origins get their CORS headers. The server's own pages, under whatever name it may be asked for, are no strangers.
http::Transport guard(http::Transport next, GuardSettings settings);

}  // namespace wakeful::server
