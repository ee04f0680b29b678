#include "control/api.hpp"

#include <fmt/format.h>

#include "control/advance.hpp"
#include "control/claim.hpp"
#include "control/deletion.hpp"
#include "control/endings.hpp"
#include "control/registration.hpp"
#include "control/run_now.hpp"
#include "control/stored_file.hpp"
#include "monitor/jobs.hpp"
#include "monitor/query_params.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/id.hpp"
#include "platform/core/json.hpp"
#include "platform/core/random.hpp"

namespace wakeful::control {
namespace {

using core::ObjectReader;
using http::Request;
using http::Response;
using monitor::Job;

/// Between two looks at the store of a request that waits: what other processes do rings no bell here.
constexpr std::chrono::milliseconds kNap{250};
constexpr std::int64_t kLongestRunWait = 60;

template <class T>
Response answer_of(const T& value) {
  core::JsonWriter json;
  write(json, value);
  return Response::json(json.take());
}

Response answer_job(const Job& job, int status = 200) {
  core::JsonWriter json;
  json.begin_object().key("job");
  write(json, job);
  return Response::json(json.end_object().take(), status);
}

template <class T>
T body_of(Request& request, T (*read)(const ObjectReader&)) {
  const core::JsonDocument document = core::parse_json(request.read_body());
  return read(ObjectReader(document.root()));
}

template <class F>
auto write_to(const Parts& parts, const Request& request, F&& f) {
  return parts.db.write(std::forward<F>(f), {.deadline = request.deadline});
}
template <class F>
auto read_from(const Parts& parts, const Request& request, F&& f) {
  return parts.db.read(std::forward<F>(f), {.deadline = request.deadline});
}

/// Calls `look` until it gives something, `wait` is over or nobody waits any more. No transaction is held meanwhile,
/// and the caller holds what let_others_work gave: a worker is not held either.
template <class F>
auto wait_for(const Parts& parts, const Request& request, std::chrono::milliseconds wait, F&& look) {
  const auto until = core::Deadline::after(wait);
  while (true) {
    const std::uint64_t heard = parts.bell.rung();
    auto found = look();
    if (found || until.expired() || request.is_cancelled()) return found;
    parts.bell.wait(heard, core::Deadline::after(std::min(kNap, until.remaining())));
  }
}

Response claim_answer(const Parts& parts, Request& request) {
  const auto wanted = body_of(request, monitor::read_claim_request);
  const auto look = [&]() -> std::optional<monitor::Claim> {
    const core::Timestamp now = parts.clock.now();
    if (!read_from(parts, request, [&](db::Tx& tx) { return may_claim(tx, wanted, now); })) return std::nullopt;
    return write_to(parts, request, [&](db::Tx& tx) { return claim(tx, wanted, now); });
  };
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(wanted.wait);
  const auto aside = wait.count() > 0 ? request.let_others_work() : std::make_shared<bool>();
  if (!aside)
    throw core::exhausted("Too many runners wait for jobs here: ask again later, or with wait_ms 0", "wait_ms");
  return Response::json(monitor::to_json(wait_for(parts, request, wait, look)));
}

Response heartbeat_answer(const Parts& parts, Request& request) {
  const auto beat = body_of(request, monitor::read_heartbeat);
  const core::Timestamp now = parts.clock.now();
  write_to(parts, request, [&](db::Tx& tx) { monitor::renew_lease(tx, beat.holder, beat.lease, now); });
  return Response::json("{}");
}

Response advance_answer(const Parts& parts, Request& request) {
  const auto wanted = body_of(request, monitor::read_advance);
  const core::Timestamp now = parts.clock.now();
  auto done = read_from(parts, request, [&](db::Tx& tx) { return find_advanced(tx, wanted); });
  if (!done) {
    check_stored_file(parts.files, wanted.artifact, "artifact");
    done = write_to(parts, request, [&](db::Tx& tx) { return advance(tx, wanted, now); });
    parts.bell.ring();
  }
  return answer_of(*done);
}

Response register_answer(const Parts& parts, Request& request) {
  const auto wanted = body_of(request, monitor::read_registration);
  for (std::size_t i = 0; i < wanted.models.size(); ++i)
    check_stored_file(parts.files, wanted.models[i].artifact, fmt::format("models[{}].artifact", i));
  const core::Timestamp now = parts.clock.now();
  const auto done = write_to(parts, request, [&](db::Tx& tx) { return register_models(tx, wanted, now); });
  parts.bell.ring();
  return answer_of(done);
}

Response finish_answer(const Parts& parts, Request& request) {
  const auto wanted = body_of(request, monitor::read_finish);
  const core::Timestamp now = parts.clock.now();
  const Job job = write_to(parts, request, [&](db::Tx& tx) { return finish(tx, wanted, now); });
  parts.bell.ring();
  return answer_job(job);
}

/// In [0, 1).
double fresh_chance() { return core::Random(std::stoull(core::new_hex_id().substr(0, 16), nullptr, 16)).uniform(); }

Response fail_answer(const Parts& parts, Request& request) {
  const auto wanted = body_of(request, monitor::read_failure);
  const core::Timestamp now = parts.clock.now();
  const double chance = fresh_chance();
  const Job job = write_to(parts, request, [&](db::Tx& tx) { return fail(tx, wanted, chance, now); });
  parts.bell.ring();
  return answer_job(job);
}

Response cancel_answer(const Parts& parts, Request& request) {
  const std::string& id = request.path_param("id");
  const core::Timestamp now = parts.clock.now();
  const Job job = write_to(parts, request, [&](db::Tx& tx) { return cancel(tx, id, now); });
  parts.bell.ring();
  return answer_job(job);
}

RunRequest read_run_request(const ObjectReader& body) {
  constexpr std::string_view kKeys[] = {"kind", "from", "until"};
  body.refuse_unknown(kKeys);
  return {.kind = monitor::parse_job_kind(body.text("kind")),
          .until = monitor::find_time(body, "until"),
          .from = monitor::find_time(body, "from")};
}

Response run_answer(const Parts& parts, Request& request) {
  const std::string& name = request.path_param("name");
  const RunRequest wanted = body_of(request, read_run_request);
  const std::chrono::seconds wait{monitor::find_integer_param(request, "wait", 0, kLongestRunWait).value_or(0)};
  const core::Timestamp now = parts.clock.now();
  const std::string id = core::new_hex_id();
  const Job job = write_to(parts, request, [&](db::Tx& tx) { return request_run(tx, name, wanted, id, now); });
  parts.bell.ring();
  const auto aside = wait.count() > 0 ? request.let_others_work() : nullptr;
  if (!aside) return answer_job(job, 202);
  const auto look = [&]() -> std::optional<Job> {
    const auto found = read_from(parts, request, [&](db::Tx& tx) { return monitor::find_job(tx, job.id); });
    return found && monitor::has_ended(found->state) ? found : std::nullopt;
  };
  const auto ended = wait_for(parts, request, wait, look);
  if (ended) return answer_job(*ended, 202);
  return answer_job(read_from(parts, request, [&](db::Tx& tx) { return monitor::get_job(tx, job.id); }), 202);
}

Response delete_answer(const Parts& parts, Request& request) {
  const std::string& name = request.path_param("name");
  const core::Timestamp now = parts.clock.now();
  const auto models = write_to(parts, request, [&](db::Tx& tx) { return delete_detector(tx, name, now); });
  core::JsonWriter json;
  json.begin_object().member("name", name).key("deleted_models").begin_array();
  for (const std::string& model : models) json.value(model);
  return Response::json(json.end_array().end_object().take());
}

struct Row {
  std::string_view method;
  std::string_view path;
  Response (*answer)(const Parts&, Request&);
  std::string_view summary;
  std::uint64_t max_body_bytes = 1U << 20U;
  std::chrono::milliseconds deadline{30'000};
};

// Scores of 200,000 rows are about 20 MB as columns.
constexpr std::uint64_t kMaxAdvance = 64U << 20U;

constexpr Row kRows[] = {
    {"POST", "/runner/claim", claim_answer,
     "Gives a job that is due with a lease and its fence; waits up to wait_ms for one.", 1U << 20U,
     std::chrono::milliseconds{60'000}},
    {"POST", "/runner/heartbeat", heartbeat_answer, "Makes a lease as long again from now."},
    {"POST", "/runner/advance", advance_answer,
     "Moves an online model on: version, mark, scores and anomalies, whole or not at all.", kMaxAdvance,
     std::chrono::milliseconds{60'000}},
    {"POST", "/runner/register", register_answer,
     "Makes what a job trained the detector's online models, all at once, and ends the job.", 16U << 20U,
     std::chrono::milliseconds{60'000}},
    {"POST", "/runner/finish", finish_answer, "Ends a job that has succeeded."},
    {"POST", "/runner/fail", fail_answer, "Says that a job could not be done: it is tried again, failed or skipped."},
    {"POST", "/detectors/{name}/run", run_answer,
     "Runs a detector now, as if it were a given time, or on an interval; ?wait=SECONDS answers when the job has "
     "ended.",
     1U << 20U, std::chrono::milliseconds{90'000}},
    {"DELETE", "/detectors/{name}", delete_answer,
     "Deletes a detector with its online models, evaluations, scores, anomalies and jobs."},
    {"POST", "/jobs/{id}/cancel", cancel_answer, "Cancels a job that has not ended."},
};

}  // namespace

std::vector<http::Route> routes(const Parts& parts) {
  std::vector<http::Route> all;
  for (const Row& row : kRows) {
    all.push_back({.method = std::string(row.method),
                   .pattern = fmt::format("/api/v1{}", row.path),
                   .surface = http::Surface::own,
                   .handler = [parts, answer = row.answer](Request& request) { return answer(parts, request); },
                   .summary = std::string(row.summary),
                   .max_body_bytes = row.max_body_bytes,
                   .deadline = row.deadline});
  }
  return all;
}

}  // namespace wakeful::control
