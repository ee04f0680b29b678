#pragma once
// The watch's own API: detectors, jobs, observations, and the protocol by which a runner works.
// Errors and threads: server.hpp.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/server.hpp"
#include "monitor/wire/protocol.hpp"
#include "monitor/wire/types.hpp"

namespace wakeful::client {

// Detectors.

/// Applies one detector file (JSON or YAML, as `content_type` says). With `dry_run` nothing changes.
monitor::ApplyReport apply_detector(const Server& server, const std::string& name, std::string file,
                                    std::string_view content_type = "application/json", bool dry_run = false);
monitor::DetectorStatus get_detector(const Server& server, const std::string& name);
monitor::Page<monitor::DetectorStatus> list_detectors(const Server& server, const std::string& page_token = {});
void remove_detector(const Server& server, const std::string& name);

// Jobs.

struct RunRequest {
  monitor::JobKind kind = monitor::JobKind::evaluate;
  std::optional<core::Timestamp> until{};
  std::optional<core::Timestamp> from{};  // of a prediction: its interval is [from, until)
  std::chrono::seconds wait{0};           // the answer comes when the job has ended, or after so long
};
monitor::Job run_detector(const Server& server, const std::string& name, const RunRequest& request);
monitor::Job get_job(const Server& server, const std::string& id);
monitor::Job cancel_job(const Server& server, const std::string& id);
monitor::Page<monitor::Job> list_jobs(const Server& server, const std::string& page_token = {});

// What was found.

struct TimeRange {
  std::optional<core::Timestamp> from{};
  std::optional<core::Timestamp> to{};
};
monitor::Page<monitor::Evaluation> list_evaluations(const Server& server, const std::string& model,
                                                    const std::string& page_token = {});
monitor::Page<monitor::Score> list_scores(const Server& server, const std::string& model, const TimeRange& range = {},
                                          const std::string& page_token = {});
monitor::Page<monitor::Anomaly> list_anomalies(const Server& server, const std::string& detector,
                                               const TimeRange& range = {}, const std::string& page_token = {});

// Observations.

/// Rows as NDJSON, CSV or a JSON array; `options` is the rest of the query ("ts_unit=s").
monitor::IngestReport ingest(const Server& server, const std::string& source, std::string rows,
                             std::string_view content_type = "application/x-ndjson", const std::string& options = {});

struct ObservationRequest {
  std::string source;
  std::string metric{};
  std::vector<std::string> filters{};  // "stage = 'prod'"
  core::Timestamp after{};             // exclusive
  core::Timestamp until{};             // inclusive
  std::string page_token{};
  std::int64_t max_results = 0;  // 0: the server's choice
};
/// One page, in time order.
monitor::ObservationPage list_observations(const Server& server, const ObservationRequest& request);

// The runner's protocol (monitor/wire/protocol.hpp).

/// Nothing when no job came up while `request.wait` lasted.
std::optional<monitor::Claim> claim(const Server& server, const monitor::ClaimRequest& request);
void heartbeat(const Server& server, const monitor::Heartbeat& heartbeat);
monitor::Advanced advance(const Server& server, const monitor::Advance& advance);
monitor::Registered register_models(const Server& server, const monitor::Registration& registration);
monitor::Job finish(const Server& server, const monitor::Finish& finish);
monitor::Job fail(const Server& server, const monitor::Failure& failure);

}  // namespace wakeful::client
