#include "monitor/api.hpp"

#include <fmt/format.h>

#include "monitor/detectors.hpp"
#include "monitor/evaluations.hpp"
#include "monitor/jobs.hpp"
#include "monitor/query_params.hpp"
#include "monitor/stream_detectors.hpp"
#include "monitor/wire/names.hpp"
#include "monitor/wire/yaml.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

using http::Request;
using http::Response;

/// What every handler needs.
struct Watch {
  db::Database& db;
  const core::Clock& clock;

  template <class F>
  auto read(const Request& request, F&& f) const {
    return db.read(std::forward<F>(f), {.deadline = request.deadline});
  }
  template <class F>
  auto write(const Request& request, F&& f) const {
    return db.write(std::forward<F>(f), {.deadline = request.deadline});
  }
};

template <class T>
Response wrapped(std::string_view noun, const T& value) {
  core::JsonWriter json;
  json.begin_object().key(noun);
  write(json, value);
  json.end_object();
  return Response::json(json.take());
}

Response list_detectors_answer(const Watch& watch, Request& request) {
  const PageTerms terms = page_params(request);
  return Response::json(
      to_json(watch.read(request, [&](db::Tx& tx) { return list_detectors(tx, terms); }), "detectors"));
}

Response get_detector_answer(const Watch& watch, Request& request) {
  const std::string& name = request.path_param("name");
  return wrapped("detector", watch.read(request, [&](db::Tx& tx) { return get_detector_status(tx, name); }));
}

/// JSON when the request says so, YAML otherwise: what people send files as has many names.
core::JsonDocument read_detector_file(Request& request) {
  const std::string body = request.read_body();
  const std::string type = core::to_lower(request.headers.find("Content-Type").value_or(""));
  if (type.starts_with("application/json")) return core::parse_json(body);
  auto documents = parse_yaml(body);
  if (documents.size() != 1)
    throw core::invalid(fmt::format("The body holds {} documents; a detector is one", documents.size()));
  return std::move(documents.front());
}

void check_path_name(const Request& request, const std::string& name) {
  if (name == request.path_param("name")) return;
  throw core::invalid(
      fmt::format("'name': the file is of '{}', the path of '{}'", name, request.path_param("name").substr(0, 120)),
      "name");
}

ApplyReport put_stream(const Watch& watch, Request& request, const core::Json& document, bool dry_run) {
  const StreamFile file = read_stream_file(document);
  check_path_name(request, file.definition.name);
  const core::Timestamp now = watch.clock.now();
  return dry_run ? watch.read(request, [&](db::Tx& tx) { return plan_stream(tx, file); })
                 : watch.write(request, [&](db::Tx& tx) { return apply_stream(tx, file, now); });
}

ApplyReport put_scheduled(const Watch& watch, Request& request, const core::Json& document, bool dry_run) {
  const Definition definition = read_definition(core::ObjectReader(document));
  check_path_name(request, definition.name);
  check_definition(definition);
  const core::Timestamp now = watch.clock.now();
  const auto refuse_stream = [&](db::Tx& tx) {
    if (find_stream(tx, definition.name))
      throw core::conflict(
          fmt::format("Detector '{}' is a stream; delete it before another takes its name", definition.name), "name");
  };
  return dry_run ? watch.read(request,
                              [&](db::Tx& tx) {
                                refuse_stream(tx);
                                return plan_apply(tx, definition);
                              })
                 : watch.write(request, [&](db::Tx& tx) {
                     refuse_stream(tx);
                     return apply_detector(tx, definition, now);
                   });
}

Response put_detector_answer(const Watch& watch, Request& request) {
  const bool dry_run = find_flag_param(request, "dry_run");
  const core::JsonDocument document = read_detector_file(request);
  const bool is_stream = core::is_object(document.root()) && core::ObjectReader(document.root()).has("stream");
  ApplyReport report = is_stream ? put_stream(watch, request, document.root(), dry_run)
                                 : put_scheduled(watch, request, document.root(), dry_run);
  report.dry_run = dry_run;
  core::JsonWriter json;
  write(json, report);
  return Response::json(json.take());
}

/// Reads what belongs to `detector`, or to any if it is "". Errors: not_found.
template <class F>
auto read_of_detector(const Watch& watch, const Request& request, const std::string& detector, F&& f) {
  return watch.read(request, [&](db::Tx& tx) {
    if (!detector.empty() && !find_detector(tx, detector))
      throw core::not_found(fmt::format("Detector with name={} not found", detector.substr(0, 120)), "detector");
    return f(tx);
  });
}

Response list_jobs_answer(const Watch& watch, Request& request) {
  JobSearch search{.detector = text_param(request, "detector"), .page = page_params(request)};
  if (const auto kind = request.query.find("kind"); kind && !kind->empty()) search.kind = parse_job_kind(*kind);
  if (const auto state = request.query.find("state"); state && !state->empty()) search.state = parse_job_state(*state);
  return Response::json(to_json(
      read_of_detector(watch, request, search.detector, [&](db::Tx& tx) { return list_jobs(tx, search); }), "jobs"));
}

Response get_job_answer(const Watch& watch, Request& request) {
  const std::string& id = request.path_param("id");
  return wrapped("job", watch.read(request, [&](db::Tx& tx) { return get_job(tx, id); }));
}

Response list_evaluations_answer(const Watch& watch, Request& request) {
  const EvaluationSearch search{
      .model = text_param(request, "model"), .detector = text_param(request, "detector"), .page = page_params(request)};
  return Response::json(to_json(
      read_of_detector(watch, request, search.detector, [&](db::Tx& tx) { return list_evaluations(tx, search); }),
      "evaluations"));
}

Response list_scores_answer(const Watch& watch, Request& request) {
  ScoreSearch search{.model = required_param(request, "model"),
                     .from = find_time_param(request, "from"),
                     .to = find_time_param(request, "to"),
                     .page = page_params(request)};
  const std::string revisions = text_param(request, "revisions");
  if (!revisions.empty() && revisions != "all" && revisions != "newest")
    throw core::invalid("'revisions': neither 'all' nor 'newest'", "revisions");
  search.all_revisions = revisions == "all";
  return Response::json(to_json(watch.read(request, [&](db::Tx& tx) { return list_scores(tx, search); }), "scores"));
}

/// Of one stream detector, or, with neither a detector nor a model, of all beside the others.
Page<Anomaly> anomalies_of(db::Tx& tx, const AnomalySearch& search) {
  if (!search.detector.empty() && find_stream(tx, search.detector))
    return list_stream_alerts(tx,
                              {.detector = search.detector, .from = search.from, .to = search.to, .page = search.page});
  if (!search.detector.empty() && !find_detector(tx, search.detector))
    throw core::not_found(fmt::format("Detector with name={} not found", search.detector.substr(0, 120)), "detector");
  if (!search.detector.empty() || !search.model.empty()) return list_anomalies(tx, search);
  return list_all_anomalies(tx, search);
}

Response list_anomalies_answer(const Watch& watch, Request& request) {
  const AnomalySearch search{.detector = text_param(request, "detector"),
                             .model = text_param(request, "model"),
                             .from = find_time_param(request, "from"),
                             .to = find_time_param(request, "to"),
                             .page = page_params(request)};
  return Response::json(
      to_json(watch.read(request, [&](db::Tx& tx) { return anomalies_of(tx, search); }), "anomalies"));
}

struct Row {
  std::string_view method;
  std::string_view path;
  Response (*answer)(const Watch&, Request&);
  std::string_view summary;
};

constexpr Row kRows[] = {
    {"GET", "/detectors", list_detectors_answer, "Lists the detectors with their models and state, by name."},
    {"GET", "/detectors/{name}", get_detector_answer, "Gives a detector: its file, models and state."},
    {"PUT", "/detectors/{name}", put_detector_answer,
     "Applies a detector file, JSON or YAML, and answers what changed; ?dry_run=true only says it."},
    {"GET", "/jobs", list_jobs_answer, "Lists jobs, newest first; ?detector, ?kind and ?state narrow it."},
    {"GET", "/jobs/{id}", get_job_answer, "Gives a job."},
    {"GET", "/evaluations", list_evaluations_answer, "Lists evaluations of a ?model or ?detector, newest first."},
    {"GET", "/scores", list_scores_answer,
     "Lists the scores of a ?model in time order, ?from and ?to inclusive; ?revisions=all shows superseded ones."},
    {"GET", "/anomalies", list_anomalies_answer,
     "Lists anomalies, newest first; ?detector, ?model, ?from and ?to narrow it."},
};

}  // namespace

void add_watch_routes(std::vector<http::Route>& routes, db::Database& db, const core::Clock& clock) {
  for (const Row& row : kRows) {
    routes.push_back({.method = std::string(row.method),
                      .pattern = fmt::format("/api/v1{}", row.path),
                      .surface = http::Surface::own,
                      .handler = [watch = Watch{db, clock},
                                  answer = row.answer](Request& request) { return answer(watch, request); },
                      .summary = std::string(row.summary),
                      .max_body_bytes = kMaxYamlBytes});
  }
}

std::vector<http::Route> routes(db::Database& db, const core::Clock& clock) {
  std::vector<http::Route> all;
  add_watch_routes(all, db, clock);
  add_observation_routes(all, db, clock);
  add_stream_routes(all, db, clock);
  return all;
}

}  // namespace wakeful::monitor
