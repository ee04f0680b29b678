#pragma once
// A detector on a store of every kind, and what a runner does to it, step by step: the ground that this folder's tests
// stand on. No files: what looks at them is not in a transaction (stored_file_test.cpp).
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "control/advance.hpp"
#include "control/claim.hpp"
#include "control/endings.hpp"
#include "control/registration.hpp"
#include "control/run_now.hpp"
#include "monitor/detectors.hpp"
#include "monitor/evaluations.hpp"
#include "monitor/jobs.hpp"
#include "monitor/online_models.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"
#include "platform/events/events.hpp"
#include "registry/models.hpp"
#include "registry/versions.hpp"
#include "support/database.hpp"

namespace wakeful::control {

using monitor::Job;
using monitor::JobKind;
using monitor::JobState;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr const char* kOnline = "d__v___online";
inline constexpr const char* kTrained = "d__v__";
inline constexpr core::Duration kLease = seconds(60);

/// Minutes since 1970: where data and the clock live in these tests.
inline core::Timestamp minute(std::int64_t n) { return core::from_us(n * 60'000'000); }

inline monitor::Definition definition(std::vector<std::string> metrics = {"v"}) {
  monitor::Definition d{.name = "d"};
  d.time_spec.granularity = minutes(1);
  for (std::string& name : metrics)
    d.metrics.push_back({.name = std::move(name), .source = monitor::ObservationSource{"src"}});
  d.algorithms.push_back({.label = "ewma", .name = "ewma_residual"});
  return d;
}

class Watched : public testing::EveryDatabase {
 protected:
  core::Timestamp now() const { return clock_.now(); }
  core::ManualClock& clock() { return clock_; }

  template <class F>
  auto write(F&& f) {
    return db().write([&](db::Tx& tx) { return f(tx); });
  }
  template <class F>
  auto read(F&& f) {
    return db().read([&](db::Tx& tx) { return f(tx); });
  }

  void apply(const monitor::Definition& d = definition()) {
    write([&](db::Tx& tx) { return monitor::apply_detector(tx, d, now()); });
  }
  Job ask(JobKind kind, std::optional<core::Timestamp> until = std::nullopt) {
    const std::string id = core::new_hex_id();
    return write([&](db::Tx& tx) { return request_run(tx, "d", {.kind = kind, .until = until}, id, now()); });
  }
  std::optional<monitor::Claim> take(const std::string& runner = "r1", std::vector<JobKind> kinds = {}) {
    const monitor::ClaimRequest request{.runner = runner, .lease = kLease, .kinds = std::move(kinds)};
    return write([&](db::Tx& tx) { return claim(tx, request, now()); });
  }
  Job job(const std::string& id) {
    return read([&](db::Tx& tx) { return monitor::get_job(tx, id); });
  }

  static monitor::StoredFile file(const monitor::Claim& claim, const std::string& name) {
    return {.uri = claim.artifact_root + "/" + name, .sha256 = std::string(64, 'a'), .size_bytes = 3};
  }
  static monitor::Registration registration(const monitor::Claim& claim, core::Timestamp until,
                                            std::vector<std::string> metrics = {"v"}) {
    monitor::Registration r{.holder = claim.holder()};
    for (const std::string& metric : metrics)
      r.models.push_back({.metric = metric, .artifact = file(claim, metric + ".model"), .trained_until = until});
    return r;
  }
  monitor::Registered register_all(const monitor::Registration& r) {
    return write([&](db::Tx& tx) { return register_models(tx, r, now()); });
  }
  /// Trained and on watch, with the mark at minute `until`.
  monitor::OnlineModel train(std::int64_t until) {
    ask(JobKind::train);
    const auto claim = take("trainer", {JobKind::train});
    return register_all(registration(claim.value(), minute(until))).models.front();
  }

  static monitor::Score score(std::int64_t at, bool anomalous = false) {
    return {.timestamp = minute(at),
            .algorithm = "ewma",
            .value = 1.0,
            .score = anomalous ? 2.0 : 0.5,
            .is_anomaly = anomalous};
  }
  /// One score a minute after the model's mark up to `to`, the last an anomaly.
  static monitor::Advance step(const monitor::Claim& claim, const monitor::OnlineModel& model, std::int64_t to,
                               bool finish = true) {
    monitor::Advance a{.holder = claim.holder(), .model = model.name};
    a.row_version = model.row_version;
    a.from_version = model.version;
    a.from = model.last_evaluation;
    a.to = minute(to);
    a.artifact = file(claim, fmt::format("online-{}.model", to));
    for (auto at = model.last_evaluation + minutes(1); at <= a.to; at += minutes(1)) {
      a.scores.push_back(score(core::to_us(at) / 60'000'000, at == a.to));
      ++a.rows;
    }
    a.finish = finish;
    return a;
  }
  monitor::Advanced advance_with(const monitor::Advance& a) {
    return write([&](db::Tx& tx) { return advance(tx, a, now()); });
  }

  monitor::OnlineModel online(const std::string& name = kOnline) {
    return read([&](db::Tx& tx) { return monitor::get_online_model(tx, name).model; });
  }
  std::vector<monitor::Score> scores(bool all = false) {
    return read([&](db::Tx& tx) { return monitor::list_scores(tx, {.model = kOnline, .all_revisions = all}).rows; });
  }
  std::size_t anomalies() {
    return read([&](db::Tx& tx) { return monitor::list_anomalies(tx, {.detector = "d"}).rows.size(); });
  }
  std::string tag(const std::string& name, std::int64_t version, std::string_view key) {
    return read([&](db::Tx& tx) -> std::string {
      for (const registry::Tag& t : registry::get_version(tx, name, version).tags)
        if (t.key == key) return t.value;
      return "(none)";
    });
  }
  std::string model_tag(const std::string& name, std::string_view key) {
    return read([&](db::Tx& tx) -> std::string {
      for (const registry::Tag& t : registry::get_model(tx, name).tags)
        if (t.key == key) return t.value;
      return "(none)";
    });
  }
  std::vector<std::string> events() {
    return read([&](db::Tx& tx) {
      std::vector<std::string> kinds;
      for (const auto& event : events::list_after(tx, 0, 100)) kinds.push_back(event.kind);
      return kinds;
    });
  }
  /// "conflict fence LEASE_LOST", or "done".
  std::string refusal(const std::function<void(db::Tx&)>& f) {
    try {
      db().write([&](db::Tx& tx) { f(tx); });
    } catch (const core::Error& e) {
      const std::string wire = e.wire_name().empty() ? "" : " " + e.wire_name();
      return fmt::format("{} {}{}", core::name_of(e.code()), e.field(), wire);
    }
    return "done";
  }

 private:
  core::ManualClock clock_{minute(1'000)};
};

}  // namespace wakeful::control
