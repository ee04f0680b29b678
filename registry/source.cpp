#include "registry/source.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <regex>
#include <vector>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/names.hpp"
#include "platform/core/text.hpp"
#include "registry/aliases.hpp"
#include "registry/models.hpp"
#include "registry/rules.hpp"
#include "registry/versions.hpp"

namespace wakeful::registry {
namespace {

constexpr int kMostDecodings = 10;
constexpr std::size_t kMaxShown = 500;
constexpr std::string_view kProxyPath = "/api/2.0/mlflow-artifacts/artifacts";
/// Schemes whose authority is a machine that somebody would have to ask.
constexpr std::array<std::string_view, 9> kHostSchemes{"http",   "https", "ftp", "sftp", "hdfs",
                                                       "viewfs", "r2",    "b2",  "abfss"};

struct Uri {
  std::string scheme;  // lower case; "" for a path, also one of Windows
  std::string_view authority;
  std::string_view path;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_scheme_char(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'; }

Uri split_uri(std::string_view text) {
  const auto colon = text.find(':');
  // One letter is a drive.
  if (colon == std::string_view::npos || colon < 2 || !is_letter(text.front()) ||
      !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), is_scheme_char))
    return {.scheme = {}, .authority = {}, .path = text};
  Uri uri{.scheme = core::to_lower(text.substr(0, colon)), .authority = {}, .path = {}};
  std::string_view rest = text.substr(colon + 1);
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    uri.authority = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(uri.authority.size());
  }
  uri.path = rest.substr(0, rest.find_first_of("?#"));
  return uri;
}

core::Error bad_source(std::string_view source, std::string_view why) {
  return core::invalid(fmt::format("Invalid model version source: '{}'. {}", source.substr(0, kMaxShown), why),
                       "source");
}

core::Error not_owned(std::string_view source, std::string_view parameter) {
  return bad_source(
      source, fmt::format("The {} request parameter must identify the resource that contains the source.", parameter));
}

/// Escapes that are none stay as they are.
std::string decode_once(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto escape = text[i] == '%' ? core::percent_decode(text.substr(i, 3)) : std::nullopt;
    if (escape && text.size() - i >= 3) {
      decoded += *escape;
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

/// Decoded until nothing changes, or nothing if that never happens.
std::optional<std::string> decode_fully(std::string_view text) {
  std::string decoded(text);
  for (int i = 0; i < kMostDecodings; ++i) {
    std::string next = decode_once(decoded);
    if (next == decoded) return decoded;
    decoded = std::move(next);
  }
  return std::nullopt;
}

bool has_traversal(std::string_view text) {
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && std::string_view("/\\?#;").find(text[i]) == std::string_view::npos) continue;
    if (text.substr(start, i - start) == "..") return true;
    start = i + 1;
  }
  return false;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  for (const std::string_view segment : core::split(path, '/')) {
    if (!segment.empty()) segments.push_back(segment);
  }
  return segments;
}

bool is_host_scheme(std::string_view scheme) {
  return std::find(kHostSchemes.begin(), kHostSchemes.end(), scheme) != kHostSchemes.end();
}

bool is_proxied(const Uri& uri) {
  if (uri.scheme == "mlflow-artifacts") return true;
  return (uri.scheme == "http" || uri.scheme == "https") && uri.path.find(kProxyPath) != std::string_view::npos;
}

bool is_local(const Uri& uri) { return uri.scheme.empty() || uri.scheme == "file"; }

/// "" and "localhost" are this machine.
bool is_here(std::string_view authority) {
  return authority.empty() || core::to_lower(authority) == "localhost" || authority == "127.0.0.1";
}

void check_host(std::string_view source, const Uri& uri, const Settings& settings) {
  if (!is_host_scheme(uri.scheme) || uri.authority.empty() || is_proxied(uri)) return;
  const auto& allowed = settings.allowed_host_schemes;
  if (std::find(allowed.begin(), allowed.end(), uri.scheme) != allowed.end()) return;
  const Uri own = split_uri(settings.artifact_root);
  if (own.scheme == uri.scheme && own.authority == uri.authority) return;
  throw core::invalid(fmt::format("'source' cannot use the '{}' scheme: '{}' names a host that is not this server's "
                                  "own artifact storage.",
                                  uri.scheme, source.substr(0, kMaxShown)),
                      "source");
}

/// What the request says that the source belongs to.
struct Owner {
  std::optional<std::string> run_location;
  std::optional<LoggedModelFacts> model;
};

Owner find_owner(db::Tx& tx, const NewVersion& wanted, const Settings& settings) {
  Owner owner;
  if (!wanted.run_id.empty() && settings.find_run_location)
    owner.run_location = settings.find_run_location(tx, wanted.run_id);
  if (!wanted.model_id.empty() && settings.find_logged_model)
    owner.model = settings.find_logged_model(tx, wanted.model_id);
  return owner;
}

bool owns(const Owner& owner, std::string_view source) {
  return (owner.run_location && lies_below(source, *owner.run_location)) ||
         (owner.model && lies_below(source, owner.model->artifact_uri));
}

core::Error no_logged_model(std::string_view id) {
  return core::not_found(fmt::format("Logged model with ID '{}' not found.", id), "model_id");
}

void check_local(const Owner& owner, std::string_view source) {
  if (is_here(split_uri(source).authority) && owns(owner, source)) return;
  throw bad_source(source,
                   "To use a local path as a model version source, the run_id request parameter has to be specified "
                   "and the local path has to be contained within the artifact directory of the run specified by the "
                   "run_id.");
}

void check_runs(db::Tx& tx, const NewVersion& wanted, const Settings& settings) {
  if (!wanted.model_id.empty()) throw not_owned(wanted.source, "model_id");
  const auto segments = segments_of(split_uri(wanted.source).path);
  const std::string run(segments.front());
  if (run == wanted.run_id || !settings.find_run_location) return;
  // Servers before 3.13 took any run; one that nobody knows gives nothing away.
  if (settings.find_run_location(tx, run)) throw not_owned(wanted.source, "run_id");
}

void check_storage(const NewVersion& wanted, const Settings& settings, const Owner& owner) {
  const bool known = settings.find_run_location || settings.find_logged_model;
  if (is_proxied(split_uri(wanted.source)) && known && !owns(owner, wanted.source))
    throw not_owned(wanted.source, wanted.model_id.empty() ? "run_id" : "model_id");
  if (!wanted.model_id.empty() && settings.find_logged_model && !owner.model) throw no_logged_model(wanted.model_id);
}

std::string from_logged_model(NewVersion& wanted, const Settings& settings, const Owner& owner,
                              std::string_view model_id) {
  if (!settings.find_logged_model) return wanted.source;
  if (wanted.model_id != model_id || !owner.model) throw not_owned(wanted.source, "model_id");
  if (wanted.run_id.empty()) wanted.run_id = owner.model->source_run_id;
  return owner.model->artifact_uri;
}

core::Error no_copied_version(std::string_view source) {
  return core::not_found(fmt::format("The model version of source '{}' was not found.", source.substr(0, kMaxShown)),
                         "source");
}

/// "name/1", "name/latest", "name@alias".
ModelVersion find_copied(db::Tx& tx, std::string_view source, std::string_view rest) {
  const auto at = rest.rfind('@');
  const auto slash = rest.rfind('/');
  std::optional<ModelVersion> version;
  if (slash == std::string_view::npos && at != std::string_view::npos) {
    version = find_version_by_alias(tx, rest.substr(0, at), rest.substr(at + 1));
  } else if (slash == std::string_view::npos || rest.find('/') != slash) {
    throw bad_source(source, "It must be models:/name/version, models:/name@alias or models:/model_id.");
  } else if (is_latest(rest.substr(slash + 1))) {
    version = latest_version(tx, rest.substr(0, slash));
  } else {
    version = find_version(tx, rest.substr(0, slash), parse_version(rest.substr(slash + 1), "source"));
  }
  if (!version) throw no_copied_version(source);
  return std::move(*version);
}

void inherit(std::string& given, const std::string& own, std::string_view parameter, std::string_view source) {
  if (given.empty()) given = own;
  if (given != own) throw not_owned(source, parameter);
}

std::string from_version(db::Tx& tx, NewVersion& wanted, std::string_view rest) {
  const ModelVersion copied = find_copied(tx, wanted.source, rest);
  if (is_prompt(copied.tags) || is_prompt(get_model(tx, copied.name).tags))
    throw bad_source(wanted.source, "It is a version of a prompt.");
  inherit(wanted.run_id, copied.run_id, "run_id", wanted.source);
  inherit(wanted.model_id, copied.model_id, "model_id", wanted.source);
  wanted.source = fmt::format("models:/{}/{}", copied.name, copied.version);
  return get_download_uri(tx, copied.name, copied.version);
}

std::string from_models(db::Tx& tx, NewVersion& wanted, const Settings& settings, const Owner& owner) {
  std::string_view rest = std::string_view(wanted.source).substr(std::string_view("models:").size());
  if (rest.starts_with("//") && !rest.starts_with("///")) throw bad_source(wanted.source, "It must name no host.");
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const bool one_word = rest.find_first_of("/@") == std::string_view::npos;
  if (one_word && rest.starts_with("m-")) return from_logged_model(wanted, settings, owner, rest);
  return from_version(tx, wanted, rest);
}

void check_prompt(std::string_view source) {
  if (core::is_word(source, "-") && source.size() == core::length_of(source)) return;
  throw core::invalid(fmt::format("Invalid prompt source: '{}'. It must be a placeholder of letters, digits, '_' and "
                                  "'-'; a prompt has no files.",
                                  source.substr(0, kMaxShown)),
                      "source");
}

}  // namespace

bool lies_below(std::string_view uri, std::string_view root) {
  const Uri inner = split_uri(uri);
  const Uri outer = split_uri(root);
  if (is_local(inner) != is_local(outer)) return false;
  if (is_local(inner) && !inner.path.starts_with('/')) return false;
  if (!is_local(inner) && (inner.scheme != outer.scheme || inner.authority != outer.authority)) return false;
  const auto inner_path = decode_fully(inner.path);
  const auto outer_path = decode_fully(outer.path);
  if (!inner_path || !outer_path || has_traversal(*inner_path)) return false;
  const auto below = segments_of(*inner_path);
  const auto above = segments_of(*outer_path);
  return above.size() <= below.size() && std::equal(above.begin(), above.end(), below.begin());
}

void check_source_text(std::string_view source, const Settings& settings) {
  core::check_length(source, kMaxSource, "source", "source");
  const auto decoded = decode_fully(source);
  if (!decoded) throw bad_source(source, "It is escaped too often.");
  if (std::any_of(decoded->begin(), decoded->end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    throw bad_source(source, "It must not hold control characters.");
  if (has_traversal(*decoded)) throw bad_source(source, "It must not lead upwards ('..').");
  const Uri uri = split_uri(source);
  if (is_local(uri)) return;
  const auto path = decode_fully(uri.path).value_or("");
  const auto segments = segments_of(path);
  if (segments.empty()) throw bad_source(source, "Its path is empty.");
  if (std::find(segments.begin(), segments.end(), ".") != segments.end())
    throw bad_source(source, "Its path must be in its normal form.");
  check_host(source, uri, settings);
}

std::string check_source(db::Tx& tx, NewVersion& wanted, const Settings& settings) {
  const RegisteredModel model = get_model(tx, wanted.name);
  core::check_length(wanted.source, kMaxSource, "source", "source");  // std::regex goes as deep as its text is long
  if (!settings.source_pattern.empty() && !std::regex_search(wanted.source, std::regex(settings.source_pattern)))
    throw bad_source(wanted.source, "It does not match the pattern that this server asks for.");
  if (is_prompt(wanted.tags) && is_prompt(model.tags)) {
    check_prompt(wanted.source);
    return wanted.source;
  }
  check_source_text(wanted.source, settings);
  const Owner owner = find_owner(tx, wanted, settings);
  const Uri uri = split_uri(wanted.source);
  if (uri.scheme == "models") return from_models(tx, wanted, settings, owner);
  if (is_local(uri)) {
    check_local(owner, wanted.source);
  } else if (uri.scheme == "runs") {
    check_runs(tx, wanted, settings);
  } else {
    check_storage(wanted, settings, owner);
  }
  return wanted.source;
}

}  // namespace wakeful::registry
