#include "server/guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "platform/core/text.hpp"

namespace wakeful::server {
namespace {

/// Without the port and the brackets of an IPv6 address.
std::string_view name_of_host(std::string_view host) {
  if (!host.empty() && host.front() == '[') {
    const auto end = host.find(']');
    return end == std::string_view::npos ? std::string_view() : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool is_private_address(const std::string& name) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1) {
    const bool any = bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0;
    return any || bytes[0] == 127 || bytes[0] == 10 || (bytes[0] == 192 && bytes[1] == 168) ||
           (bytes[0] == 172 && bytes[1] >= 16 && bytes[1] <= 31);
  }
  if (::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1) {
    const bool loopback =
        std::all_of(bytes.begin(), bytes.end() - 1, [](unsigned char b) { return b == 0; }) && bytes[15] <= 1;
    return loopback || (bytes[0] & 0xFEU) == 0xFC;
  }
  return false;
}

bool is_own_name(std::string_view host) {
  const std::string name = core::to_lower(name_of_host(host));
  return name == "localhost" || is_private_address(name);
}

bool is_loopback_name(std::string_view host) {
  const std::string name = core::to_lower(name_of_host(host));
  return name == "localhost" || name == "::1" || (name.starts_with("127.") && is_private_address(name));
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& item) {
    return item == "*" || core::to_lower(item) == core::to_lower(value);
  });
}

/// Whether the page came from here: the host it was asked of is the one that is asked now, and it was allowed by name.
/// A list that allows any host would let a rebound name pass for ours.
bool is_own_page(std::string_view origin, std::string_view host, const GuardSettings& settings) {
  const auto scheme = origin.find("://");
  if (scheme == std::string_view::npos || !http::equal_ignoring_case(origin.substr(scheme + 3), host)) return false;
  return std::find(settings.hosts.begin(), settings.hosts.end(), "*") == settings.hosts.end();
}

bool writes(std::string_view method) { return method != "GET" && method != "HEAD" && method != "OPTIONS"; }

/// The whole path counts: an artifact may be called "health", too.
bool is_probe(std::string_view target, std::string_view prefix) {
  std::string_view path = target.substr(0, target.find('?'));
  if (!path.starts_with(prefix)) return false;
  path.remove_prefix(prefix.size());
  return path == "/health" || path == "/version" || path == "/livez" || path == "/readyz";
}

void allow(http::Response& response, const std::string& origin, const GuardSettings& settings) {
  response.headers.set("Vary", "Origin");
  if (std::find(settings.origins.begin(), settings.origins.end(), "*") != settings.origins.end()) {
    response.headers.set("Access-Control-Allow-Origin", "*");  // and so without credentials
    return;
  }
  response.headers.set("Access-Control-Allow-Origin", origin);
  response.headers.set("Access-Control-Allow-Credentials", "true");
}

http::Response preflight(const http::Request& request, const std::string& origin, const GuardSettings& settings) {
  http::Response response;
  response.status = 204;
  if (!is_allowed_origin(origin, settings)) return response;
  allow(response, origin, settings);
  response.headers.set("Access-Control-Allow-Methods", "DELETE, GET, OPTIONS, PATCH, POST, PUT");
  if (const auto wanted = request.headers.find("Access-Control-Request-Headers"))
    response.headers.set("Access-Control-Allow-Headers", std::string(*wanted));
  return response;
}

}  // namespace

bool is_allowed_host(std::string_view host, const GuardSettings& settings) {
  if (settings.hosts.empty()) return is_own_name(host);
  return contains(settings.hosts, host) || contains(settings.hosts, name_of_host(host));
}

bool is_allowed_origin(std::string_view origin, const GuardSettings& settings) {
  const auto scheme = origin.find("://");
  if (scheme != std::string_view::npos && is_loopback_name(origin.substr(scheme + 3))) return true;
  return contains(settings.origins, origin);
}

http::Transport guard(http::Transport next, GuardSettings settings) {
  return [next = std::move(next), settings = std::move(settings)](http::Request request) {
    const auto host = request.headers.find("Host");
    if (host && !is_probe(request.target, settings.prefix) && !is_allowed_host(*host, settings))
      return http::Response::text("Invalid Host header - possible DNS rebinding attack detected", 403);
    const auto header = request.headers.find("Origin");
    if (!header) return next(std::move(request));
    const std::string origin(*header);
    if (request.method == "OPTIONS") return preflight(request, origin, settings);
    const bool allowed = is_allowed_origin(origin, settings) || (host && is_own_page(origin, *host, settings));
    // Whatever the path: nothing may be written outside the API, and "/%61pi/" is in it.
    if (!allowed && writes(request.method)) return http::Response::text("Cross-origin request blocked", 403);
    http::Response response = next(std::move(request));
    if (allowed) allow(response, origin, settings);
    return response;
  };
}

}  // namespace wakeful::server
