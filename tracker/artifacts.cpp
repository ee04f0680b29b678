#include "tracker/artifacts.hpp"

#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::tracker {
namespace {

constexpr std::string_view kProxyPath = "/api/2.0/mlflow-artifacts/artifacts";

core::Error not_kept(std::string_view uri) {
  return core::invalid(fmt::format("This server does not keep the artifacts of '{}'", uri));
}

std::string decode(std::string_view text) {
  const auto decoded = core::percent_decode(text);
  if (!decoded) throw core::invalid("Invalid path", "path");
  return *decoded;
}

std::string_view scheme_of(std::string_view uri) {
  const auto colon = uri.find(':');
  const auto slash = uri.find('/');
  return colon == std::string_view::npos || slash < colon ? std::string_view() : uri.substr(0, colon);
}

/// The part of a proxied URI below the store's root, not decoded; nothing for other URIs.
std::optional<std::string_view> proxied_path(std::string_view uri) {
  const std::string scheme = core::to_lower(scheme_of(uri));
  std::string_view rest = uri.substr(std::min(uri.size(), scheme.size() + 1));
  if (scheme == "http" || scheme == "https") {
    const auto at = rest.find(kProxyPath);
    if (at == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(at + kProxyPath.size());
    if (!rest.empty() && rest.front() != '/') return std::nullopt;
  } else if (scheme != "mlflow-artifacts") {
    return std::nullopt;
  } else if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    rest.remove_prefix(std::min(rest.find('/'), rest.size()));
  }
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  return rest;
}

/// "file:///p", "file:/p", "/p" as an absolute, normal path. Errors: invalid.
std::filesystem::path local_path(std::string_view uri) {
  std::string text(uri);
  if (core::to_lower(scheme_of(uri)) == "file") {
    std::string_view rest = uri.substr(5);
    if (rest.starts_with("//localhost/")) rest.remove_prefix(11);
    if (rest.starts_with("///")) rest.remove_prefix(2);
    if (rest.starts_with("//") || rest.find_first_of("?#") != std::string_view::npos) throw not_kept(uri);
    text = decode(rest);
  }
  std::filesystem::path path(text);
  if (!path.is_absolute() || text.find('\0') != std::string::npos) throw not_kept(uri);
  for (const auto& part : path) {
    if (part == "..") throw core::invalid("Invalid path", "path");
  }
  return path.lexically_normal();
}

}  // namespace

bool is_proxied(std::string_view uri) { return proxied_path(uri).has_value(); }

ArtifactLocator::ArtifactLocator(artifacts::Store& store, ArtifactRoots roots, std::vector<std::string> local_roots)
    : store_(&store, [](artifacts::Store*) {}), roots_(std::move(roots)), local_roots_(std::move(local_roots)) {}

ArtifactFolder ArtifactLocator::locate(std::string_view uri) const {
  if (const auto path = proxied_path(uri)) {
    if (path->find('?') != std::string_view::npos) throw core::invalid("Invalid path", "path");
    return {.store = store_, .path = artifacts::Path::parse(decode(*path))};
  }
  const std::string scheme = core::to_lower(scheme_of(uri));
  if (scheme.empty() || scheme == "file") return local(uri);
  throw not_kept(uri);
}

ArtifactFolder ArtifactLocator::local(std::string_view uri) const {
  const std::filesystem::path path = local_path(uri);
  for (const std::string& root : local_roots_) {
    const std::filesystem::path below =
        path.lexically_relative(std::filesystem::absolute(root).lexically_normal()).lexically_normal();
    if (below.empty() || *below.begin() == "..") continue;
    return {.store = artifacts::open_store(root), .path = artifacts::Path::parse(below.string())};
  }
  throw core::denied(fmt::format("'{}' lies outside the folders whose artifacts this server may read", uri));
}

ArtifactFolder ArtifactLocator::of_run(const std::string& run_id) const { return locate(roots_.run(run_id)); }

ArtifactFolder ArtifactLocator::of_model(const std::string& model_id) const { return locate(roots_.model(model_id)); }

ArtifactFolder ArtifactLocator::of_version(const std::string& name, const std::string& version) const {
  const std::string source = roots_.version(name, version);
  const std::string scheme = core::to_lower(scheme_of(source));
  if (scheme != "runs" && scheme != "models") return locate(source);
  std::string_view rest = std::string_view(source).substr(scheme.size() + 1);
  // An authority says which server, and there is only this one; clients do not read it as a run either.
  if (rest.starts_with("//")) rest.remove_prefix(std::min(rest.find('/', 2), rest.size()));
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::string id(rest.substr(0, rest.find('/')));
  rest.remove_prefix(id.size());
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  if (scheme == "models" && !id.starts_with("m-")) throw not_kept(source);
  ArtifactFolder folder = scheme == "runs" ? of_run(id) : of_model(id);
  folder.path = folder.path / artifacts::Path::parse(decode(rest));
  return folder;
}

}  // namespace wakeful::tracker
