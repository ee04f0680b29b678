#include "client/server.hpp"

#include <memory>
#include <utility>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/http/errors.hpp"

namespace wakeful::client {

std::string query_of(std::initializer_list<std::pair<std::string_view, std::string>> parts) {
  std::string text;
  for (const auto& [name, value] : parts) {
    if (value.empty()) continue;
    text += text.empty() ? '?' : '&';
    text.append(name).append("=").append(core::percent_encode(value));
  }
  return text;
}

http::Request make_request(std::string method, std::string target, std::string body, std::string_view content_type) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  if (body.empty()) return request;
  request.headers.add("Content-Type", std::string(content_type));
  request.content_length = body.size();
  request.body = std::make_unique<http::TextBody>(std::move(body));
  return request;
}

Server::Server(http::Transport transport, std::chrono::milliseconds timeout)
    : transport_(std::move(transport)), timeout_(timeout) {}

Server Server::with_timeout(std::chrono::milliseconds timeout) const {
  Server other = *this;
  other.timeout_ = timeout;
  return other;
}

Server Server::with_cancel(std::function<bool()> cancelled) const {
  Server other = *this;
  other.cancelled_ = std::move(cancelled);
  return other;
}

http::Response Server::send(http::Request request) const {
  if (request.deadline.is_never()) request.deadline = core::Deadline::after(timeout_);
  if (!request.cancelled) request.cancelled = cancelled_;
  http::Response response = transport_(std::move(request));
  if (response.status >= 400) throw http::read_error(response.status, response.read_all());
  return response;
}

core::JsonDocument Server::get(const std::string& target) const {
  return core::parse_json(send(make_request("GET", target)).read_all());
}

core::JsonDocument Server::post(const std::string& target, std::string json) const {
  return core::parse_json(send(make_request("POST", target, std::move(json))).read_all());
}

}  // namespace wakeful::client
