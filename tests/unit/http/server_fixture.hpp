#pragma once
// A server on a free port of loopback with the routes that the scenarios ask.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "platform/core/error.hpp"
#include "platform/http/router.hpp"
#include "platform/http/server.hpp"
#include "unit/http/raw_client.hpp"

namespace wakeful::http {

/// A door that tests open for handlers that wait before it.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Counts who came; false if it did not open in time.
  bool pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    return changed_.wait_for(lock, kPatience, [&] { return open_; });
  }
  bool wait_for_arrivals(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
};

/// Pieces made by a function; it ends at the first empty one.
class MadeBody final : public BodyReader {
 public:
  explicit MadeBody(std::function<std::string()> make) : make_(std::move(make)) {}
  std::size_t read(std::span<char> out) override {
    const std::string piece = make_();
    piece.copy(out.data(), out.size());
    return std::min(piece.size(), out.size());
  }

 private:
  std::function<std::string()> make_;
};

inline std::string get(std::string_view target, std::string_view headers = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n";
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    add("GET", "/health", [](Request&) { return Response::text("OK"); });
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"})
      add(method, "/echo", [](Request& r) { return Response::text(r.read_body()); });
    add("GET", "/get-body", [](Request& r) { return Response::text(r.read_body()); });
    add("GET", "/header/{name}", [](Request& r) {
      return Response::text(std::string(r.headers.find(r.path_param("name")).value_or("absent")));
    });
    add("GET", "/segment/{s}", [](Request& r) { return Response::text(r.path_param("s")); });
    add("GET", "/query", [](Request& r) {
      std::string text;
      for (const auto& [name, value] : r.query.items()) text += name + "=" + value + ";";
      return Response::text(text);
    });
    Route deny = make("POST", "/deny", [](Request&) -> Response { throw core::denied("no"); });
    deny.streams_body = true;
    router_.add(std::move(deny));
    Route count = make("PUT", "/count", [](Request& r) {
      std::uint64_t total = 0;
      std::vector<char> piece(10'000);
      while (const std::size_t n = r.body ? r.body->read(piece) : 0) total += n;
      return Response::text(std::to_string(total));
    });
    count.streams_body = true;
    count.max_body_bytes = kNoLimit;
    router_.add(std::move(count));
  }

  static Route make(std::string method, std::string pattern, Handler handler) {
    Route route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.handler = std::move(handler);
    route.surface = Surface::plain;
    return route;
  }
  void add(std::string method, std::string pattern, Handler handler) {
    router_.add(make(std::move(method), std::move(pattern), std::move(handler)));
  }
  void start(ServerOptions options = {}) {
    server_ = std::make_unique<Server>(router_.transport(), telemetry_, std::move(options));
    server_->start();
  }
  RawClient connect() { return RawClient(server_->port()); }
  /// True if a client that comes now is answered.
  bool answers() { return connect().ask("GET /health HTTP/1.1\r\nHost: h\r\n\r\n").body == "OK"; }
  double connections() { return telemetry_.gauge("wakeful_http_connections", "").value(); }
  /// Polls until the server holds that many connections.
  bool wait_for_connections(double count) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (connections() != count) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  core::Telemetry telemetry_;
  Router router_{telemetry_};
  std::atomic<int> count_{0};
  Gate gate_;  // outlives the server, whose workers may still stand before it
  std::unique_ptr<Server> server_;
};

}  // namespace wakeful::http
