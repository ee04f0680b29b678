#include "server/app.hpp"

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/api.hpp"
#include "control/upkeep.hpp"
#include "monitor/api.hpp"
#include "platform/artifacts/store.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/telemetry.hpp"
#include "platform/core/text.hpp"
#include "platform/db/open.hpp"
#include "platform/http/router.hpp"
#include "platform/http/server.hpp"
#include "registry/api.hpp"
#include "runner/runner.hpp"
#include "server/guard.hpp"
#include "server/lookups.hpp"
#include "server/probes.hpp"
#include "serving/model_servers.hpp"
#include "serving/series_api.hpp"
#include "tracker/api.hpp"
#include "tracker/artifact_api.hpp"
#include "web/assets.hpp"

namespace wakeful::server {
namespace {

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  for (const std::string_view word : core::split(list, ','))
    if (!core::trim(word).empty()) words.emplace_back(core::trim(word));
  return words;
}

std::unique_ptr<db::Database> open_database(const Settings& settings) {
  db::OpenOptions options;
  options.synchronous = settings.synchronous == "normal" ? db::Synchronous::normal : db::Synchronous::full;
  auto database = db::open(settings.backend_store_uri, options);
  db::upgrade(*database);
  return database;
}

tracker::Settings tracker_settings(const Settings& settings) {
  tracker::Settings tracking;
  if (!settings.default_artifact_root.empty())
    tracking.default_artifact_root = settings.default_artifact_root;
  else if (!settings.serve_artifacts)
    tracking.default_artifact_root = std::filesystem::absolute("mlruns").string();
  tracking.serve_artifacts = settings.serve_artifacts;
  return tracking;
}

tracker::ArtifactSettings artifact_settings(const Settings& settings, const std::string& root) {
  tracker::ArtifactSettings artifacts;
  artifacts.serve = settings.serve_artifacts;
  const bool is_local = root.starts_with("/") || root.starts_with("file:");
  if (is_local) artifacts.local_roots.push_back(root);
  return artifacts;
}

http::Transport with_prefix(http::Transport next, std::string prefix) {
  if (prefix.empty()) return next;
  return [next = std::move(next), prefix = std::move(prefix)](http::Request request) {
    // /health also answers without it, for probes that know no prefix.
    if (request.target.starts_with(prefix + "/") || request.target == prefix) {
      request.target.erase(0, prefix.size());
      if (request.target.empty()) request.target = "/";
    }
    return next(std::move(request));
  };
}

}  // namespace

struct App::State {
  Settings settings;
  core::Telemetry telemetry;
  core::SystemClock clock;
  std::unique_ptr<db::Database> database;
  std::unique_ptr<artifacts::Store> store;
  http::Router router{telemetry};
  control::Bell bell;
  std::atomic<std::uint64_t> registry_changes{0};
  serving::ModelServers model_servers;
  web::Assets pages;
  std::unique_ptr<control::Upkeep> upkeep;
  std::unique_ptr<http::Server> http;
  std::unique_ptr<runner::Runner> runner;

  explicit State(const Settings& wanted)
      : settings(wanted),
        database(open_database(wanted)),
        store(artifacts::open_store(wanted.artifacts_destination)),
        pages(wanted.static_prefix) {
    const tracker::Settings tracking = tracker_settings(settings);
    router.add(tracker::routes(*database, tracking, clock));
    router.add(tracker::artifact_routes(*store, artifact_roots(*database),
                                        artifact_settings(settings, tracking.default_artifact_root)));
    registry::Settings keeping = registry_settings(settings, tracking.default_artifact_root);
    keeping.on_change = [this] { ++registry_changes; };
    router.add(registry::routes(*database, keeping, clock));
    router.add(serving::series_routes(
        std::make_shared<serving::Series>(client::Server(inside("series")), clock, registry_changes)));
    router.add(serving::model_server_routes(model_servers, clock));
    router.add(monitor::routes(*database, clock));
    router.add(control::routes(
        {.db = *database, .files = {*store, artifact_roots(*database), {}}, .clock = clock, .bell = bell}));
    router.add(probe_routes(telemetry, router, checks()));
    router.set_fallback([this](http::Request& request) { return pages.answer(request); });
  }

  std::vector<Check> checks() {
    return {{"db",
             [this] {
               database->read([](db::Tx& tx) { tx.query({"ready", "SELECT 1"}, {}, [](const db::Row&) {}); });
             }},
            {"artifacts", [this] { store->list(artifacts::Path()); }}};
  }

  /// What works inside asks as anybody does, but without a socket.
  http::Transport inside(std::string principal) {
    return [transport = router.transport(), principal = std::move(principal)](http::Request request) {
      request.principal = principal;
      return transport(std::move(request));
    };
  }

  http::Transport outside() {
    http::Transport transport = with_prefix(router.transport(), settings.static_prefix);
    if (!settings.check_hosts) return transport;
    return guard(std::move(transport), {.hosts = words_of(settings.allowed_hosts),
                                        .origins = words_of(settings.cors_allowed_origins),
                                        .prefix = settings.static_prefix});
  }
};

runner::RunnerSettings runner_settings(const Settings& settings) {
  runner::RunnerSettings working;
  working.lease = lease_of(settings.runner_lease);
  working.workers = settings.runner_workers;
  working.connections = settings.connections;
  if (!settings.csv_root.empty()) working.sources.csv_root = settings.csv_root;
  return working;
}

App::App(const Settings& settings) {
  check(settings);
  state_ = std::make_unique<State>(settings);
}

App::~App() { stop(); }

void App::start() {
  http::ServerOptions options;
  options.host = state_->settings.host;
  options.port = state_->settings.port;
  options.workers = state_->settings.workers;
  options.drain_timeout = std::chrono::milliseconds{3'000};  // Ctrl-C ends everything within five seconds
  state_->http = std::make_unique<http::Server>(state_->outside(), state_->telemetry, options);
  state_->http->start();
  state_->upkeep = std::make_unique<control::Upkeep>(*state_->database, state_->clock, state_->bell);
  if (!state_->settings.runner) return;
  state_->runner =
      std::make_unique<runner::Runner>(state_->inside("runner"), state_->telemetry, runner_settings(state_->settings));
  state_->runner->start();
}

int App::port() const { return state_->http ? state_->http->port() : 0; }

http::Transport App::transport() const { return state_->router.transport(); }

void App::stop() {
  if (!state_) return;
  if (state_->http) state_->http->stop();
  if (state_->runner) state_->runner->stop();
  if (state_->upkeep) state_->upkeep->stop();
  state_->database->close();
}

}  // namespace wakeful::server
