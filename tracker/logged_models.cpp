#include "tracker/logged_models.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/id.hpp"
#include "platform/core/names.hpp"
#include "tracker/artifact_uri.hpp"
#include "tracker/experiments.hpp"
#include "tracker/metrics.hpp"
#include "tracker/random_name.hpp"
#include "tracker/rules.hpp"

namespace wakeful::tracker {
namespace {

constexpr db::Sql kInsert{"logged_model.insert",
                          "INSERT INTO logged_models (model_id, experiment_id, name, artifact_uri, creation_time_ms, "
                          "last_update_time_ms, status, lifecycle, model_type, source_run_id) "
                          "VALUES ($1, $2, $3, $4, $5, $5, $6, 0, $7, $8)"};
constexpr db::Sql kFind{"logged_model.find",
                        "SELECT model_id, experiment_id, name, artifact_uri, creation_time_ms, last_update_time_ms, "
                        "status, lifecycle, model_type, source_run_id FROM logged_models WHERE model_id = $1"};
constexpr db::Sql kTouch{"logged_model.touch",
                         "UPDATE logged_models SET last_update_time_ms = last_update_time_ms WHERE model_id = $1"};
constexpr db::Sql kSetStatus{"logged_model.set_status",
                             "UPDATE logged_models SET status = $2, last_update_time_ms = $3 WHERE model_id = $1"};
constexpr db::Sql kDelete{"logged_model.delete",
                          "UPDATE logged_models SET lifecycle = 1, last_update_time_ms = $2 WHERE model_id = $1"};
constexpr db::Sql kParams{"logged_model.params",
                          "SELECT key, value FROM logged_model_params WHERE model_id = $1 ORDER BY key"};
constexpr db::Sql kTags{"logged_model.tags",
                        "SELECT key, value FROM logged_model_tags WHERE model_id = $1 ORDER BY key"};
// All of a model's points, newest last: MLflow gives the latest of each name, run and dataset.
constexpr db::Sql kMetrics{"logged_model.metrics",
                           "SELECT name, value, is_nan, timestamp_ms, step, run_id, dataset_name, dataset_digest "
                           "FROM logged_model_metrics WHERE model_id = $1 "
                           "ORDER BY name, run_id, dataset_name, dataset_digest, timestamp_ms, step, value"};
constexpr db::Sql kInsertParam{"logged_model.insert_param",
                               "INSERT INTO logged_model_params (model_id, key, value) VALUES ($1, $2, $3) "
                               "ON CONFLICT (model_id, key) DO NOTHING"};
constexpr db::Sql kUpsertTag{"logged_model.upsert_tag",
                             "INSERT INTO logged_model_tags (model_id, key, value) VALUES ($1, $2, $3) "
                             "ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value"};
constexpr db::Sql kDeleteTag{"logged_model.delete_tag",
                             "DELETE FROM logged_model_tags WHERE model_id = $1 AND key = $2"};
constexpr db::Sql kInsertMetric{
    "logged_model.insert_metric",
    "INSERT INTO logged_model_metrics (model_id, name, step, timestamp_ms, run_id, value, is_nan, dataset_name, "
    "dataset_digest) SELECT model_id, $2, $3, $4, $5, $6, $7, $8, $9 FROM logged_models WHERE model_id = $1 "
    "ON CONFLICT DO NOTHING",
    // Differs because PostgreSQL cannot tell the types of parameters in a SELECT list.
    "INSERT INTO logged_model_metrics (model_id, name, step, timestamp_ms, run_id, value, is_nan, dataset_name, "
    "dataset_digest) SELECT model_id, CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT), "
    "CAST($6 AS DOUBLE PRECISION), CAST($7 AS BIGINT), CAST($8 AS TEXT), CAST($9 AS TEXT) FROM logged_models "
    "WHERE model_id = $1 ON CONFLICT DO NOTHING"};

core::Error no_model(const LoggedModelId& id) {
  return core::not_found(fmt::format("Logged model with ID '{}' not found.", id.text().substr(0, 200)), "model_id");
}

LoggedModel read_row(const db::Row& row) {
  return {.model_id = std::string(row.text(0)),
          .experiment_id = std::to_string(row.integer(1)),
          .name = std::string(row.text(2)),
          .creation_time_ms = row.integer(4),
          .last_update_time_ms = row.integer(5),
          .artifact_uri = std::string(row.text(3)),
          .status = static_cast<LoggedModelStatus>(row.integer(6)),
          .model_type = std::string(row.text(8)),
          .source_run_id = std::string(row.text(9)),
          .lifecycle = static_cast<Lifecycle>(row.integer(7))};
}

KeyValue read_pair(const db::Row& row) { return {std::string(row.text(0)), std::string(row.text(1))}; }

Metric read_metric_row(const db::Row& row, const std::string& model_id) {
  return {.key = std::string(row.text(0)),
          .value = row.integer(2) != 0 ? std::numeric_limits<double>::quiet_NaN() : row.real(1),
          .timestamp_ms = row.integer(3),
          .step = row.integer(4),
          .model_id = model_id,
          .dataset_name = std::string(row.text(6)),
          .dataset_digest = std::string(row.text(7)),
          .run_id = std::string(row.text(5))};
}

bool same_series(const Metric& a, const Metric& b) {
  return a.key == b.key && a.run_id == b.run_id && a.dataset_name == b.dataset_name &&
         a.dataset_digest == b.dataset_digest;
}

void load_parts(db::Tx& tx, LoggedModel& model) {
  model.params = tx.list(kParams, {model.model_id}, read_pair);
  model.tags = tx.list(kTags, {model.model_id}, read_pair);
  tx.query(kMetrics, {model.model_id}, [&](const db::Row& row) {
    Metric metric = read_metric_row(row, model.model_id);
    if (!model.metrics.empty() && same_series(model.metrics.back(), metric)) model.metrics.pop_back();
    model.metrics.push_back(std::move(metric));
  });
}

std::optional<LoggedModel> find_model(db::Tx& tx, std::string_view id) {
  auto model = tx.find(kFind, {id}, read_row);
  if (model) load_parts(tx, *model);
  return model;
}

void lock_model(db::Tx& tx, const LoggedModelId& id) {
  if (tx.execute(kTouch, {id.text()}) == 0) throw no_model(id);
}

void check_name(const std::string& name) {
  check_length(name, 500, "name", "name");
  if (name.find_first_of("/:.%\"'") == std::string::npos) return;
  throw core::invalid(
      fmt::format("Invalid model name ('{}') provided. Model name must be a non-empty string and cannot "
                  "contain the following characters: ('/', ':', '.', '%', '\"', \"'\")",
                  name.substr(0, 200)),
      "name");
}

void insert_params(db::Tx& tx, const LoggedModelId& id, std::span<const Param> params) {
  core::check_count(params.size(), "params");
  for (std::size_t i = 0; i < params.size(); ++i) {
    const std::string field = fmt::format("params[{}]", i);
    check_length(params[i].key, 255, field + ".key", field + ".key");
    check_length(params[i].value, kMaxParamValue, field + ".value", field + ".value");
    if (tx.execute(kInsertParam, {id.text(), params[i].key, params[i].value}) > 0) continue;
    throw core::invalid(fmt::format("The model has a param '{}' already", params[i].key), field)
        .with_wire("BAD_REQUEST", 400);
  }
}

void upsert_tags(db::Tx& tx, const LoggedModelId& id, std::span<const Tag> tags) {
  core::check_count(tags.size(), "tags");
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::string field = fmt::format("tags[{}]", i);
    check_length(tags[i].key, 255, field + ".key", field + ".key");
    tx.execute(kUpsertTag, {id.text(), tags[i].key, tags[i].value});
  }
}

}  // namespace

LoggedModelId new_logged_model_id() { return LoggedModelId("m-" + core::new_hex_id()); }

LoggedModel create_logged_model(db::Tx& tx, const NewLoggedModel& wanted, const LoggedModelId& id,
                                core::Timestamp now) {
  check_name(wanted.name);
  check_length(wanted.model_type, 500, "model_type", "model_type");
  const std::int64_t experiment = parse_experiment_id(wanted.experiment_id);
  const std::string uri =
      append_to_uri(get_active_location(tx, experiment), fmt::format("models/{}/artifacts", id.text()));
  const std::string name = wanted.name.empty() ? random_name(id.text()) : wanted.name;
  tx.execute(kInsert, {id.text(), experiment, name, uri, core::to_ms(now), static_cast<int>(LoggedModelStatus::pending),
                       wanted.model_type, wanted.source_run_id});
  insert_params(tx, id, wanted.params);
  upsert_tags(tx, id, wanted.tags);
  return get_logged_model(tx, id);
}

LoggedModel get_logged_model(db::Tx& tx, const LoggedModelId& id, bool allow_deleted) {
  auto model = find_model(tx, id.text());
  if (!model || (model->lifecycle == Lifecycle::deleted && !allow_deleted)) throw no_model(id);
  return std::move(*model);
}

LoggedModel finalize_logged_model(db::Tx& tx, const LoggedModelId& id, LoggedModelStatus status, core::Timestamp now) {
  if (tx.execute(kSetStatus, {id.text(), static_cast<int>(status), core::to_ms(now)}) == 0) throw no_model(id);
  return get_logged_model(tx, id, true);
}

void delete_logged_model(db::Tx& tx, const LoggedModelId& id, core::Timestamp now) {
  if (tx.execute(kDelete, {id.text(), core::to_ms(now)}) == 0) throw no_model(id);
}

void log_logged_model_params(db::Tx& tx, const LoggedModelId& id, std::span<const Param> params) {
  lock_model(tx, id);
  insert_params(tx, id, params);
}

void set_logged_model_tags(db::Tx& tx, const LoggedModelId& id, std::span<const Tag> tags) {
  lock_model(tx, id);
  upsert_tags(tx, id, tags);
}

void delete_logged_model_tag(db::Tx& tx, const LoggedModelId& id, std::string_view key) {
  lock_model(tx, id);
  if (tx.execute(kDeleteTag, {id.text(), key}) > 0) return;
  throw core::not_found(fmt::format("No tag with key {} found for model with ID {}.", key, id.text()), "tag_key");
}

void log_model_metrics(db::Tx& tx, const RunId& run, std::span<const Metric> metrics) {
  for (const Metric& metric : metrics) {
    if (metric.model_id.empty()) continue;
    const Point point = to_point(metric);
    tx.execute(kInsertMetric, {metric.model_id, metric.key, point.step, point.timestamp_ms, run.text(), point.value,
                               point.is_nan, metric.dataset_name, metric.dataset_digest});
  }
}

std::vector<LoggedModel> load_logged_models(db::Tx& tx, std::span<const std::string> ids) {
  std::vector<LoggedModel> models;
  for (const std::string& id : ids) {
    if (auto model = find_model(tx, id)) models.push_back(std::move(*model));
  }
  return models;
}

}  // namespace wakeful::tracker
