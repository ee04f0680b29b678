#pragma once
// What the words of the command line may be, and what they ask for. One file for each kind of command adds its own
// here; nothing is done before all words are read.
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "detectors/detect.hpp"
#include "platform/core/error.hpp"
#include "server/demo.hpp"
#include "server/gc_command.hpp"
#include "server/metrics_command.hpp"
#include "server/model_server.hpp"
#include "server/settings.hpp"
#include "server/stream_command.hpp"
#include "server/train_command.hpp"
#include "server/watch_commands.hpp"

namespace wakeful::server {

std::optional<std::string> variable(std::string_view name);

/// A mistake in the words, not in what they name.
class WrongUsage : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What `read` makes of the words. Errors: WrongUsage for what is invalid.
template <class F>
auto of_words(F&& read) {
  try {
    return read();
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid) throw;
    throw WrongUsage(e.what());
  }
}

/// The settings file that `path` or the environment names, and over it what the environment says.
Settings settings_of(std::optional<std::string> path);
void add_settings_file(CLI::App& command, std::optional<std::string>& path);

/// Every row of the settings table as a flag; what is given on the line wins over the environment, and that over the
/// settings file.
class SettingFlags {
 public:
  explicit SettingFlags(CLI::App& command);
  Settings settings() const;

 private:
  std::optional<std::string> file_;
  std::vector<std::optional<std::string>> values_;
};

/// What the words asked for: filled while they are parsed, run afterwards.
struct CommandLine {
  CLI::App root{"Tracks experiments, keeps models and stands watch over time series."};
  std::function<int()> action;
  std::optional<SettingFlags> server_flags;
  std::optional<SettingFlags> doctor_flags;
  std::optional<SettingFlags> gc_flags;
  std::string store = of_words([] { return from_environment(variable).backend_store_uri; });
  std::string tracking_uri = variable("MLFLOW_TRACKING_URI").value_or("http://127.0.0.1:5000");
  bool json = false;
  bool dry_run = false;
  std::string path;
  std::optional<std::string> settings_file;
  std::optional<std::string> lease;
  std::string filter;
  std::string detector;
  RunOptions run;
  DemoOptions demo;
  GcOptions gc;
  MetricsOptions metrics;
  ModelServerOptions model_server;
  TrainOptions train;
  StreamOptions stream;
  detectors::DetectOptions detect;
  std::vector<std::string> detect_settings;
  detectors::EvaluateOptions evaluate;

  Console console() const;
  client::Server server() const;

  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help, std::function<int()> act);
  /// A command that asks a server.
  CLI::App* add_remote(CLI::App& parent, const std::string& name, const std::string& help, std::function<int()> act);
  void add_tracking_uri(CLI::App& command);
};

/// What works on a store: a URI that names none is wrong usage.
int on_store(const std::function<int()>& act);

void add_server_commands(CommandLine& line);  // server, runner, doctor, demo
void add_store_commands(CommandLine& line);   // db, gc
void add_watch_commands(CommandLine& line);   // apply, run, the lists, models serve
void add_file_commands(CommandLine& line);    // detect, train, evaluate, metrics, stream

}  // namespace wakeful::server
