#pragma once
// What a runner says and hears: /api/v1/runner/{claim,heartbeat,advance,register,finish,fail}.
//
// A runner claims a job and gets, in one answer, a lease with its fence, the interval, the detector and its online
// models. Everything that it commits afterwards carries job and fence; once the lease was lost, all of it is refused
// (conflict) and the runner drops the job. Runners send durations, never times of their own clock: every time here is
// data time or the server's. Files are uploaded before the call that speaks of them. Semantics: control/DESIGN.md.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "monitor/wire/types.hpp"

namespace wakeful::monitor {

inline constexpr core::Duration kShortestLease = std::chrono::milliseconds(10);
inline constexpr core::Duration kLongestLease = std::chrono::hours(1);
inline constexpr core::Duration kLongestClaimWait = std::chrono::seconds(30);
inline constexpr std::int64_t kMaxScoresPerAdvance = 200'000;

/// POST /runner/claim
struct ClaimRequest {
  std::string runner;  // who, for people
  core::Duration lease = std::chrono::seconds(60);
  std::vector<JobKind> kinds{};      // empty: any
  core::Duration wait{};             // how long to wait for a job; at most kLongestClaimWait
  std::optional<std::string> job{};  // this job or none
};
void write(core::JsonWriter& json, const ClaimRequest& request);
ClaimRequest read_claim_request(const core::ObjectReader& body);

/// Whose lease it is; the first two members of everything that a runner sends about a job.
struct Holder {
  std::string job_id;
  std::int64_t fence = 0;
};

/// The answer of a claim that found a job; without one it is {"job":null}.
struct Claim {
  Job job{};
  std::int64_t fence = 0;
  core::Duration lease{};
  core::Timestamp now{};  // the server's
  Definition detector{};
  /// Evaluate: what to evaluate, each after its own last_evaluation. Train: whose marks the trained ones will keep.
  std::vector<OnlineModel> models{};
  std::string experiment_id{};
  std::string artifact_root{};  // where the run's files go: "mlflow-artifacts:/<experiment>/<run>/artifacts"

  Holder holder() const { return {job.id, fence}; }
};
void write(core::JsonWriter& json, const Claim& claim);
std::string to_json(const std::optional<Claim>& claim);
std::optional<Claim> read_claim(const core::ObjectReader& body);

/// POST /runner/heartbeat: the lease is as long again from now. Errors: conflict once it is lost or the job cancelled.
struct Heartbeat {
  Holder holder{};
  core::Duration lease = std::chrono::seconds(60);
};
void write(core::JsonWriter& json, const Heartbeat& heartbeat);
Heartbeat read_heartbeat(const core::ObjectReader& body);

struct NamedValue {
  std::string key;
  double value = 0;
};

/// A file that is uploaded already.
struct StoredFile {
  std::string uri;  // "mlflow-artifacts:/…"
  std::string sha256{};
  std::int64_t size_bytes = 0;
};

/// POST /runner/advance: one online model moves from `from` to `to`, whole or not at all. Several per job are fine.
/// Errors: conflict naming `fence` if the lease is lost, naming `row_version` if the model is not at (row_version,
/// from) any more: claim again, or give the model up.
struct Advance {
  Holder holder{};
  std::string model;
  std::int64_t row_version = 0;
  std::int64_t from_version = 0;
  core::Timestamp from{};       // the model's last_evaluation as claimed
  core::Timestamp to{};         // last evaluated bucket
  std::string evaluation_id{};  // names.hpp; "" lets the server work it out
  StoredFile artifact{};        // the model after the interval
  std::int64_t rows = 0;        // buckets scored
  std::string input_digest{};
  std::vector<Score> scores{};        // evaluation_id and revision are the server's
  std::vector<Score> late_scores{};   // of buckets up to `from`: kept as new revisions
  std::vector<NamedValue> metrics{};  // logged to the job's run
  bool finish = false;                // the job has succeeded with it
  std::string result = "{}";          // with finish: a JSON object for people
};
/// Scores go as columns: {"ts_us":[],"entity":[],"algorithm":[],…} with the names kept once.
void write(core::JsonWriter& json, const Advance& advance);
Advance read_advance(const core::ObjectReader& body);

struct Advanced {
  Evaluation evaluation{};
  OnlineModel model{};    // as it stands now
  bool repeated = false;  // this evaluation was committed before; nothing changed
  Job job{};
};
void write(core::JsonWriter& json, const Advanced& advanced);
Advanced read_advanced(const core::ObjectReader& body);

/// POST /runner/register: what a training job trained becomes the detector's online models, all at once.
/// Models of metrics that are not named any more are retired with it. Ends the job.
struct Registration {
  struct Model {
    std::string metric;
    std::vector<std::string> group{};  // with model_per: group, a value for each grouping
    StoredFile artifact{};
    std::optional<core::Timestamp> trained_from{};  // first bucket of the training data
    core::Timestamp trained_until{};                // last one
    std::int64_t rows = 0;
    std::vector<std::string> entities{};
  };
  Holder holder{};
  std::vector<Model> models{};
  std::vector<NamedValue> metrics{};  // logged to the job's run
  std::string result = "{}";
};
void write(core::JsonWriter& json, const Registration& registration);
Registration read_registration(const core::ObjectReader& body);

struct Registered {
  std::vector<OnlineModel> models{};
  std::vector<std::string> retired{};
  Job job{};
};
void write(core::JsonWriter& json, const Registered& registered);
Registered read_registered(const core::ObjectReader& body);

/// POST /runner/finish: the job has succeeded with nothing (more) to commit.
struct Finish {
  Holder holder{};
  std::string result = "{}";
};
void write(core::JsonWriter& json, const Finish& finish);
Finish read_finish(const core::ObjectReader& body);

enum class FailureClass {
  transient,  // tried again after a while, up to the job's attempts
  permanent,  // repeating it changes nothing: the job has failed
  waiting,    // nothing is wrong, there is too little data yet: the job is skipped
};
std::string_view name_of(FailureClass failure);
FailureClass parse_failure_class(std::string_view word, std::string_view field = "class");

/// POST /runner/fail
struct Failure {
  Holder holder{};
  FailureClass failure = FailureClass::transient;
  std::string message{};
};
void write(core::JsonWriter& json, const Failure& failure);
Failure read_failure(const core::ObjectReader& body);

}  // namespace wakeful::monitor
