#pragma once
// The table of routes and the one function that answers a request from it.
//
// A route's pattern is a path whose segments are text, "{name}" (one decoded segment) or, last, "{name...}" (the rest,
// undecoded segments joined by '/', then decoded). The raw target is split first and decoded once, so "%2F" stays
// inside its segment. Everything that every answer needs happens here: request id, limits, authentication, 404 and 405,
// the error map, HEAD, metrics, the access log. Text goes before "{name}", that before "{name...}". OPTIONS without a
// route of its own is answered with Allow; a path with empty segments that a route would answer without them is
// redirected (308), as MLflow does. Threads: handle() any number at once; add() before the first.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/telemetry.hpp"
#include "platform/http/message.hpp"

namespace wakeful::http {

/// Whose dialect an answer speaks, errors above all (platform/http/errors.hpp).
enum class Surface {
  own,          // {"error_code","message","field"?,"request_id"}
  mlflow,       // {"error_code","message"} with MLflow's names and statuses
  fit_predict,  // {"detail"}
  plain,        // text: health, metrics, assets
};

using Handler = std::function<Response(Request&)>;

struct Route {
  std::string method;
  std::string pattern;
  Surface surface = Surface::own;
  Handler handler;
  std::string summary;  // one sentence, shown in the API's documentation
  std::uint64_t max_body_bytes = 16U << 20U;
  /// The handler takes the body as a stream; otherwise it is read before the handler runs and counted against
  /// max_body_bytes.
  bool streams_body = false;
  std::chrono::milliseconds deadline{30'000};
  bool open = false;  // answered without authentication
};

/// Looks at a request before its handler; a Response ends it (401, 429).
using Filter = std::function<std::optional<Response>(Request&, const Route&)>;

class Router {
 public:
  explicit Router(core::Telemetry& telemetry);
  ~Router();

  /// Errors: internal if two routes answer the same requests.
  void add(Route route);
  void add(std::vector<Route> routes);
  void add_filter(Filter filter);
  /// Put on every answer that does not carry them. At first: X-Content-Type-Options: nosniff and
  /// X-Frame-Options: SAMEORIGIN, as MLflow answers.
  void set_default_headers(Headers headers);
  /// Answers what no route does (web assets); may decline with nothing. Filters see it as an open route without
  /// pattern.
  void set_fallback(std::function<std::optional<Response>(Request&)> fallback);

  std::span<const Route> routes() const;
  /// Never throws.
  Response handle(Request request) const;
  Transport transport() const;  // borrows the Router

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wakeful::http
