#include "server/commands.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/db/open.hpp"
#include "server/app.hpp"
#include "server/probes.hpp"
#include "server/settings.hpp"

namespace wakeful::server {
namespace {

std::optional<std::string> variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

int exit_code_of(core::ErrorCode code) {
  switch (code) {
    case core::ErrorCode::not_found:
      return 4;
    case core::ErrorCode::conflict:
      return 5;
    case core::ErrorCode::unavailable:
      return 6;
    case core::ErrorCode::denied:
      return 7;
    default:
      return 1;
  }
}

/// Every row of the settings table as a flag; what is given on the line wins over the environment.
class SettingFlags {
 public:
  explicit SettingFlags(CLI::App& command) : values_(setting_rows().size()) {
    const auto rows = setting_rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const SettingRow& row = rows[i];
      const std::string flag = "--" + std::string(row.flag);
      const std::string help = fmt::format("{} [{}]", row.help, row.environment);
      if (row.is_switch) {
        const auto take = [this, i](std::int64_t on) { values_[i] = on > 0 ? "true" : "false"; };
        command.add_flag_function(flag + ",!--no-" + std::string(row.flag), take, help);
      } else {
        const std::string short_flag = row.flag == "port" ? "-p," : "";
        command.add_option(short_flag + flag, values_[i], help)->type_name("");
      }
    }
  }
  Settings settings() const {
    Settings settings = from_environment(variable);
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (values_[i]) setting_rows()[i].set(settings, *values_[i]);
    check(settings);
    return settings;
  }

 private:
  std::vector<std::optional<std::string>> values_;
};

core::log::Level level_of(const std::string& word) {
  if (word == "debug") return core::log::Level::debug;
  if (word == "warn") return core::log::Level::warn;
  return word == "error" ? core::log::Level::error : core::log::Level::info;
}

core::log::Format format_of(const std::string& word) {
  if (word == "text") return core::log::Format::text;
  return word == "json" ? core::log::Format::json : core::log::Format::automatic;
}

int serve(const Settings& settings) {
  core::log::configure(level_of(settings.log_level), format_of(settings.log_format));
  // Blocked before any thread starts, so that every thread inherits it and this one waits for the signal.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  App app(settings);
  app.start();
  fmt::print("listening on http://{}:{}{}\n", settings.host, app.port(), settings.static_prefix);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  core::log::info("stopping", {{"signal", signal}});
  app.stop();
  return 0;
}

int upgrade_database(const std::string& uri) {
  const auto database = db::open(uri);
  db::upgrade(*database);
  const db::SchemaStatus status = db::schema_status(*database);
  fmt::print("schema {} of {}\n", status.applied, status.known);
  return 0;
}

int show_database(const std::string& uri) {
  const auto database = db::open(uri);
  const db::SchemaStatus status = db::schema_status(*database);
  fmt::print("schema {} of {}\n", status.applied, status.known);
  for (const std::string& name : status.pending) fmt::print("pending {}\n", name);
  return 0;
}

int run(int argc, char** argv) {
  CLI::App root{"Tracks experiments, keeps models and stands watch over time series."};
  root.require_subcommand(1);
  root.set_help_flag("--help", "Show this and end");

  CLI::App* server = root.add_subcommand("server", "Answer the API and the console")->alias("ui");
  server->footer("Example: wakeful server --port 5000 --backend-store-uri sqlite:///wakeful.db");
  SettingFlags flags(*server);

  CLI::App* db = root.add_subcommand("db", "Look after the store")->require_subcommand(1);
  std::string uri = from_environment(variable).backend_store_uri;
  CLI::App* upgrade = db->add_subcommand("upgrade", "Bring the schema up to date");
  CLI::App* status = db->add_subcommand("status", "Show which migrations are applied");
  std::string copy;
  CLI::App* backup = db->add_subcommand("backup", "Write a consistent copy into a new file");
  for (CLI::App* command : {upgrade, status, backup})
    command->add_option("--backend-store-uri", uri, "the store [WAKEFUL_BACKEND_STORE_URI]")->type_name("");
  backup->add_option("file", copy, "the new file")->required();

  CLI::App* show_version = root.add_subcommand("version", "Show the version");

  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return root.exit(e) == 0 ? 0 : 2;  // the library has codes of its own; the shell's is 2
  }
  if (*server) return serve(flags.settings());
  if (*upgrade) return upgrade_database(uri);
  if (*status) return show_database(uri);
  if (*backup) {
    db::open(uri)->backup(copy);
    return 0;
  }
  if (*show_version) fmt::print("wakeful {}\n", version());
  return 0;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const core::Error& e) {
    fmt::print(stderr, "wakeful: {}\n", e.what());
    return exit_code_of(e.code());
  } catch (const std::exception& e) {
    fmt::print(stderr, "wakeful: {}\n", e.what());
    return 1;
  }
}

}  // namespace wakeful::server
