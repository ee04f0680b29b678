#include "control/journal.hpp"

#include "platform/core/json.hpp"
#include "platform/events/events.hpp"

namespace wakeful::control {
namespace {

using core::JsonWriter;

template <class T>
std::string json_of(const T& value) {
  JsonWriter json;
  write(json, value);
  return json.take();
}

}  // namespace

void Journal::committed(const monitor::Evaluation& evaluation) {
  entries_.push_back({"evaluation.committed", evaluation.model, json_of(evaluation)});
  if (evaluation.anomalies > 0) entries_.push_back({"anomaly.detected", evaluation.model, json_of(evaluation)});
}

void Journal::registered(const monitor::OnlineModel& model) {
  JsonWriter json;
  json.begin_object().member("detector", model.detector).member("model", model.name);
  json.member("model_version", model.version).member("run_id", model.creation_run_id).end_object();
  entries_.push_back({"model.registered", model.name, json.take()});
}

void Journal::retired(std::string_view detector, std::string_view model) {
  JsonWriter json;
  json.begin_object().member("detector", detector).member("model", model).end_object();
  entries_.push_back({"model.retired", std::string(model), json.take()});
}

void Journal::ended(const monitor::Job& job) { entries_.push_back({"job.ended", job.subject, json_of(job)}); }

void Journal::deleted(std::string_view detector) {
  entries_.push_back({"detector.deleted", std::string(detector), "{}"});
}

void Journal::write(db::Tx& tx, core::Timestamp now) const {
  std::vector<events::NewEvent> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_) all.push_back({entry.kind, entry.subject, entry.payload});
  events::append(tx, all, now);
}

}  // namespace wakeful::control
