// Durable writes per second of the SQLite writer beside the rate at which the disk syncs, in one run:
//   db_bench FOLDER [SECONDS]
// A write is what logging a metric costs: one row inserted, one updated.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "platform/core/telemetry.hpp"
#include "platform/db/open.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using namespace wakeful;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

/// Syncs per second of one page appended at a time, the way a WAL grows: over a file that is there already.
double sync_rate(const std::filesystem::path& folder, double seconds) {
  const std::string path = (folder / "sync").string();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
  const std::string page(4120, 'x');
  const int pages = 4000;
  for (int i = 0; i < pages; ++i)
    if (::write(file, page.data(), page.size()) < 0) std::abort();
  ::fsync(file);
  const auto began = Clock::now();
  int syncs = 0;
  while (seconds_since(began) < seconds) {
    const auto at = static_cast<off_t>(static_cast<std::size_t>(syncs % pages) * page.size());
    if (::pwrite(file, page.data(), page.size(), at) < 0 || ::fdatasync(file) != 0) std::abort();
    ++syncs;
  }
  const double rate = syncs / seconds_since(began);
  ::close(file);
  std::filesystem::remove(path);
  return rate;
}

constexpr db::Sql kInsert{"bench.insert", "INSERT INTO points (run, step, value) VALUES ($1, $2, $3)"};
constexpr db::Sql kUpdate{"bench.update", "UPDATE runs SET step = $2 WHERE run = $1"};

struct Figures {
  double writes = 0;
  double groups = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

Figures measure(db::Database& database, core::Counter& groups, int threads, double seconds) {
  std::atomic<bool> stop = false;
  std::vector<std::vector<double>> times(static_cast<std::size_t>(threads));
  std::vector<std::thread> workers;
  const auto groups_before = groups.value();
  const auto began = Clock::now();
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] {
      static std::atomic<std::int64_t> step = 0;
      while (!stop) {
        const auto start = Clock::now();
        const std::int64_t mine = step++;
        database.write([&](db::Tx& tx) {
          tx.execute(kUpdate, {t, mine});
          tx.execute(kInsert, {t, mine, 0.5});
        });
        times[static_cast<std::size_t>(t)].push_back(seconds_since(start) * 1e3);
      }
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (auto& worker : workers) worker.join();
  const double took = seconds_since(began);
  std::vector<double> all;
  for (const auto& part : times) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
  };
  return {static_cast<double>(all.size()) / took, static_cast<double>(groups.value() - groups_before) / took, at(0.5),
          at(0.99), all.back()};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: db_bench FOLDER [SECONDS]\n"), 2;
  const auto folder = std::filesystem::path(argv[1]) / "db_bench";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  {
    core::Telemetry telemetry;
    db::OpenOptions options;
    options.telemetry = &telemetry;
    auto database = db::open("sqlite:///" + (folder / "bench.db").string(), options);
    auto& groups = telemetry.counter("wakeful_db_groups_total", "");
    database->write([](db::Tx& tx) {
      tx.execute(db::Sql("bench.runs", "CREATE TABLE runs (run BIGINT NOT NULL PRIMARY KEY, step BIGINT NOT NULL)"));
      tx.execute(
          db::Sql("bench.points",
                  "CREATE TABLE points (run BIGINT, step BIGINT, value DOUBLE PRECISION, PRIMARY KEY (run, step))"));
      for (int t = 0; t < 64; ++t) tx.execute(db::Sql("bench.run", "INSERT INTO runs (run, step) VALUES ($1, 0)"), {t});
    });
    std::printf("threads  syncs/s  writes/s  groups/s  writes/group  of threads x syncs   p50 ms   p99 ms   max ms\n");
    for (const int threads : {1, 32, 64}) {
      const double syncs = sync_rate(folder, seconds / 2);
      const Figures f = measure(*database, groups, threads, seconds);
      std::printf("%7d %8.0f %9.0f %9.0f %13.1f %18.0f%% %8.2f %8.2f %8.2f\n", threads, syncs, f.writes, f.groups,
                  f.writes / f.groups, 100 * f.writes / (threads * syncs), f.p50_ms, f.p99_ms, f.max_ms);
    }
  }
  std::filesystem::remove_all(folder);
  return 0;
}
