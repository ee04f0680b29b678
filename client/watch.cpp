#include "client/watch.hpp"

#include <utility>

#include "platform/core/text.hpp"

namespace wakeful::client {
namespace {

using core::ObjectReader;

std::string at(std::string_view path) { return std::string("/api/v1").append(path); }

std::string detector_path(const std::string& name) { return at("/detectors/") + core::percent_encode(name); }

std::string text_of(const std::optional<core::Timestamp>& time) {
  return time ? core::format_rfc3339(*time) : std::string();
}

monitor::Job job_of(const core::JsonDocument& answer) {
  return monitor::read_job(ObjectReader(answer.root()).object("job"));
}

template <class T>
monitor::Page<T> page_of(const core::JsonDocument& answer, std::string_view noun, T (*read)(const ObjectReader&)) {
  return monitor::read_page<T>(ObjectReader(answer.root()), noun, read);
}

}  // namespace

monitor::ApplyReport apply_detector(const Server& server, const std::string& name, std::string file,
                                    std::string_view content_type, bool dry_run) {
  const std::string target = detector_path(name) + query_of({{"dry_run", dry_run ? "true" : ""}});
  const auto answer =
      core::parse_json(server.send(make_request("PUT", target, std::move(file), content_type)).read_all());
  return monitor::read_apply_report(ObjectReader(answer.root()));
}

monitor::DetectorStatus get_detector(const Server& server, const std::string& name) {
  const auto answer = server.get(detector_path(name));
  return monitor::read_detector_status(ObjectReader(answer.root()).object("detector"));
}

monitor::Page<monitor::DetectorStatus> list_detectors(const Server& server, const std::string& page_token) {
  return page_of(server.get(at("/detectors") + query_of({{"page_token", page_token}})), "detectors",
                 &monitor::read_detector_status);
}

void remove_detector(const Server& server, const std::string& name) {
  server.send(make_request("DELETE", detector_path(name)));
}

monitor::Job run_detector(const Server& server, const std::string& name, const RunRequest& request) {
  core::JsonWriter json;
  json.begin_object().member("kind", monitor::name_of(request.kind));
  if (request.from) json.member("from", core::format_rfc3339(*request.from));
  if (request.until) json.member("until", core::format_rfc3339(*request.until));
  json.end_object();
  const std::string wait = request.wait.count() > 0 ? std::to_string(request.wait.count()) : std::string();
  return job_of(server.post(detector_path(name) + "/run" + query_of({{"wait", wait}}), json.take()));
}

monitor::Job get_job(const Server& server, const std::string& id) {
  return job_of(server.get(at("/jobs/") + core::percent_encode(id)));
}

monitor::Job cancel_job(const Server& server, const std::string& id) {
  return job_of(server.post(at("/jobs/") + core::percent_encode(id) + "/cancel", "{}"));
}

monitor::Page<monitor::Job> list_jobs(const Server& server, const std::string& page_token) {
  return page_of(server.get(at("/jobs") + query_of({{"page_token", page_token}})), "jobs", &monitor::read_job);
}

monitor::Page<monitor::Evaluation> list_evaluations(const Server& server, const std::string& model,
                                                    const std::string& page_token) {
  return page_of(server.get(at("/evaluations") + query_of({{"model", model}, {"page_token", page_token}})),
                 "evaluations", &monitor::read_evaluation);
}

monitor::Page<monitor::Score> list_scores(const Server& server, const std::string& model, const TimeRange& range,
                                          const std::string& page_token) {
  const std::string query = query_of({{"model", model},
                                      {"from", text_of(range.from)},
                                      {"to", text_of(range.to)},
                                      {"max_results", "10000"},
                                      {"page_token", page_token}});
  return page_of(server.get(at("/scores") + query), "scores", &monitor::read_score);
}

monitor::Page<monitor::Anomaly> list_anomalies(const Server& server, const std::string& detector,
                                               const TimeRange& range, const std::string& page_token) {
  const std::string query = query_of(
      {{"detector", detector}, {"from", text_of(range.from)}, {"to", text_of(range.to)}, {"page_token", page_token}});
  return page_of(server.get(at("/anomalies") + query), "anomalies", &monitor::read_anomaly);
}

monitor::IngestReport ingest(const Server& server, const std::string& source, std::string rows,
                             std::string_view content_type, const std::string& options) {
  const std::string target =
      at("/ingest/") + core::percent_encode(source) + (options.empty() ? std::string() : "?" + options);
  const auto answer =
      core::parse_json(server.send(make_request("POST", target, std::move(rows), content_type)).read_all());
  return monitor::read_ingest_report(ObjectReader(answer.root()));
}

monitor::ObservationPage list_observations(const Server& server, const ObservationRequest& request) {
  std::string query = query_of({{"source", request.source}, {"metric", request.metric}});
  const auto add = [&](std::string_view name, const std::string& value) {
    query.append("&").append(name).append("=").append(core::percent_encode(value));
  };
  add("format", "columnar");
  for (const std::string& filter : request.filters) add("filters", filter);
  add("after", core::format_rfc3339(request.after));
  add("until", core::format_rfc3339(request.until));
  if (request.max_results > 0) add("max_results", std::to_string(request.max_results));
  if (!request.page_token.empty()) add("page_token", request.page_token);
  const auto answer = server.get(at("/observations") + query);
  return monitor::read_observation_page(ObjectReader(answer.root()));
}

std::optional<monitor::Claim> claim(const Server& server, const monitor::ClaimRequest& request) {
  const auto answer = server.post(at("/runner/claim"), json_of(request));
  return monitor::read_claim(ObjectReader(answer.root()));
}

void heartbeat(const Server& server, const monitor::Heartbeat& heartbeat) {
  server.post(at("/runner/heartbeat"), json_of(heartbeat));
}

monitor::Advanced advance(const Server& server, const monitor::Advance& advance) {
  const auto answer = server.post(at("/runner/advance"), json_of(advance));
  return monitor::read_advanced(ObjectReader(answer.root()));
}

monitor::Registered register_models(const Server& server, const monitor::Registration& registration) {
  const auto answer = server.post(at("/runner/register"), json_of(registration));
  return monitor::read_registered(ObjectReader(answer.root()));
}

monitor::Job finish(const Server& server, const monitor::Finish& finish) {
  return job_of(server.post(at("/runner/finish"), json_of(finish)));
}

monitor::Job fail(const Server& server, const monitor::Failure& failure) {
  return job_of(server.post(at("/runner/fail"), json_of(failure)));
}

}  // namespace wakeful::client
