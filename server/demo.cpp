#include "server/demo.hpp"

#include <array>
#include <cmath>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <numbers>
#include <ostream>

#include <fmt/core.h>

#include "client/watch.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/random.hpp"
#include "server/app.hpp"
#include "server/last_resort.hpp"

namespace wakeful::server {
namespace {

using namespace std::chrono_literals;

constexpr core::Duration kStep = 10s;
constexpr core::Duration kHistory = 6h;
constexpr core::Duration kWatched = 1h;  // the end of the history, evaluated at once so that there is something to see
constexpr std::array<std::string_view, 3> kRegions = {"eu-west", "us-east", "ap-south"};
constexpr std::string_view kDetector = "checkout-latency";
constexpr std::string_view kDefinition = R"(
name: checkout-latency
description: Latency of the checkout, by region (demo data)
schedule: {every: 10s}
time_spec: {granularity: 10s, start: 6h}
metrics:
  - name: latency_ms
    source: {observations: checkout}
    dimension_groupings: [region]
algorithms:
  ewma_residual: {}
)";

std::string rows_between(core::Timestamp from, core::Timestamp until, bool incidents) {
  std::string rows;
  for (core::Timestamp at = from; at < until; at += kStep)
    for (std::size_t region = 0; region < kRegions.size(); ++region)
      rows += fmt::format("{{\"ts\":\"{}\",\"region\":\"{}\",\"latency_ms\":{:.2f}}}\n", core::format_rfc3339(at),
                          kRegions[region], demo_latency(at, region, incidents));
  return rows;
}

void set_up(const client::Server& server, core::Timestamp now, std::ostream& out) {
  client::ingest(server, "checkout", rows_between(now - kHistory, now - kWatched, false));
  client::ingest(server, "checkout", rows_between(now - kWatched, now, true));
  client::apply_detector(server, std::string(kDetector), std::string(kDefinition), "application/yaml");
  const auto run = [&](monitor::JobKind kind, core::Timestamp until) {
    const monitor::Job job = client::run_detector(server, std::string(kDetector),
                                                  {.kind = kind, .until = until, .wait = std::chrono::seconds(30)});
    if (job.state != monitor::JobState::succeeded)
      throw core::internal(fmt::format("the demo's {} job {}: {}", name_of(kind), name_of(job.state), job.error));
  };
  run(monitor::JobKind::train, now - kWatched);
  run(monitor::JobKind::evaluate, now);
  const auto anomalies = client::list_anomalies(server, std::string(kDetector));
  out << fmt::format("detector {} is trained and found {} anomalies in the last hour\n", kDetector,
                     anomalies.rows.size())
      << std::endl;
}

}  // namespace

double demo_latency(core::Timestamp at, std::size_t region, bool incidents) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  core::Random random(static_cast<std::uint64_t>(seconds) * 31 + region);
  const double phase = 2 * std::numbers::pi * static_cast<double>(seconds % 3600) / 3600;
  const double usual = 120 + 30 * static_cast<double>(region) + 20 * std::sin(phase + static_cast<double>(region));
  const bool slow = (seconds / 120 + static_cast<std::int64_t>(region) * 7) % 20 == 0;
  return usual + 4 * random.normal() + (incidents && slow ? 90 : 0);
}

int demo(const DemoOptions& options, std::ostream& out) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const std::filesystem::path folder = std::filesystem::absolute(options.folder);
  std::filesystem::create_directories(folder);
  Settings settings;
  settings.host = options.host;
  settings.port = options.port;
  settings.backend_store_uri = "sqlite:///" + (folder / "wakeful.db").string();
  settings.artifacts_destination = (folder / "artifacts").string();
  core::log::configure(core::log::Level::warn, core::log::Format::automatic);

  App app(settings);
  app.start();
  out << fmt::format("listening on http://{}:{}", options.host, app.port()) << std::endl;
  const client::Server server(app.transport());
  core::Timestamp next = std::chrono::floor<std::chrono::seconds>(core::SystemClock().now());
  next -= next.time_since_epoch() % kStep;
  set_up(server, next, out);

  // One row a region and step until a signal comes; the wait is the clock.
  for (;;) {
    const timespec patience{.tv_sec = 1, .tv_nsec = 0};
    if (sigtimedwait(&signals, nullptr, &patience) > 0) break;
    const core::Timestamp now = core::SystemClock().now();
    if (now < next + kStep) continue;
    const core::Timestamp until = next + (now - next) / kStep * kStep;
    client::ingest(server, "checkout", rows_between(next, until, true));
    next = until;
  }
  const LastResort last_resort;
  app.stop();
  return 0;
}

}  // namespace wakeful::server
