#pragma once
// What the watch speaks of: jobs, online models, evaluations, scores, anomalies, observations.
//
// Plain values; times are core::Timestamp here and RFC 3339 on the wire. Reading is for the client, writing for the
// server, the runner's own messages (protocol.hpp) go both ways. Values: no thread contract.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "monitor/wire/definition.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/json.hpp"

namespace wakeful::monitor {

enum class JobKind { train, evaluate, predict };
enum class JobState { pending, running, succeeded, failed, skipped, cancelled };
std::string_view name_of(JobKind kind);
std::string_view name_of(JobState state);
/// Errors: invalid naming `field`, with the words that are known.
JobKind parse_job_kind(std::string_view word, std::string_view field = "kind");
JobState parse_job_state(std::string_view word, std::string_view field = "state");
/// Nothing more happens to it.
constexpr bool has_ended(JobState state) { return state != JobState::pending && state != JobState::running; }

/// Data time. `from` is the first bucket's start; buckets end at or before `until`.
struct Interval {
  std::optional<core::Timestamp> from{};
  std::optional<core::Timestamp> until{};
};

struct Job {
  std::string id;
  JobKind kind = JobKind::evaluate;
  std::string subject;  // the detector
  JobState state = JobState::pending;
  std::int64_t attempt = 0;
  std::int64_t max_attempts = 0;
  Interval interval{};  // set by the claim; before it `until` if one was asked for
  std::string error{};
  std::string result = "null";  // JSON
  std::string owner{};
  std::string run_id{};
  core::Timestamp created{};
  core::Timestamp scheduled{};
  core::Timestamp not_before{};
  std::optional<core::Timestamp> started{};
  std::optional<core::Timestamp> finished{};
};
void write(core::JsonWriter& json, const Job& job);
Job read_job(const core::ObjectReader& object);

/// A model on watch: the newest version of a registered model "…_online", and what its evaluation needs.
struct OnlineModel {
  std::string name;
  std::string detector{};
  std::string deployment_mode{};
  Metric metric{};               // as it was trained, whatever the detector's file says by now
  core::Duration granularity{};  // likewise
  std::string digest{};          // model_digest of the training
  std::int64_t version = 0;
  std::int64_t row_version = 0;       // what a compare-and-set compares
  core::Timestamp last_evaluation{};  // start of the last evaluated bucket
  std::string artifact_uri{};
  std::string artifact_sha256{};
  std::int64_t artifact_size_bytes = 0;
  std::string creation_run_id{};
  core::Timestamp trained{};  // wall clock
};
void write(core::JsonWriter& json, const OnlineModel& model);
OnlineModel read_online_model(const core::ObjectReader& object);

struct Evaluation {
  std::string id;
  std::string detector{};
  std::string model{};
  std::int64_t from_version = 0;
  std::int64_t model_version = 0;  // the one it made
  core::Timestamp from{};          // exclusive: the last bucket evaluated before
  core::Timestamp to{};            // inclusive: the last bucket evaluated
  std::int64_t rows = 0;
  std::int64_t anomalies = 0;
  std::string run_id{};
  std::string job_id{};
  std::string input_digest{};
  core::Timestamp created{};
};
void write(core::JsonWriter& json, const Evaluation& evaluation);
Evaluation read_evaluation(const core::ObjectReader& object);

/// One bucket of one entity as one algorithm saw it.
struct Score {
  core::Timestamp timestamp{};  // the bucket's start
  std::string entity{};
  std::string algorithm{};
  std::optional<double> value{};
  std::optional<double> expected{};
  std::optional<double> lower{};
  std::optional<double> upper{};
  std::optional<double> score{};  // absent: no verdict
  bool is_anomaly = false;
  std::string evaluation_id{};
  std::int64_t revision = 0;
  std::string metadata{};  // of an anomaly: a JSON object; empty: that of no members. Shown with the anomaly only
};
void write(core::JsonWriter& json, const Score& score);
Score read_score(const core::ObjectReader& object);

struct Anomaly {
  Score score{};
  std::string detector{};
  std::string model{};
  std::int64_t model_version = 0;
  std::string run_id{};
  std::string datasource{};
  std::string query{};
  core::Timestamp detected{};
  core::Timestamp event_start{};  // of the event: buckets of one line that are anomalous without a break
};
/// Names its event: the same for every anomaly of it.
std::string event_id_of(const Anomaly& anomaly);
/// "critical" where the score is above 2, twice as far out as the limit; otherwise "warning".
std::string_view severity_of(const Anomaly& anomaly);
void write(core::JsonWriter& json, const Anomaly& anomaly);
Anomaly read_anomaly(const core::ObjectReader& object);

struct SourceSummary {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t series = 0;
  std::vector<std::string> metrics{};
  std::vector<std::string> dimensions{};
  std::optional<core::Timestamp> first{};
  std::optional<core::Timestamp> last{};
  std::optional<double> freshness_seconds{};  // age of `last`
};
void write(core::JsonWriter& json, const SourceSummary& source);
SourceSummary read_source_summary(const core::ObjectReader& object);

/// A page of observations in columns: row i is (times[i], values[i]) of series[of_series[i]].
struct ObservationPage {
  struct Series {
    std::string metric;
    std::vector<std::pair<std::string, std::string>> dims{};  // by name
  };
  std::vector<Series> series{};
  std::vector<core::Timestamp> times{};
  std::vector<std::int64_t> of_series{};
  std::vector<double> values{};
  std::string next_page_token{};
};
/// {"series":[{"metric","dims":{…}}],"ts_us":[…],"series_index":[…],"value":[…],"next_page_token"?}
void write(core::JsonWriter& json, const ObservationPage& page);
ObservationPage read_observation_page(const core::ObjectReader& object);

/// What an ingest did, answered after its rows were durable.
struct IngestReport {
  struct Rejected {
    std::int64_t index = 0;
    std::string field{};
    std::string message{};
  };
  std::int64_t accepted = 0;
  std::int64_t duplicates = 0;
  std::int64_t replaced = 0;
  std::int64_t late = 0;           // of the accepted and replaced: in buckets that were evaluated already
  std::int64_t rejected_rows = 0;  // may be more than are listed
  std::vector<Rejected> rejected{};
};
void write(core::JsonWriter& json, const IngestReport& report);
IngestReport read_ingest_report(const core::ObjectReader& object);

/// What a detector's file and its state say.
struct DetectorStatus {
  Definition definition{};
  std::int64_t revision = 0;  // counts the applied changes
  std::string digest{};
  core::Timestamp created{};
  core::Timestamp updated{};
  std::vector<OnlineModel> models{};
  std::optional<core::Timestamp> last_evaluated{};  // wall clock
  std::optional<core::Timestamp> last_trained{};    // wall clock
  std::optional<core::Timestamp> next_evaluation{};
  std::string state{};  // untrained, healthy, failing
  std::string reason{};
};
void write(core::JsonWriter& json, const DetectorStatus& detector);
DetectorStatus read_detector_status(const core::ObjectReader& object);

enum class Applied { created, updated, unchanged };
std::string_view name_of(Applied applied);
Applied parse_applied(std::string_view word, std::string_view field = "applied");

/// What PUT /detectors/{name} did, or with dry_run would do.
struct ApplyReport {
  std::string name;
  Applied applied = Applied::unchanged;
  bool dry_run = false;
  std::int64_t revision = 0;
  std::vector<Change> changes{};
  std::string definition = "null";  // JSON
};
void write(core::JsonWriter& json, const ApplyReport& report);
ApplyReport read_apply_report(const core::ObjectReader& object);

/// `"<noun>":[…],"next_page_token"?`, as every list answers.
template <class T>
struct Page {
  std::vector<T> rows{};
  std::string next_page_token{};
};
template <class T>
std::string to_json(const Page<T>& page, std::string_view noun) {
  core::JsonWriter json;
  json.begin_object().key(noun).begin_array();
  for (const T& row : page.rows) write(json, row);
  json.end_array();
  if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
  json.end_object();
  return json.take();
}
template <class T>
Page<T> read_page(const core::ObjectReader& body, std::string_view noun, T (*read)(const core::ObjectReader&)) {
  Page<T> page;
  for (const core::ObjectReader& row : body.objects(noun)) page.rows.push_back(read(row));
  page.next_page_token = body.find_text("next_page_token").value_or("");
  return page;
}

}  // namespace wakeful::monitor
