#pragma once
// A whole server without sockets: every slice on a store in memory, artifacts in a folder, time by hand. Runners work
// at it through its router, as they do inside the program.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "client/watch.hpp"
#include "control/api.hpp"
#include "monitor/api.hpp"
#include "platform/artifacts/store.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"
#include "platform/core/telemetry.hpp"
#include "platform/http/router.hpp"
#include "registry/api.hpp"
#include "runner/runner.hpp"
#include "support/database.hpp"
#include "tracker/api.hpp"
#include "tracker/artifact_api.hpp"

namespace wakeful::runner {

class Stage {
 public:
  Stage() : database_(testing::open_test_database()) {
    std::filesystem::create_directories(folder_);
    store_ = artifacts::open_store(folder_.string());
    router_.add(tracker::routes(*database_, {}, clock_));
    router_.add(tracker::artifact_routes(*store_, {}, {}));
    router_.add(registry::routes(*database_, {}, clock_));
    router_.add(monitor::routes(*database_, clock_));
    router_.add(control::routes({.db = *database_, .files = {*store_, {}, {}}, .clock = clock_, .bell = bell_}));
  }
  ~Stage() { std::filesystem::remove_all(folder_); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  http::Transport transport() const { return router_.transport(); }
  client::Server server() const { return client::Server(transport()); }
  core::ManualClock& clock() { return clock_; }
  core::Telemetry& telemetry() { return telemetry_; }

 private:
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("wakeful-" + core::new_hex_id());
  core::Telemetry telemetry_;
  core::ManualClock clock_{core::parse_rfc3339("2026-03-02T00:00:00Z")};
  control::Bell bell_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<artifacts::Store> store_;
  http::Router router_{telemetry_};
};

}  // namespace wakeful::runner
