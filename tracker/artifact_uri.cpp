#include "tracker/artifact_uri.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "tracker/rules.hpp"

namespace wakeful::tracker {
namespace {

constexpr std::string_view kField = "artifact_location";

std::string_view scheme_of(std::string_view uri) {
  const auto colon = uri.find(':');
  const auto slash = uri.find('/');
  return colon == std::string_view::npos || slash < colon ? std::string_view() : uri.substr(0, colon);
}

/// Whether `holds` is true of the text or of what any number of percent encodings hides in it.
template <class F>
bool decoded_holds(std::string_view encoded, F&& holds) {
  std::string text(encoded);
  for (int round = 0; round < 8; ++round) {
    if (holds(text)) return true;
    const auto decoded = core::percent_decode(text);
    if (!decoded || *decoded == text) return false;
    text = *decoded;
  }
  return true;
}

bool has_parent_segment(std::string_view path) {
  for (const std::string_view part : core::split(path, '/'))
    if (part == "..") return true;
  return false;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// What would let a location lead elsewhere than it seems to, for whoever opens it.
void refuse_detours(std::string_view location) {
  const auto query = location.find('?');
  if (query != std::string_view::npos && decoded_holds(location.substr(query), [](const std::string& text) {
        return text.find("..") != std::string::npos;
      }))
    throw core::invalid("Invalid query string", std::string(kField));
  if (decoded_holds(location.substr(0, query), has_parent_segment))
    throw core::invalid("Invalid artifact_location: it holds a '..' segment", std::string(kField));
  if (decoded_holds(location, has_control))
    throw core::invalid("Invalid artifact_location: it holds a control character", std::string(kField));
}

std::string absolute(std::string_view path) {
  return (std::filesystem::current_path() / path).lexically_normal().string();
}

}  // namespace

std::string check_artifact_location(std::string_view location, const Settings& settings) {
  const std::string scheme = core::to_lower(scheme_of(location));
  if (scheme == "runs") {
    throw core::invalid(fmt::format("Artifact location cannot be a runs:/ URI. Given: '{}'", location.substr(0, 200)),
                        std::string(kField));
  }
  if (location.find('#') != std::string_view::npos)
    throw core::invalid("'artifact_location' URL can't include fragments or params.", std::string(kField));
  refuse_detours(location);
  if (length_of(location) > settings.max_artifact_location) {
    throw core::invalid(fmt::format("Invalid artifact path length. The length of the artifact path cannot be greater "
                                    "than {} characters. To configure this limit, please set the "
                                    "MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment variable.",
                                    settings.max_artifact_location),
                        std::string(kField));
  }
  if (scheme.empty() && !location.starts_with('/')) return absolute(location);
  if (scheme == "file" && !location.substr(5).starts_with('/')) return "file://" + absolute(location.substr(5));
  return std::string(location);
}

std::string append_to_uri(std::string_view uri, std::string_view path) {
  // A query belongs to a URI; in a plain path '?' is a character.
  const auto query = scheme_of(uri).empty() ? std::string_view::npos : uri.find('?');
  std::string_view base = uri.substr(0, query);
  const auto authority = base.find("://");
  const std::size_t path_start = authority == std::string_view::npos ? 0 : authority + 3;
  while (base.size() > path_start && base.ends_with('/')) base.remove_suffix(1);
  return fmt::format("{}/{}{}", base, path, query == std::string_view::npos ? std::string_view() : uri.substr(query));
}

std::string default_location(const Settings& settings, std::int64_t experiment_id) {
  return append_to_uri(settings.default_artifact_root, std::to_string(experiment_id));
}

}  // namespace wakeful::tracker
