#include "server/model_server.hpp"

#include <fstream>
#include <ostream>
#include <vector>

#include <fmt/core.h>

#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/telemetry.hpp"
#include "platform/core/text.hpp"
#include "platform/http/router.hpp"
#include "platform/http/server.hpp"
#include "server/last_resort.hpp"
#include "server/probes.hpp"
#include "server/process.hpp"
#include "server/served_report.hpp"
#include "server/watch_commands.hpp"
#include "serving/model_api.hpp"
#include "serving/model_slot.hpp"

namespace wakeful::server {
namespace {

std::vector<std::string> read_users(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw core::not_found(fmt::format("file '{}' does not exist", path), "basic-auth-file");
  std::vector<std::string> users;
  for (std::string line; std::getline(file, line);) {
    const std::string user(core::trim(line));
    if (user.empty() || user.front() == '#') continue;
    if (user.find(':') == std::string::npos || user.front() == ':')
      throw core::invalid(fmt::format("line {} of '{}' is not user:password", users.size() + 1, path),
                          "basic-auth-file");
    users.push_back(user);
  }
  if (users.empty()) throw core::invalid(fmt::format("'{}' names nobody", path), "basic-auth-file");
  return users;
}

}  // namespace

int serve_model(const std::string& tracking_uri, const Settings& settings, const ModelServerOptions& options,
                std::ostream& out) {
  configure_log(settings);
  const sigset_t signals = block_end_signals();
  const core::Duration reload = core::parse_duration(options.reload);
  const client::ModelUri uri = client::parse_model_uri(options.model_uri);
  core::Telemetry telemetry;
  serving::ModelSlot slot(connect_server(tracking_uri), uri, telemetry);
  http::Router router(telemetry);
  router.add(serving::model_routes(slot, telemetry, std::string(kMlflowVersion)));
  if (!options.basic_auth_file.empty()) router.add_filter(serving::basic_auth(read_users(options.basic_auth_file)));
  http::ServerOptions listening;
  listening.host = options.host;
  listening.port = options.port;
  listening.drain_timeout = std::chrono::milliseconds{3'000};
  ServedReport report(connect_server(tracking_uri).with_timeout(std::chrono::seconds(2)), slot);
  http::Server server(report.counted(router.transport()), telemetry, listening);
  server.start();
  report.start(fmt::format("http://{}:{}", options.host, server.port()));
  if (reload > core::Duration(0)) slot.start(reload);
  out << fmt::format("serving {} version {} on http://{}:{}", uri.name, slot.get()->version().version, options.host,
                     server.port())
      << std::endl;
  const int signal = wait_for_signal(signals);
  core::log::info("stopping", {{"signal", signal}});
  const LastResort last_resort;
  report.stop();
  server.stop();
  slot.stop();
  return 0;
}

}  // namespace wakeful::server
