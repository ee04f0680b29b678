#include "tracker/artifact_api.hpp"

#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "platform/artifacts/download.hpp"
#include "platform/artifacts/proxy.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"

namespace wakeful::tracker {
namespace {

using Locator = std::shared_ptr<const ArtifactLocator>;

constexpr std::uint64_t kMaxUpload = 10U << 20U;  // of upload-artifact: mlflow-tracking.md §4.1
constexpr std::chrono::milliseconds kTransferDeadline = std::chrono::hours(24);
constexpr std::string_view kApi = "/api/2.0/mlflow";
constexpr std::string_view kAjax = "/ajax-api/2.0/mlflow";

core::Error missing(std::string_view name) {
  return core::invalid(
      fmt::format("Missing value for required parameter '{}'. See the API docs for more information about "
                  "request parameters.",
                  name),
      std::string(name));
}

/// The first of `names` that has a value; empty values count as absent.
std::optional<std::string> find_any(const http::Query& query, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (auto value = query.find(name); value && !value->empty()) return value;
  }
  return std::nullopt;
}

std::string get_any(const http::Query& query, std::initializer_list<std::string_view> names) {
  auto value = find_any(query, names);
  if (!value) throw missing(*names.begin());
  return std::move(*value);
}

http::Response list(const ArtifactFolder& folder, const std::string& root_uri, const std::optional<std::string>& path) {
  const artifacts::Path asked = folder.path / artifacts::Path::parse(path.value_or(""));
  core::JsonWriter json;
  json.begin_object().member("root_uri", root_uri);
  write_files(json, folder.store->list(asked), asked, folder.path.is_root() ? 0 : folder.path.text().size() + 1);
  return http::Response::json(json.end_object().take());
}

http::Response list_of_run(const ArtifactLocator& locator, const http::Request& request) {
  const std::string run_id = get_any(request.query, {"run_id", "run_uuid"});
  const std::string uri = locator.roots().run(run_id);
  return list(locator.locate(uri), uri, request.query.find("path"));
}

http::Response list_of_model(const ArtifactLocator& locator, const http::Request& request) {
  const std::string uri = locator.roots().model(request.path_param("model_id"));
  return list(locator.locate(uri), uri, request.query.find("artifact_directory_path"));
}

/// The folder is looked up after the path was checked, so that a bad path is 400 whatever else is wrong.
template <class F>
http::Response give(const http::Request& request, std::string_view parameter, F&& folder_of) {
  const artifacts::Path path = artifacts::Path::parse(get_any(request.query, {parameter}));
  const ArtifactFolder folder = folder_of();
  http::Response response = artifacts::download(*folder.store, folder.path / path, request);
  return response;
}

http::Response give_of_run(const ArtifactLocator& locator, const http::Request& request) {
  const std::string run_id = get_any(request.query, {"run_id", "run_uuid"});
  return give(request, "path", [&] { return locator.of_run(run_id); });
}

http::Response give_of_model(const ArtifactLocator& locator, const http::Request& request) {
  return give(request, "artifact_file_path", [&] { return locator.of_model(request.path_param("model_id")); });
}

http::Response give_of_version(const ArtifactLocator& locator, const http::Request& request) {
  const std::string name = get_any(request.query, {"name"});
  const std::string version = get_any(request.query, {"version"});
  if (request.query.find("presigned") == "true") {
    throw core::invalid("This server's storage gives no presigned URLs").with_wire("NOT_IMPLEMENTED", 501);
  }
  return give(request, "path", [&] { return locator.of_version(name, version); });
}

/// Ends an upload that is larger than MLflow's page may send.
class LimitedBody final : public http::BodyReader {
 public:
  LimitedBody(http::BodyReader& body, std::string first) : body_(body), first_(std::move(first)) {}
  std::size_t read(std::span<char> out) override {
    const std::size_t got = first_.empty() ? body_.read(out) : take_first(out);
    total_ += got;
    if (total_ > kMaxUpload) throw core::invalid("Artifact size is too large. Max size is 10MB.");
    return got;
  }

 private:
  std::size_t take_first(std::span<char> out) {
    const std::size_t got = first_.copy(out.data(), out.size());
    first_.erase(0, got);
    return got;
  }

  http::BodyReader& body_;
  std::string first_;
  std::uint64_t total_ = 0;
};

http::Response upload(const ArtifactLocator& locator, http::Request& request) {
  const auto run_id = find_any(request.query, {"run_id", "run_uuid"});
  if (!run_id) throw core::invalid("Request must specify run_uuid or run_id.", "run_uuid");
  const auto text = find_any(request.query, {"path"});
  if (!text) throw core::invalid("Request must specify path.", "path");
  const artifacts::Path path = artifacts::Path::parse(*text);
  if (request.content_length.value_or(0) > kMaxUpload)
    throw core::invalid("Artifact size is too large. Max size is 10MB.");
  std::string first(4096, '\0');
  first.resize(request.body ? request.body->read(first) : 0);
  if (first.empty()) throw core::invalid("Request must specify data.");
  const ArtifactFolder folder = locator.of_run(*run_id);
  LimitedBody body(*request.body, std::move(first));
  folder.store->put(folder.path / path, body);
  return http::Response::json("");
}

/// No store of ours has URLs of its own; clients then go through the proxy.
http::Response refuse_presigned(const ArtifactLocator& locator, http::Request& request) {
  const core::JsonDocument document = core::parse_json(request.read_body());
  const core::ObjectReader body(document.root());
  const auto run_id = body.find_text("run_id");
  const auto model_id = body.find_text("model_id");
  if (run_id.has_value() == model_id.has_value())
    throw core::invalid("Exactly one of run_id and model_id must be given", "run_id");
  artifacts::Path::parse(body.text("path"));
  const std::string uri = run_id ? locator.roots().run(*run_id) : locator.roots().model(*model_id);
  if (is_proxied(uri)) {
    throw core::invalid(
        "Presigned URLs are not supported for artifacts that the server proxies; use the artifact proxy");
  }
  throw core::invalid("The artifacts' storage gives no presigned URLs").with_wire("NOT_IMPLEMENTED", 501);
}

http::Route get(std::string pattern, http::Handler handler, std::string summary) {
  return {.method = "GET",
          .pattern = std::move(pattern),
          .surface = http::Surface::mlflow,
          .handler = std::move(handler),
          .summary = std::move(summary),
          .deadline = kTransferDeadline};
}

http::Route post(std::string pattern, http::Handler handler, std::string summary) {
  return {.method = "POST",
          .pattern = std::move(pattern),
          .surface = http::Surface::mlflow,
          .handler = std::move(handler),
          .summary = std::move(summary)};
}

http::Route upload_route(const Locator& locator) {
  http::Route route = post(
      fmt::format("{}/upload-artifact", kAjax), [locator](http::Request& r) { return upload(*locator, r); },
      "Stores a small artifact of a run.");
  route.streams_body = true;
  route.max_body_bytes = http::kNoLimit;  // the handler's own, with MLflow's words
  return route;
}

}  // namespace

std::vector<http::Route> artifact_routes(artifacts::Store& store, ArtifactRoots roots,
                                         const ArtifactSettings& settings) {
  std::vector<http::Route> routes = artifacts::proxy_routes(store, {.serve = settings.serve});
  const auto locator = std::make_shared<const ArtifactLocator>(store, std::move(roots), settings.local_roots);
  const auto add = [&](http::Route route) { routes.push_back(std::move(route)); };
  for (const std::string_view prefix : {kApi, kAjax}) {
    const auto at = [&](std::string_view below) { return fmt::format("{}{}", prefix, below); };
    add(get(
        at("/artifacts/list"), [locator](http::Request& r) { return list_of_run(*locator, r); },
        "Lists the artifacts of a run, one level."));
    add(get(
        at("/logged-models/{model_id}/artifacts/directories"),
        [locator](http::Request& r) { return list_of_model(*locator, r); },
        "Lists the artifacts of a logged model, one level."));
    for (const std::string_view direction : {"upload", "download"}) {
      add(post(
          at(fmt::format("/artifacts/presigned-{}-url", direction)),
          [locator](http::Request& r) { return refuse_presigned(*locator, r); },
          "A URL of the storage itself: refused, clients then use the proxy."));
    }
  }
  add(get(
      fmt::format("{}/logged-models/{{model_id}}/artifacts/files", kAjax),
      [locator](http::Request& r) { return give_of_model(*locator, r); }, "Gives an artifact of a logged model."));
  add(get(
      "/get-artifact", [locator](http::Request& r) { return give_of_run(*locator, r); },
      "Gives an artifact of a run."));
  add(get(
      "/model-versions/get-artifact", [locator](http::Request& r) { return give_of_version(*locator, r); },
      "Gives an artifact of a model version."));
  add(upload_route(locator));
  return routes;
}

}  // namespace wakeful::tracker
