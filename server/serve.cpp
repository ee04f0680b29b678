#include "server/serve.hpp"

#include <functional>
#include <memory>
#include <ostream>

#include <fmt/core.h>

#include "platform/artifacts/store.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/telemetry.hpp"
#include "platform/db/open.hpp"
#include "platform/http/client.hpp"
#include "runner/runner.hpp"
#include "server/app.hpp"
#include "server/last_resort.hpp"
#include "server/probes.hpp"
#include "server/process.hpp"
#include "server/watch_commands.hpp"

namespace wakeful::server {
namespace {

void print_schema(db::Database& database, std::ostream& out) {
  const db::SchemaStatus status = db::schema_status(database);
  out << fmt::format("schema {} of {}\n", status.applied, status.known);
  for (const std::string& name : status.pending) out << fmt::format("pending {}\n", name);
}

/// Beside a server that uses it, and without making what is not there.
std::unique_ptr<db::Database> open_to_look(const std::string& uri) {
  if (!db::exists(uri)) throw core::not_found(fmt::format("there is no store {}", uri), "backend-store-uri");
  return db::open(uri, {.exclusive = false, .read_only = true});
}

bool report(std::ostream& out, const std::string& what, const std::function<std::string()>& look) {
  try {
    out << fmt::format("ok      {}: {}\n", what, look());
    return true;
  } catch (const core::Error& e) {
    out << fmt::format("FAILED  {}: {}\n", what, e.what());
    return false;
  }
}

}  // namespace

int serve(const Settings& settings, std::ostream& out) {
  configure_log(settings);
  const sigset_t signals = block_end_signals();
  App app(settings);
  app.start();
  out << fmt::format("listening on http://{}:{}{}", settings.host, app.port(), settings.static_prefix) << std::endl;
  core::log::info("stopping", {{"signal", wait_for_signal(signals)}});
  const LastResort last_resort;
  app.stop();
  return 0;
}

int work(const std::string& tracking_uri, const Settings& settings, std::ostream& out) {
  configure_log(settings);
  const sigset_t signals = block_end_signals();
  core::Telemetry telemetry;
  runner::Runner runner(http::connect(tracking_uri, client_options()), telemetry, runner_settings(settings));
  runner.start();
  out << fmt::format("running for {}", tracking_uri) << std::endl;
  wait_for_signal(signals);
  const LastResort last_resort;
  runner.stop();
  return 0;
}

int upgrade_store(const std::string& uri, std::ostream& out) {
  const auto database = db::open(uri);
  db::upgrade(*database);
  print_schema(*database, out);
  return 0;
}

int show_store(const std::string& uri, std::ostream& out) {
  print_schema(*open_to_look(uri), out);
  return 0;
}

int back_up_store(const std::string& uri, const std::string& file, std::ostream& out) {
  open_to_look(uri)->backup(file);
  out << fmt::format("copied to {}\n", file);
  return 0;
}

int examine(const Settings& settings, std::ostream& out) {
  out << fmt::format("wakeful {}, speaks MLflow {}\n", version(), kMlflowVersion);
  for (const SettingRow& row : setting_rows()) {
    // A store's URI may hold a password.
    const std::string value = row.flag == "backend-store-uri" ? "" : row.get(settings);
    if (!value.empty()) out << fmt::format("        --{} {}\n", row.flag, value);
  }
  const bool store = report(out, "store", [&] {
    if (!db::exists(settings.backend_store_uri)) return std::string("none yet; the server makes it when it starts");
    const db::SchemaStatus status = db::schema_status(*open_to_look(settings.backend_store_uri));
    return fmt::format("schema {} of {}", status.applied, status.known);
  });
  const bool files = report(out, "artifacts", [&] {
    return fmt::format("{} entries", artifacts::open_store(settings.artifacts_destination)->list({}).size());
  });
  return store && files ? 0 : 1;
}

}  // namespace wakeful::server
