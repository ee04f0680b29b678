#include "runner/runner.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "client/watch.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "runner/failure.hpp"
#include "runner/lease_keeper.hpp"
#include "runner/streams/crew.hpp"
#include "runner/streams/instance.hpp"
#include "runner/work.hpp"

namespace wakeful::runner {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// After a request for a job that failed: the server is away, or has no time.
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{5'000};

std::string own_name() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}:{}", host.data(), ::getpid());
}

/// Thrown by Work::check; what becomes of the job is known already where it is caught.
struct Abandoned {};

}  // namespace

struct Runner::State {
  State(http::Transport transport, core::Telemetry& counters, RunnerSettings wanted)
      : settings(std::move(wanted)),
        telemetry(counters),
        server(client::Server(std::move(transport)).with_cancel([this] { return stopping.load(); })),
        working(server.with_cancel({})),
        connections(settings.connections),
        keeper(working),
        crew(working, instance.name()) {
    if (settings.name.empty()) settings.name = own_name();
  }

  std::optional<monitor::Claim> claim(core::Duration wait) {
    monitor::ClaimRequest request{.runner = settings.name, .lease = settings.lease, .kinds = {}, .wait = wait};
    return client::claim(server, request);
  }

  /// One thread's life.
  void serve() {
    std::chrono::milliseconds pause = kFirstPause;
    while (!stopping) {
      try {
        std::optional<monitor::Claim> claimed;
        {
          core::Lock turn(claiming);
          if (stopping) return;
          claimed = claim(settings.claim_wait);
        }
        pause = kFirstPause;
        if (claimed) work_on(*claimed);
      } catch (const std::exception& e) {
        if (stopping) return;
        core::log::warn("claim_failed", {{"runner", settings.name}, {"message", e.what()}});
        rest(pause);
        pause = std::min(pause * 2, kLongestPause);
      }
    }
  }

  void rest(std::chrono::milliseconds pause) {
    core::Lock lock(mutex);
    const auto until = SteadyClock::now() + pause;
    while (!stopping && changed.wait_until(mutex, until) != std::cv_status::timeout) {
    }
  }

  void count_running(int by) {
    {
      core::Lock lock(mutex);
      running += by;
    }
    changed.notify_all();
  }

  void work_on(const monitor::Claim& claimed) {
    const auto lease = keeper.keep(claimed.holder(), claimed.lease);
    count_running(1);
    const auto began = SteadyClock::now();
    std::string_view outcome = "failed";
    try {
      outcome = attempt(claimed, *lease);
    } catch (const std::exception& e) {
      core::log::warn("job_left", {{"job", claimed.job.id}, {"message", e.what()}});
    }
    keeper.let_go(lease);
    const std::string_view kind = monitor::name_of(claimed.job.kind);
    telemetry
        .counter("wakeful_runner_jobs_total", "Jobs that ended, by kind and outcome.",
                 {{"kind", kind}, {"outcome", outcome}})
        .add();
    telemetry.histogram("wakeful_runner_job_seconds", "How long jobs took.", {{"kind", kind}})
        .observe(std::chrono::duration<double>(SteadyClock::now() - began).count());
    count_running(-1);
  }

  /// Works on the job and tells the server how it ended. Errors: when that cannot be told.
  std::string_view attempt(const monitor::Claim& claimed, const LeaseKeeper::Lease& lease) {
    const Work work{claimed, working, connections, settings.sources, [&] {
                      if (lease.is_lost() || abandoning) throw Abandoned{};
                    }};
    monitor::Failure failure{.holder = claimed.holder()};
    try {
      if (claimed.job.kind == monitor::JobKind::train) {
        client::register_models(working, train(work));
      } else {
        const bool evaluates = claimed.job.kind == monitor::JobKind::evaluate;
        client::finish(working, {.holder = claimed.holder(), .result = evaluates ? evaluate(work) : predict(work)});
      }
      return "succeeded";
    } catch (const Abandoned&) {
      if (lease.is_lost()) return "lost";
      failure.message = "the runner stops";
    } catch (const core::Error& e) {
      if (is_lease_lost(e)) return "lost";
      failure.failure = classify(e);
      failure.message = e.what();
    } catch (const std::exception& e) {
      failure.message = e.what();
    }
    client::fail(working, failure);
    core::log::warn("job_failed", {{"job", claimed.job.id},
                                   {"detector", claimed.job.subject},
                                   {"kind", monitor::name_of(claimed.job.kind)},
                                   {"class", monitor::name_of(failure.failure)},
                                   {"message", failure.message}});
    return failure.failure == monitor::FailureClass::waiting ? "waiting" : "failed";
  }

  void stop() {
    {
      core::Lock lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    crew.stop();
    {
      core::Lock lock(mutex);
      const auto until = SteadyClock::now() + settings.drain;
      while (running > 0 && changed.wait_until(mutex, until) != std::cv_status::timeout) {
      }
    }
    abandoning = true;
    for (std::thread& thread : threads) {
      if (thread.joinable()) thread.join();
    }
    threads.clear();
  }

  RunnerSettings settings;
  core::Telemetry& telemetry;
  std::atomic<bool> stopping = false;
  std::atomic<bool> abandoning = false;
  client::Server server;   // its waiting requests end when the runner stops
  client::Server working;  // the others do not
  Connections connections;
  LeaseKeeper keeper;
  Instance instance;
  StreamCrew crew;
  core::Mutex claiming;  // whose turn it is to wait for a job
  core::Mutex mutex;
  core::Condition changed;
  int running GUARDED_BY(mutex) = 0;
  std::vector<std::thread> threads;
};

Runner::Runner(http::Transport transport, core::Telemetry& telemetry, RunnerSettings settings)
    : state_(std::make_unique<State>(std::move(transport), telemetry, std::move(settings))) {}

Runner::~Runner() { stop(); }

void Runner::start() {
  for (int i = 0; i < std::max(state_->settings.workers, 1); ++i)
    state_->threads.emplace_back([this] { state_->serve(); });
  state_->crew.start();
}

void Runner::stop() { state_->stop(); }

bool Runner::run_one() {
  const auto claimed = state_->claim({});
  if (claimed) state_->work_on(*claimed);
  return claimed.has_value();
}

}  // namespace wakeful::runner
