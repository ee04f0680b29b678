#include "monitor/wire/protocol.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "monitor/wire/columns.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

using core::Json;
using core::JsonWriter;
using core::ObjectReader;

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw core::invalid(fmt::format("'{}': {}", path, why), path);
}

void write_holder(JsonWriter& json, const Holder& holder) {
  json.member("job_id", holder.job_id).member("fence", holder.fence);
}

Holder read_holder(const ObjectReader& body) { return {body.text("job_id"), body.integer("fence")}; }

std::int64_t to_ms(core::Duration span) { return std::chrono::floor<std::chrono::milliseconds>(span).count(); }

core::Duration read_ms(const ObjectReader& body, std::string_view name, core::Duration standard, core::Duration least,
                       core::Duration most) {
  const auto ms = body.find_integer(name);
  if (!ms) return standard;
  if (*ms < to_ms(least) || *ms > to_ms(most))
    refuse(body.path_of(name), fmt::format("{} is not between {} and {}", *ms, to_ms(least), to_ms(most)));
  return std::chrono::milliseconds(*ms);
}

core::Duration read_lease(const ObjectReader& body) {
  return read_ms(body, "lease_ms", std::chrono::seconds(60), kShortestLease, kLongestLease);
}

std::string read_result(const ObjectReader& body) {
  const Json* value = body.find_value("result");
  if (!value) return "{}";
  if (!value->is_object()) refuse(body.path_of("result"), "must be an object");
  std::string text = core::dump_json(*value);
  if (text.size() > 64U << 10U) refuse(body.path_of("result"), "larger than 64 KiB");
  return text;
}

void write_values(JsonWriter& json, const std::vector<NamedValue>& values) {
  json.key("metrics").begin_array();
  for (const NamedValue& value : values)
    json.begin_object().member("key", value.key).member("value", value.value).end_object();
  json.end_array();
}

std::vector<NamedValue> read_values(const ObjectReader& body) {
  std::vector<NamedValue> values;
  for (const ObjectReader& row : body.objects("metrics")) values.push_back({row.text("key"), row.real("value")});
  if (values.size() > 1'000) refuse(body.path_of("metrics"), "more than 1000 metrics");
  return values;
}

void write_file(JsonWriter& json, const StoredFile& file) {
  json.begin_object().member("uri", file.uri).member("sha256", file.sha256).member("size_bytes", file.size_bytes);
  json.end_object();
}

StoredFile read_file(const ObjectReader& body) {
  StoredFile file{.uri = body.text("uri"), .sha256 = body.find_text("sha256").value_or("")};
  file.size_bytes = body.find_integer("size_bytes").value_or(0);
  if (file.uri.empty()) refuse(body.path_of("uri"), "empty");
  if (file.uri.size() > 2'048) refuse(body.path_of("uri"), "longer than 2048 bytes");
  return file;
}

}  // namespace

void write(JsonWriter& json, const ClaimRequest& request) {
  json.begin_object().member("runner", request.runner).member("lease_ms", to_ms(request.lease));
  json.member("wait_ms", to_ms(request.wait));
  json.key("kinds").begin_array();
  for (const JobKind kind : request.kinds) json.value(name_of(kind));
  json.end_array().member("job_id", request.job).end_object();
}

ClaimRequest read_claim_request(const ObjectReader& body) {
  constexpr std::array<std::string_view, 5> kKeys{"runner", "lease_ms", "wait_ms", "kinds", "job_id"};
  body.refuse_unknown(kKeys);
  ClaimRequest request{.runner = body.text("runner"), .lease = read_lease(body)};
  if (request.runner.empty() || request.runner.size() > 200) refuse(body.path_of("runner"), "1 to 200 bytes");
  request.wait = read_ms(body, "wait_ms", core::Duration{}, core::Duration{}, kLongestClaimWait);
  for (const std::string& word : body.texts("kinds"))
    request.kinds.push_back(parse_job_kind(word, body.path_of("kinds")));
  request.job = body.find_text("job_id");
  return request;
}

void write(JsonWriter& json, const Claim& claim) {
  json.begin_object().key("job");
  write(json, claim.job);
  json.member("fence", claim.fence).member("lease_ms", to_ms(claim.lease));
  json.member("now", core::format_rfc3339(claim.now)).key("detector");
  write(json, claim.detector);
  json.key("models").begin_array();
  for (const OnlineModel& model : claim.models) write(json, model);
  json.end_array();
  json.member("experiment_id", claim.experiment_id).member("artifact_root", claim.artifact_root);
  json.end_object();
}

std::string to_json(const std::optional<Claim>& claim) {
  JsonWriter json;
  if (claim)
    write(json, *claim);
  else
    json.begin_object().key("job").null().end_object();
  return json.take();
}

std::optional<Claim> read_claim(const ObjectReader& body) {
  const auto job = body.find_object("job");
  if (!job) return std::nullopt;
  Claim claim{.job = read_job(*job), .fence = body.integer("fence"), .lease = read_lease(body)};
  claim.now = read_time(body, "now");
  claim.detector = read_definition(body.object("detector"));
  for (const ObjectReader& model : body.objects("models")) claim.models.push_back(read_online_model(model));
  claim.experiment_id = body.find_text("experiment_id").value_or("");
  claim.artifact_root = body.find_text("artifact_root").value_or("");
  return claim;
}

void write(JsonWriter& json, const Heartbeat& heartbeat) {
  json.begin_object();
  write_holder(json, heartbeat.holder);
  json.member("lease_ms", to_ms(heartbeat.lease)).end_object();
}

Heartbeat read_heartbeat(const ObjectReader& body) {
  constexpr std::array<std::string_view, 3> kKeys{"job_id", "fence", "lease_ms"};
  body.refuse_unknown(kKeys);
  return {.holder = read_holder(body), .lease = read_lease(body)};
}

void write(JsonWriter& json, const Advance& advance) {
  json.begin_object();
  write_holder(json, advance.holder);
  json.member("model", advance.model).member("row_version", advance.row_version);
  json.member("from_version", advance.from_version);
  json.member("from", core::format_rfc3339(advance.from)).member("to", core::format_rfc3339(advance.to));
  if (!advance.evaluation_id.empty()) json.member("evaluation_id", advance.evaluation_id);
  json.key("artifact");
  write_file(json, advance.artifact);
  json.member("rows", advance.rows).member("input_digest", advance.input_digest);
  json.key("scores");
  write_columns(json, advance.scores);
  if (!advance.late_scores.empty()) {
    json.key("late_scores");
    write_columns(json, advance.late_scores);
  }
  write_values(json, advance.metrics);
  json.member("finish", advance.finish).key("result").raw(advance.result).end_object();
}

Advance read_advance(const ObjectReader& body) {
  constexpr std::array<std::string_view, 16> kKeys{
      "job_id",   "fence", "model",        "row_version", "from_version", "from",    "to",     "evaluation_id",
      "artifact", "rows",  "input_digest", "scores",      "late_scores",  "metrics", "finish", "result"};
  body.refuse_unknown(kKeys);
  Advance advance{.holder = read_holder(body), .model = body.text("model")};
  advance.row_version = body.integer("row_version");
  advance.from_version = body.integer("from_version");
  advance.from = read_time(body, "from");
  advance.to = read_time(body, "to");
  if (advance.to < advance.from) refuse(body.path_of("to"), "before 'from'");
  advance.evaluation_id = body.find_text("evaluation_id").value_or("");
  advance.artifact = read_file(body.object("artifact"));
  advance.rows = body.integer("rows");
  if (advance.rows < 0) refuse(body.path_of("rows"), "negative");
  advance.input_digest = body.find_text("input_digest").value_or("");
  if (const auto scores = body.find_object("scores")) advance.scores = read_columns(*scores, kMaxScoresPerAdvance);
  if (const auto late = body.find_object("late_scores"))
    advance.late_scores = read_columns(*late, kMaxScoresPerAdvance);
  advance.metrics = read_values(body);
  advance.finish = body.find_boolean("finish").value_or(false);
  advance.result = read_result(body);
  return advance;
}

void write(JsonWriter& json, const Advanced& advanced) {
  json.begin_object().key("evaluation");
  write(json, advanced.evaluation);
  json.key("model");
  write(json, advanced.model);
  json.member("repeated", advanced.repeated).key("job");
  write(json, advanced.job);
  json.end_object();
}

Advanced read_advanced(const ObjectReader& body) {
  Advanced advanced{.evaluation = read_evaluation(body.object("evaluation"))};
  advanced.model = read_online_model(body.object("model"));
  advanced.repeated = body.find_boolean("repeated").value_or(false);
  advanced.job = read_job(body.object("job"));
  return advanced;
}

void write(JsonWriter& json, const Registration& registration) {
  json.begin_object();
  write_holder(json, registration.holder);
  json.key("models").begin_array();
  for (const Registration::Model& model : registration.models) {
    json.begin_object().member("metric", model.metric);
    if (!model.group.empty()) {
      json.key("group").begin_array();
      for (const std::string& value : model.group) json.value(value);
      json.end_array();
    }
    json.key("artifact");
    write_file(json, model.artifact);
    if (model.trained_from) json.member("trained_from", core::format_rfc3339(*model.trained_from));
    json.member("trained_until", core::format_rfc3339(model.trained_until)).member("rows", model.rows);
    json.key("entities").begin_array();
    for (const std::string& entity : model.entities) json.value(entity);
    json.end_array().end_object();
  }
  json.end_array();
  write_values(json, registration.metrics);
  json.key("result").raw(registration.result).end_object();
}

Registration read_registration(const ObjectReader& body) {
  constexpr std::array<std::string_view, 5> kKeys{"job_id", "fence", "models", "metrics", "result"};
  constexpr std::array<std::string_view, 7> kModelKeys{"metric",        "group", "artifact", "trained_from",
                                                       "trained_until", "rows",  "entities"};
  body.refuse_unknown(kKeys);
  Registration registration{.holder = read_holder(body)};
  for (const ObjectReader& row : body.objects("models")) {
    row.refuse_unknown(kModelKeys);
    Registration::Model model{
        .metric = row.text("metric"), .group = row.texts("group"), .artifact = read_file(row.object("artifact"))};
    model.trained_from = find_time(row, "trained_from");
    model.trained_until = read_time(row, "trained_until");
    model.rows = row.find_integer("rows").value_or(0);
    model.entities = row.texts("entities");
    registration.models.push_back(std::move(model));
  }
  if (registration.models.empty()) refuse(body.path_of("models"), "at least one trained model");
  registration.metrics = read_values(body);
  registration.result = read_result(body);
  return registration;
}

void write(JsonWriter& json, const Registered& registered) {
  json.begin_object().key("models").begin_array();
  for (const OnlineModel& model : registered.models) write(json, model);
  json.end_array().key("retired").begin_array();
  for (const std::string& name : registered.retired) json.value(name);
  json.end_array().key("job");
  write(json, registered.job);
  json.end_object();
}

Registered read_registered(const ObjectReader& body) {
  Registered registered;
  for (const ObjectReader& model : body.objects("models")) registered.models.push_back(read_online_model(model));
  registered.retired = body.texts("retired");
  registered.job = read_job(body.object("job"));
  return registered;
}

void write(JsonWriter& json, const Finish& finish) {
  json.begin_object();
  write_holder(json, finish.holder);
  json.key("result").raw(finish.result).end_object();
}

Finish read_finish(const ObjectReader& body) {
  constexpr std::array<std::string_view, 3> kKeys{"job_id", "fence", "result"};
  body.refuse_unknown(kKeys);
  return {.holder = read_holder(body), .result = read_result(body)};
}

void write(JsonWriter& json, const Failure& failure) {
  json.begin_object();
  write_holder(json, failure.holder);
  json.member("class", name_of(failure.failure)).member("message", failure.message).end_object();
}

Failure read_failure(const ObjectReader& body) {
  constexpr std::array<std::string_view, 4> kKeys{"job_id", "fence", "class", "message"};
  body.refuse_unknown(kKeys);
  Failure failure{.holder = read_holder(body)};
  failure.failure = parse_failure_class(body.text("class"), body.path_of("class"));
  failure.message = body.text("message").substr(0, 10'000);
  return failure;
}

}  // namespace wakeful::monitor
