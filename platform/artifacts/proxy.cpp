#include "platform/artifacts/proxy.hpp"

#include <chrono>
#include <utility>

#include "platform/artifacts/download.hpp"
#include "platform/core/error.hpp"

namespace wakeful::artifacts {
namespace {

/// A transfer may take as long as it moves: what bounds it is the server's time between two pieces.
constexpr std::chrono::milliseconds kTransferDeadline = std::chrono::hours(24);

http::Response upload(Store& store, http::Request& request) {
  http::TextBody nothing{std::string()};
  store.put(Path::parse(request.path_param("path")), request.body ? *request.body : nothing);
  return http::Response::json("{}");
}

http::Response list(Store& store, const http::Request& request) {
  const Path path = Path::parse(request.query.find("path").value_or(""));
  core::JsonWriter json;
  json.begin_object();
  write_files(json, store.list(path), path, path.is_root() ? 0 : path.text().size() + 1);
  return http::Response::json(json.end_object().take());
}

http::Response remove(Store& store, const http::Request& request) {
  store.remove(Path::parse(request.path_param("path")));
  return http::Response::json("{}");
}

/// The client falls back to one plain PUT or GET on this text and status.
http::Response refuse_parts(const http::Request& request, std::string_view what) {
  Path::parse(request.path_param("path"));
  throw core::invalid(std::string(what) + " is not supported for the current artifact repository")
      .with_wire("NOT_IMPLEMENTED", 501);
}

/// `serve` false: the handler is replaced by one that says so.
http::Route route(const ProxySettings& settings, std::string method, std::string pattern, http::Handler handler,
                  std::string summary) {
  if (!settings.serve) {
    handler = [](http::Request&) {
      return http::Response::text(
          "Endpoint disabled due to the mlflow server running with `--no-serve-artifacts`. Start it with "
          "`--serve-artifacts`.\n",
          503);
    };
  }
  return {.method = std::move(method),
          .pattern = std::move(pattern),
          .surface = http::Surface::mlflow,
          .handler = std::move(handler),
          .summary = std::move(summary)};
}

void add_routes(std::vector<http::Route>& routes, const std::string& prefix, Store& store,
                const ProxySettings& settings) {
  const auto add = [&](std::string method, const std::string& below, http::Handler handler,
                       std::string summary) -> http::Route& {
    return routes.emplace_back(
        route(settings, std::move(method), prefix + below, std::move(handler), std::move(summary)));
  };
  http::Route& put = add(
      "PUT", "/artifacts/{path...}", [&store](http::Request& r) { return upload(store, r); },
      "Stores an artifact, replacing one of that path.");
  put.streams_body = true;
  put.max_body_bytes = http::kNoLimit;
  put.deadline = kTransferDeadline;
  add(
      "GET", "/artifacts/{path...}",
      [&store](http::Request& r) { return download(store, Path::parse(r.path_param("path")), r); },
      "Gives an artifact, whole or a range of it.")
      .deadline = kTransferDeadline;
  add(
      "DELETE", "/artifacts/{path...}", [&store](http::Request& r) { return remove(store, r); },
      "Removes an artifact, or a folder with all below it.");
  add(
      "GET", "/artifacts", [&store](http::Request& r) { return list(store, r); }, "Lists the children of a folder.");
  for (const std::string& step : std::vector<std::string>{"create", "complete", "abort"}) {
    add(
        "POST", "/mpu/" + step + "/{path...}", [](http::Request& r) { return refuse_parts(r, "Multipart upload"); },
        "Uploads in parts: answered 501, clients then upload whole.");
  }
  add(
      "GET", "/presigned/{path...}", [](http::Request& r) { return refuse_parts(r, "Multipart download"); },
      "A URL of the storage itself: answered 501, clients then download from here.");
}

}  // namespace

std::vector<http::Route> proxy_routes(Store& store, ProxySettings settings) {
  std::vector<http::Route> routes;
  for (const std::string& prefix :
       std::vector<std::string>{"/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"})
    add_routes(routes, prefix, store, settings);
  return routes;
}

void write_files(core::JsonWriter& json, const std::vector<Entry>& entries, const Path& listed,
                 std::size_t prefix_bytes) {
  const bool is_file = entries.size() == 1 && entries.front().path == listed;
  if (entries.empty() || is_file) return;
  json.key("files").begin_array();
  for (const Entry& entry : entries) {
    json.begin_object()
        .member("path", std::string_view(entry.path.text()).substr(prefix_bytes))
        .member("is_dir", entry.is_directory);
    if (!entry.is_directory) json.member("file_size", static_cast<std::int64_t>(entry.size_bytes));
    json.end_object();
  }
  json.end_array();
}

}  // namespace wakeful::artifacts
