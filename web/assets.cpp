#include "web/assets.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "platform/core/digest.hpp"
#include "platform/core/text.hpp"

namespace wakeful::web {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'";
constexpr std::string_view kBase = "<base href=\"/\"";

/// First segments of the pages' addresses: kPages of src/app.tsx.
constexpr std::array<std::string_view, 8> kPages = {"",     "detectors",   "streams", "anomalies",
                                                    "jobs", "experiments", "runs",    "models"};
/// First segments that belong to programs: never a page.
constexpr std::array<std::string_view, 8> kPrograms = {
    "api", "ajax-api", "assets", "get-artifact", "model-versions", "graphql", "metrics", "upload-artifact"};

std::string_view type_of(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes = {{
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".html", "text/html; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  for (const auto& [ending, type] : kTypes)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

std::string tag_of(std::string_view bytes) { return core::sha256_hex(bytes).substr(0, 20); }

bool names(const http::Request& request, std::string_view header, std::string_view word) {
  const auto value = request.headers.find(header);
  return value && value->find(word) != std::string_view::npos;
}

bool takes_gzip(const http::Request& request) {
  return names(request, "Accept-Encoding", "gzip") && !names(request, "Accept-Encoding", "gzip;q=0");
}

/// The client holds what `etag` names. Weak tags compare equal (RFC 9110 §13.1.2).
bool is_held(const http::Request& request, std::string_view etag) {
  const auto held = request.headers.find("If-None-Match");
  if (!held) return false;
  for (std::string_view one : core::split(*held, ',')) {
    one = core::trim(one);
    if (one == "*") return true;
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag) return true;
  }
  return false;
}

bool is_plain_path(std::string_view text) {
  return text.starts_with('/') && !text.starts_with("//") && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-' ||
                  c == '_' || c == '.' || c == '~';
         });
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

Assets::Assets(std::string prefix, std::span<const EmbeddedFile> pages) : prefix_(std::move(prefix)) {
  for (const auto& [path, bytes] : pages) {
    if (path.ends_with(".gz")) continue;
    if (path == "index.html") {
      index_ = bytes;
      continue;
    }
    files_[path] = {.bytes = bytes, .gzip = {}, .type = type_of(path), .etag = tag_of(bytes)};
  }
  for (const auto& [path, bytes] : pages) {
    if (!path.ends_with(".gz")) continue;
    if (const auto plain = files_.find(path.substr(0, path.size() - 3)); plain != files_.end())
      plain->second.gzip = bytes;
  }
}

http::Response Assets::file_response(const http::Request& request, std::string_view path, const File& file) const {
  const bool packed = !file.gzip.empty() && takes_gzip(request);
  const std::string etag = '"' + file.etag + (packed ? "-gz\"" : "\"");
  http::Response response;
  response.headers.set("ETag", etag);
  response.headers.set("Cache-Control",
                       path.starts_with("assets/") ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.set("Vary", "Accept-Encoding");
  if (is_held(request, etag)) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type", std::string(file.type));
  if (packed) response.headers.set("Content-Encoding", "gzip");
  response.body = std::string(packed ? file.gzip : file.bytes);
  return response;
}

http::Response Assets::page_response(const http::Request& request, int status) const {
  std::string_view base = prefix_;
  if (const auto forwarded = request.headers.find("X-Forwarded-Prefix"); forwarded && is_plain_path(*forwarded))
    base = *forwarded;
  while (base.ends_with('/')) base.remove_suffix(1);

  std::string text(index_);
  if (const auto at = text.find(kBase); at != std::string::npos)
    text.replace(at, kBase.size(), "<base href=\"" + std::string(base) + "/\"");

  http::Response response;
  response.status = status;
  const std::string etag = '"' + tag_of(text) + '"';
  response.headers.set("ETag", etag);
  response.headers.set("Cache-Control", "no-cache");
  response.headers.set("Vary", "X-Forwarded-Prefix");
  response.headers.set("Content-Security-Policy", std::string(kPolicy));
  response.headers.set("Referrer-Policy", "same-origin");
  response.headers.set("Cross-Origin-Opener-Policy", "same-origin");
  if (status == 200 && is_held(request, etag)) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.body = std::move(text);
  return response;
}

std::optional<http::Response> Assets::answer(const http::Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  std::string_view path = path_of(request.target);
  if (!prefix_.empty() && path.starts_with(prefix_)) path.remove_prefix(prefix_.size());
  if (path.starts_with('/')) path.remove_prefix(1);

  if (const auto file = files_.find(path); file != files_.end()) return file_response(request, path, file->second);
  const std::string_view first = path.substr(0, path.find('/'));
  if (std::ranges::find(kPages, first) != kPages.end() || path == "index.html") return page_response(request, 200);
  if (std::ranges::find(kPrograms, first) != kPrograms.end() || !names(request, "Accept", "text/html"))
    return std::nullopt;
  return page_response(request, 404);
}

}  // namespace wakeful::web
