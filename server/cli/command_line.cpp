#include "server/cli/command_line.hpp"

#include <cstdlib>
#include <iostream>

#include <fmt/core.h>

#include "server/settings_file.hpp"

namespace wakeful::server {

std::optional<std::string> variable(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

Settings settings_of(std::optional<std::string> path) {
  if (!path) path = variable("WAKEFUL_SETTINGS");
  return from_environment(variable, path && !path->empty() ? from_file(*path) : Settings{});
}

void add_settings_file(CLI::App& command, std::optional<std::string>& path) {
  command.add_option("--settings", path, "a file with settings and connections [WAKEFUL_SETTINGS]")->type_name("FILE");
}

SettingFlags::SettingFlags(CLI::App& command) : values_(setting_rows().size()) {
  add_settings_file(command, file_);
  const auto rows = setting_rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SettingRow& row = rows[i];
    const std::string flag = "--" + std::string(row.flag);
    const std::string help = fmt::format("{} [{}]", row.help, row.environment);
    if (row.is_switch) {
      const auto take = [this, i](std::int64_t on) { values_[i] = on > 0 ? "true" : "false"; };
      command.add_flag_function(flag + ",!--no-" + std::string(row.flag), take, help);
    } else {
      const std::string short_flag = row.flag == "port" ? "-p," : row.flag == "host" ? "-h," : "";
      command.add_option(short_flag + flag, values_[i], help)->type_name("");
    }
  }
}

Settings SettingFlags::settings() const {
  return of_words([this] {
    Settings settings = settings_of(file_);
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (values_[i]) setting_rows()[i].set(settings, *values_[i]);
    check(settings);
    return settings;
  });
}

Console CommandLine::console() const { return {.out = std::cout, .err = std::cerr, .json = json}; }

client::Server CommandLine::server() const {
  return of_words([this] { return connect_server(tracking_uri); });
}

CLI::App* CommandLine::add(CLI::App& parent, const std::string& name, const std::string& help,
                           std::function<int()> act) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->callback([this, act = std::move(act)] { action = act; });
  return command;
}

CLI::App* CommandLine::add_remote(CLI::App& parent, const std::string& name, const std::string& help,
                                  std::function<int()> act) {
  CLI::App* command = add(parent, name, help, std::move(act));
  add_tracking_uri(*command);
  command->add_flag("--json", json, "one JSON object a line, as the server said it");
  return command;
}

void CommandLine::add_tracking_uri(CLI::App& command) {
  command.add_option("--tracking-uri", tracking_uri, "the server [MLFLOW_TRACKING_URI]")->type_name("");
}

int on_store(const std::function<int()>& act) {
  try {
    return act();
  } catch (const core::Error& e) {
    const bool words = e.field() == "backend-store-uri" || e.field() == "artifacts_destination";
    if (e.code() != core::ErrorCode::invalid || !words) throw;
    throw WrongUsage(e.what());
  }
}

}  // namespace wakeful::server
