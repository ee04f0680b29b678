#include "server/settings.hpp"

#include <array>

#include <fmt/core.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::server {
namespace {

int to_int(const std::string& value, std::string_view flag, int least, int most) {
  const auto number = core::to_integer(value);
  if (!number || *number < least || *number > most)
    throw core::invalid(fmt::format("--{} must be a number from {} to {}, not '{}'", flag, least, most, value),
                        std::string(flag));
  return static_cast<int>(*number);
}

bool to_bool(const std::string& value, std::string_view flag) {
  const std::string word = core::to_lower(value);
  if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "0" || word == "no" || word == "off") return false;
  throw core::invalid(fmt::format("--{} must be true or false, not '{}'", flag, value), std::string(flag));
}

std::string word_of(bool flag) { return flag ? "true" : "false"; }

using S = Settings;
using V = const std::string&;

constexpr std::array kRows = {
    SettingRow{"host", "WAKEFUL_HOST", "MLFLOW_HOST", "address to listen on", false, [](S& s, V v) { s.host = v; },
               [](const S& s) { return s.host; }},
    SettingRow{"port", "WAKEFUL_PORT", "MLFLOW_PORT", "port to listen on; 0 picks a free one", false,
               [](S& s, V v) { s.port = to_int(v, "port", 0, 65535); },
               [](const S& s) { return std::to_string(s.port); }},
    SettingRow{"backend-store-uri", "WAKEFUL_BACKEND_STORE_URI", "MLFLOW_BACKEND_STORE_URI",
               "sqlite:///FILE or postgresql://USER@HOST/DB", false, [](S& s, V v) { s.backend_store_uri = v; },
               [](const S& s) { return s.backend_store_uri; }},
    SettingRow{"artifacts-destination", "WAKEFUL_ARTIFACTS_DESTINATION", "MLFLOW_ARTIFACTS_DESTINATION",
               "where artifacts are kept: a folder", false, [](S& s, V v) { s.artifacts_destination = v; },
               [](const S& s) { return s.artifacts_destination; }},
    SettingRow{"default-artifact-root", "WAKEFUL_DEFAULT_ARTIFACT_ROOT", "MLFLOW_DEFAULT_ARTIFACT_ROOT",
               "artifact location of new experiments; default mlflow-artifacts:/", false,
               [](S& s, V v) { s.default_artifact_root = v; }, [](const S& s) { return s.default_artifact_root; }},
    SettingRow{"serve-artifacts", "WAKEFUL_SERVE_ARTIFACTS", "MLFLOW_SERVE_ARTIFACTS",
               "let clients read and write artifacts through this server", true,
               [](S& s, V v) { s.serve_artifacts = to_bool(v, "serve-artifacts"); },
               [](const S& s) { return word_of(s.serve_artifacts); }},
    SettingRow{"model-source-pattern", "WAKEFUL_MODEL_SOURCE_PATTERN",
               "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX",
               "regular expression that the source of a new model version must hold", false,
               [](S& s, V v) { s.source_pattern = v; }, [](const S& s) { return s.source_pattern; }},
    SettingRow{"allowed-artifact-schemes", "WAKEFUL_ALLOWED_ARTIFACT_SCHEMES",
               "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES",
               "comma separated schemes (http, ftp, …) whose artifact URIs may name any host", false,
               [](S& s, V v) { s.allowed_artifact_schemes = v; },
               [](const S& s) { return s.allowed_artifact_schemes; }},
    SettingRow{"static-prefix", "WAKEFUL_STATIC_PREFIX", "MLFLOW_STATIC_PREFIX",
               "path that all addresses begin with: starts with / and does not end with it", false,
               [](S& s, V v) { s.static_prefix = v; }, [](const S& s) { return s.static_prefix; }},
    SettingRow{"allowed-hosts", "WAKEFUL_ALLOWED_HOSTS", "MLFLOW_SERVER_ALLOWED_HOSTS",
               "comma separated host names that may be asked for, '*' any; default: this machine and private addresses",
               false, [](S& s, V v) { s.allowed_hosts = v; }, [](const S& s) { return s.allowed_hosts; }},
    SettingRow{"cors-allowed-origins", "WAKEFUL_CORS_ALLOWED_ORIGINS", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
               "comma separated origins whose pages may write, '*' any", false,
               [](S& s, V v) { s.cors_allowed_origins = v; }, [](const S& s) { return s.cors_allowed_origins; }},
    SettingRow{"check-hosts", "WAKEFUL_CHECK_HOSTS", "", "refuse strange Host and Origin headers", true,
               [](S& s, V v) { s.check_hosts = to_bool(v, "check-hosts"); },
               [](const S& s) { return word_of(s.check_hosts); }},
    SettingRow{"workers", "WAKEFUL_WORKERS", "", "requests answered at the same time", false,
               [](S& s, V v) { s.workers = to_int(v, "workers", 1, 1024); },
               [](const S& s) { return std::to_string(s.workers); }},
    SettingRow{"synchronous", "WAKEFUL_SYNCHRONOUS", "",
               "full: an acknowledged write survives a power cut; normal: a crash of the program only (SQLite)", false,
               [](S& s, V v) { s.synchronous = v; }, [](const S& s) { return s.synchronous; }},
    SettingRow{"runner", "WAKEFUL_RUNNER", "", "train and evaluate in this process", true,
               [](S& s, V v) { s.runner = to_bool(v, "runner"); }, [](const S& s) { return word_of(s.runner); }},
    SettingRow{"runner-lease", "WAKEFUL_RUNNER_LEASE", "",
               "how long a job stays with its runner without a sign of life: 60s", false,
               [](S& s, V v) { s.runner_lease = v; }, [](const S& s) { return s.runner_lease; }},
    SettingRow{"runner-workers", "WAKEFUL_RUNNER_WORKERS", "", "jobs worked on at the same time", false,
               [](S& s, V v) { s.runner_workers = to_int(v, "runner-workers", 1, 64); },
               [](const S& s) { return std::to_string(s.runner_workers); }},
    SettingRow{"csv-root", "WAKEFUL_CSV_ROOT", "",
               "folder that the files of csv sources must lie in; default: any file that the runner may read", false,
               [](S& s, V v) { s.csv_root = v; }, [](const S& s) { return s.csv_root; }},
    SettingRow{"log-level", "WAKEFUL_LOG_LEVEL", "", "debug, info, warn or error", false,
               [](S& s, V v) { s.log_level = v; }, [](const S& s) { return s.log_level; }},
    SettingRow{"log-format", "WAKEFUL_LOG_FORMAT", "", "text, json or auto (text on a terminal)", false,
               [](S& s, V v) { s.log_format = v; }, [](const S& s) { return s.log_format; }},
};

void one_of(const std::string& value, std::string_view flag, std::initializer_list<std::string_view> allowed) {
  for (const std::string_view word : allowed)
    if (word == value) return;
  std::string list;
  for (const std::string_view word : allowed) list += (list.empty() ? "" : ", ") + std::string(word);
  throw core::invalid(fmt::format("--{} must be one of {}, not '{}'", flag, list, value), std::string(flag));
}

}  // namespace

std::span<const SettingRow> setting_rows() { return kRows; }

Settings from_environment(const Environment& environment, Settings settings) {
  for (const SettingRow& row : kRows) {
    for (const std::string_view name : {row.mlflow_environment, row.environment}) {
      if (name.empty()) continue;
      const auto value = environment(name);
      if (!value || value->empty()) continue;
      try {
        row.set(settings, *value);
      } catch (const core::Error& e) {
        throw core::invalid(fmt::format("{}: {}", name, e.what()), std::string(name));
      }
    }
  }
  return settings;
}

core::Duration lease_of(const std::string& text) {
  const core::Duration lease = core::parse_duration(text);
  if (lease < std::chrono::milliseconds(100) || lease > std::chrono::hours(1))
    throw core::invalid(fmt::format("a lease lasts from 100ms to 1h, not {}", text), "runner-lease");
  return lease;
}

void check(const Settings& settings) {
  one_of(settings.synchronous, "synchronous", {"full", "normal"});
  lease_of(settings.runner_lease);
  one_of(settings.log_level, "log-level", {"debug", "info", "warn", "error"});
  one_of(settings.log_format, "log-format", {"auto", "text", "json"});
  const std::string& prefix = settings.static_prefix;
  if (!prefix.empty() && (prefix.front() != '/' || prefix.back() == '/'))
    throw core::invalid(fmt::format("--static-prefix must start with / and not end with it, not '{}'", prefix),
                        "static-prefix");
}

}  // namespace wakeful::server
