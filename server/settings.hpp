#pragma once
// What the server is told when it starts: one table, from which flags, environment variables and their documentation
// come. MLflow's flags and variables are understood, so scripts that start `mlflow server` start this.
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/core/clock.hpp"

namespace wakeful::server {

struct Settings {
  std::string host = "127.0.0.1";
  int port = 5000;  // 0: a free one
  std::string backend_store_uri = "sqlite:///wakeful.db";
  std::string artifacts_destination = "./artifacts";
  std::string default_artifact_root;  // empty: mlflow-artifacts:/ when artifacts are served
  bool serve_artifacts = true;
  std::string source_pattern;            // empty: any; a regular expression
  std::string allowed_artifact_schemes;  // comma separated
  std::string static_prefix;
  std::string allowed_hosts;         // comma separated; empty: this machine's names and private addresses
  std::string cors_allowed_origins;  // comma separated; "*": any, without credentials
  bool check_hosts = true;
  int workers = 16;
  std::string synchronous = "full";
  bool runner = true;  // work on due jobs in this process
  std::string runner_lease = "60s";
  int runner_workers = 2;
  std::string csv_root;  // empty: any file that the runner may read
  std::string log_level = "info";
  std::string log_format = "auto";
  std::map<std::string, std::string> connections;  // of sql sources, name -> URI; from the settings file only
};

struct SettingRow {
  std::string_view flag;                // without "--"
  std::string_view environment;         // ours
  std::string_view mlflow_environment;  // may be empty
  std::string_view help;
  bool is_switch;  // "--x" and "--no-x"
  /// Errors: invalid naming the flag.
  void (*set)(Settings&, const std::string& value);
  std::string (*get)(const Settings&);
};

std::span<const SettingRow> setting_rows();

using Environment = std::function<std::optional<std::string>(std::string_view name)>;
/// `settings`, overridden by what the environment says; ours wins over MLflow's name.
/// Errors: invalid naming the variable.
Settings from_environment(const Environment& environment, Settings settings = {});

/// A lease as flags have it. Errors: invalid for no duration and for one below 100ms or above 1h.
core::Duration lease_of(const std::string& text);

/// Errors: invalid naming the flag, for values that do not go together or are out of range.
void check(const Settings& settings);

}  // namespace wakeful::server
