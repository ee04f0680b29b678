#include "platform/http/router.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/random.hpp"
#include "platform/http/body_filters.hpp"
#include "platform/http/errors.hpp"
#include "platform/http/route_tree.hpp"
#include "platform/http/target.hpp"

namespace wakeful::http {
namespace {

using Clock = std::chrono::steady_clock;

/// The counters of one route, one per status. The usual statuses are found without a lock once they were seen.
class StatusCounters {
 public:
  StatusCounters(core::Telemetry& telemetry, std::string route, std::string method)
      : telemetry_(&telemetry), route_(std::move(route)), method_(std::move(method)) {}

  void count(int status) {
    const auto at = std::find(kUsual.begin(), kUsual.end(), status);
    if (at == kUsual.end()) return make(status).add();
    auto& slot = slots_[static_cast<std::size_t>(at - kUsual.begin())];
    core::Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter = &make(status);
      slot.store(counter, std::memory_order_release);
    }
    counter->add();
  }

 private:
  static constexpr std::array kUsual = {200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 409, 413, 429, 500, 503};

  core::Counter& make(int status) {
    return telemetry_->counter("wakeful_http_requests_total", "Requests answered.",
                               {{"route", route_}, {"method", method_}, {"code", fmt::format_int(status).c_str()}});
  }

  core::Telemetry* telemetry_;
  std::string route_;
  std::string method_;
  std::array<std::atomic<core::Counter*>, kUsual.size()> slots_{};
};

/// What the Router keeps beside each Route.
struct Entry {
  Entry(core::Telemetry& telemetry, const std::string& route, const std::string& method)
      : counters(telemetry, route, method),
        seconds(telemetry.histogram("wakeful_http_request_duration_seconds",
                                    "From the whole head to the answer, its streamed body excepted.",
                                    {{"route", route}})) {}

  std::vector<std::string> params;
  StatusCounters counters;
  core::Histogram& seconds;
};

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

/// By its beginning, for paths that have no route.
Surface surface_of_path(std::string_view path) {
  if (path.find("/api/v1/") != std::string_view::npos) return Surface::own;
  const bool api = path.find("/api/") != std::string_view::npos || path.find("/ajax-api/") != std::string_view::npos;
  return api ? Surface::mlflow : Surface::plain;
}

std::string join(std::vector<std::string_view> methods) {
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end()) methods.push_back("HEAD");
  methods.push_back("OPTIONS");
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  return fmt::format("{}", fmt::join(methods, ", "));
}

/// Clients fall back to older endpoints on this name, whatever the status. Source: mlflow-tracking.md §3.1.
core::Error no_endpoint(const Request& request, int status) {
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  return core::not_found(fmt::format("No endpoint answers {} {}", request.method, path.substr(0, 200)))
      .with_wire("ENDPOINT_NOT_FOUND", status);
}

core::Deadline earlier(core::Deadline a, core::Deadline b) { return a.at() < b.at() ? a : b; }

void undo_content_encoding(Request& request, const Route& route) {
  const auto encoding = request.headers.find("Content-Encoding");
  if (!encoding || equal_ignoring_case(*encoding, "identity")) return;
  if (!equal_ignoring_case(*encoding, "gzip") && !equal_ignoring_case(*encoding, "x-gzip"))
    throw core::invalid("Content-Encoding is gzip, identity or absent", "Content-Encoding")
        .with_wire("INVALID_PARAMETER_VALUE", 415);
  // What arrives is limited, too: members that hold nothing would pass the limit on what comes out for ever.
  request.body = gunzip_body(limit_body(std::move(request.body), route.max_body_bytes, request.deadline));
  request.content_length.reset();
  request.headers.remove("Content-Encoding");
}

/// Puts the route's limits before the body; reads it where the handler does not stream.
void prepare_body(Request& request, const Route& route) {
  if (!request.body) return;
  if (request.content_length && *request.content_length > route.max_body_bytes)
    throw core::exhausted(fmt::format("The request's body is larger than {} bytes.", route.max_body_bytes))
        .with_wire("REQUEST_LIMIT_EXCEEDED", 413);
  undo_content_encoding(request, route);
  request.body = limit_body(std::move(request.body), route.max_body_bytes, request.deadline);
  if (route.streams_body) return;
  std::string text = request.read_body();
  request.content_length = text.size();
  request.body = std::make_unique<TextBody>(std::move(text));
}

/// HEAD: the length stays, the body goes.
void drop_body(Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) response.content_length = text->size();
  response.body = std::string();
}

}  // namespace

struct Router::State {
  explicit State(core::Telemetry& t)
      : telemetry(t),
        unmatched(t, "none", "any"),
        in_flight(t.gauge("wakeful_http_in_flight", "Requests that are being answered.")) {
    fallback_route.surface = Surface::plain;
    fallback_route.open = true;
    defaults.add("X-Content-Type-Options", "nosniff");
    defaults.add("X-Frame-Options", "SAMEORIGIN");
    request_id_prefix = fmt::format(
        "{:08x}", core::Random(static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()))
                      .below(std::uint64_t{1} << 32U));
  }

  core::Telemetry& telemetry;
  RouteTree tree;
  std::vector<Route> routes;
  std::vector<std::unique_ptr<Entry>> entries;  // one per route, in their order
  std::vector<std::string> fit_predict_paths;   // the first segments of that surface's routes
  std::vector<Filter> filters;
  std::function<std::optional<Response>(Request&)> fallback;
  Route fallback_route;
  Entry unmatched;
  Headers defaults;
  core::Gauge& in_flight;
  std::string request_id_prefix;
  std::atomic<std::uint64_t> request_ids{0};

  /// One request on its way: what is known about it when something is thrown.
  struct Exchange {
    Request& request;
    Clock::time_point start;
    Entry* entry;
    Surface surface;
    std::string_view route_name;
  };

  /// Whose dialect a path speaks before it has a route, or without one.
  Surface surface_of(std::string_view target) const {
    const std::string_view first = target.substr(0, target.find_first_of("/?", 1));
    const bool is_beside =
        std::find(fit_predict_paths.begin(), fit_predict_paths.end(), first) != fit_predict_paths.end();
    return is_beside ? Surface::fit_predict : surface_of_path(target);
  }

  void set_request_id(Request& request) {
    if (is_request_id(request.request_id)) return;
    const auto sent = request.headers.find("X-Request-Id");
    if (sent && is_request_id(*sent))
      request.request_id = *sent;
    else
      request.request_id = fmt::format("{}{:08x}", request_id_prefix, ++request_ids);
  }

  std::optional<Response> run_filters(Request& request, const Route& route) const {
    for (const Filter& filter : filters)
      if (auto response = filter(request, route)) return response;
    return std::nullopt;
  }

  static void set_params(Request& request, const Target& target, const Entry& entry, const RouteTree::Found& found,
                         bool ends_in_rest) {
    request.path_params.clear();
    for (std::size_t i = 0; i < found.captured.size(); ++i) {
      std::size_t segment = found.captured[i];
      std::string text(target.segments[segment].text());
      const bool rest = ends_in_rest && i + 1 == found.captured.size();
      while (rest && ++segment < target.segments.size()) text.append("/").append(target.segments[segment].text());
      request.path_params.emplace_back(entry.params[i], std::move(text));
    }
  }

  Response answer(Exchange& exchange) const {
    Request& request = exchange.request;
    exchange.surface = surface_of(request.target);
    const Target target = Target::parse(request.target);
    const RouteTree::Found found = tree.find(target.segments, request.method);
    if (!found.route) return answer_without_route(exchange, target, found);
    const Route& route = routes[*found.route];
    Entry& entry = *entries[*found.route];
    exchange.entry = &entry;
    exchange.surface = route.surface;
    exchange.route_name = route.pattern;
    request.deadline = earlier(request.deadline, core::Deadline(exchange.start + route.deadline));
    request.query = Query::parse(target.query);
    set_params(request, target, entry, found, route.pattern.ends_with("...}"));
    if (auto response = run_filters(request, route)) return *std::move(response);
    prepare_body(request, route);
    return route.handler(request);
  }

  Response answer_without_route(Exchange& exchange, const Target& target, const RouteTree::Found& found) const {
    Request& request = exchange.request;
    request.query = Query::parse(target.query);
    if (auto response = run_filters(request, fallback_route)) return *std::move(response);
    if (!found.allowed.empty()) {
      Response response;
      if (request.method == "OPTIONS")
        response.status = 204;
      else
        response = error_response(no_endpoint(request, 405), exchange.surface, request.request_id);
      response.headers.set("Allow", join(found.allowed));
      return response;
    }
    if (target.has_doubled_slash()) {
      std::string merged = target.merged();
      if (tree.find(Target::parse(merged).segments, request.method).route) {
        Response response = Response::text("", 308);
        response.headers.add("Location", std::move(merged));
        return response;
      }
    }
    if (fallback)
      if (auto response = fallback(request)) return *std::move(response);
    throw no_endpoint(request, 404);
  }

  Response fail(const Exchange& exchange, const core::Error& error) const {
    const Request& request = exchange.request;
    if (error.code() == core::ErrorCode::internal)
      core::log::error("request_failed", {{"request_id", request.request_id},
                                          {"method", request.method},
                                          {"route", exchange.route_name},
                                          {"error", error.what()}});
    return error_response(error, exchange.surface, request.request_id);
  }

  void finish(const Exchange& exchange, Response& response) const {
    const Request& request = exchange.request;
    for (const auto& [name, value] : defaults.all())
      if (!response.headers.find(name)) response.headers.add(name, value);
    response.headers.set("X-Request-Id", request.request_id);
    if (request.method == "HEAD") drop_body(response);
    const double seconds = std::chrono::duration<double>(Clock::now() - exchange.start).count();
    exchange.entry->counters.count(response.status);
    exchange.entry->seconds.observe(seconds);
    in_flight.add(-1);
    if (core::log::enabled(core::log::Level::debug))
      core::log::debug("request", {{"request_id", request.request_id},
                                   {"method", request.method},
                                   {"route", exchange.route_name},
                                   {"status", response.status},
                                   {"seconds", seconds},
                                   {"remote", request.remote_address},
                                   {"principal", request.principal}});
  }
};

Router::Router(core::Telemetry& telemetry) : state_(std::make_unique<State>(telemetry)) {}
Router::~Router() = default;

void Router::add(Route route) {
  const Pattern pattern = Pattern::parse(route.pattern);
  state_->tree.add(pattern, route.method, state_->routes.size());
  auto entry = std::make_unique<Entry>(state_->telemetry, route.pattern, route.method);
  for (const Pattern::Part& part : pattern.parts)
    if (part.kind != Pattern::Part::Kind::text) entry->params.push_back(part.name);
  state_->entries.push_back(std::move(entry));
  if (route.surface == Surface::fit_predict && !pattern.parts.empty())
    state_->fit_predict_paths.push_back("/" + pattern.parts.front().name);
  state_->routes.push_back(std::move(route));
}

void Router::add(std::vector<Route> routes) {
  for (Route& route : routes) add(std::move(route));
}

void Router::add_filter(Filter filter) { state_->filters.push_back(std::move(filter)); }
void Router::set_default_headers(Headers headers) { state_->defaults = std::move(headers); }
void Router::set_fallback(std::function<std::optional<Response>(Request&)> fallback) {
  state_->fallback = std::move(fallback);
}
std::span<const Route> Router::routes() const { return state_->routes; }

Response Router::handle(Request request) const {
  State& state = *state_;
  State::Exchange exchange{request, Clock::now(), &state.unmatched, Surface::plain, "none"};
  state.in_flight.add(1);
  state.set_request_id(request);
  Response response;
  try {
    response = state.answer(exchange);
  } catch (const core::Error& error) {
    response = state.fail(exchange, error);
  } catch (const std::exception& error) {
    response = state.fail(exchange, core::internal(error.what()));
  } catch (...) {
    response = state.fail(exchange, core::internal("something that is no std::exception was thrown"));
  }
  state.finish(exchange, response);
  return response;
}

Transport Router::transport() const {
  return [this](Request request) { return handle(std::move(request)); };
}

}  // namespace wakeful::http
