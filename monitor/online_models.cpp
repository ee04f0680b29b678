#include "monitor/online_models.hpp"

#include <fmt/format.h>

#include "monitor/wire/names.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "platform/search/sql.hpp"

namespace wakeful::monitor {
namespace {

constexpr std::string_view kColumns =
    "m.name, m.detector, m.deployment_mode, q.query, m.granularity_us, m.digest, m.version, m.row_version, "
    "m.last_evaluation_us, m.artifact_uri, m.artifact_sha256, m.artifact_size_bytes, m.creation_run_id, m.trained_us";
constexpr int kColumnCount = 14;

constexpr db::Sql kNaming{
    "online_model.naming",
    "SELECT 1 FROM online_models WHERE retired_us IS NULL AND artifact_uri LIKE $1 ESCAPE '!' LIMIT 1"};
constexpr db::Sql kAddQuery{"query.add",
                            "INSERT INTO watched_queries (digest, query, datasource) VALUES ($1, $2, $3) "
                            "ON CONFLICT DO NOTHING"};
constexpr db::Sql kFindQuery{"query.find", "SELECT query_key FROM watched_queries WHERE digest = $1"};
constexpr db::Sql kStep{
    "online_model.step",
    "UPDATE online_models SET last_evaluation_us = $4, version = $5, row_version = row_version + 1, artifact_uri = $6, "
    "artifact_sha256 = $7, artifact_size_bytes = $8, fence = $9 "
    "WHERE name = $1 AND row_version = $2 AND last_evaluation_us = $3 AND retired_us IS NULL"};
constexpr db::Sql kInsert{
    "online_model.insert",
    "INSERT INTO online_models (name, detector, deployment_mode, observations, query_key, granularity_us, digest, "
    "version, row_version, last_evaluation_us, artifact_uri, artifact_sha256, artifact_size_bytes, creation_run_id, "
    "trained_us, retired_us, fence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $12, $13, $14, NULL, "
    "$15)"};
constexpr db::Sql kReplace{
    "online_model.replace",
    "UPDATE online_models SET deployment_mode = $3, observations = $4, query_key = $5, granularity_us = $6, "
    "digest = $7, version = $8, row_version = row_version + 1, "
    "last_evaluation_us = CASE WHEN last_evaluation_us > $9 THEN last_evaluation_us ELSE $9 END, artifact_uri = $10, "
    "artifact_sha256 = $11, artifact_size_bytes = $12, creation_run_id = $13, trained_us = $14, retired_us = NULL, "
    "fence = $15 WHERE name = $1 AND detector = $2"};
constexpr db::Sql kRetire{"online_model.retire",
                          "UPDATE online_models SET retired_us = $2, row_version = row_version + 1 "
                          "WHERE name = $1 AND retired_us IS NULL"};
constexpr db::Sql kEvaluatedUntil{"online_model.evaluated_until",
                                  "SELECT MAX(last_evaluation_us + granularity_us) FROM online_models "
                                  "WHERE observations = $1 AND observations <> '' AND retired_us IS NULL"};
// '/' is in no model's name that a detector could have.
constexpr db::Sql kDrop{"online_model.drop",
                        "UPDATE online_models SET name = '/dropped/' || CAST(model_key AS TEXT), detector = '', "
                        "observations = '', retired_us = 0 WHERE detector = $1"};
constexpr db::Sql kDropOne{"online_model.drop_one",
                           "UPDATE online_models SET name = '/dropped/' || CAST(model_key AS TEXT), detector = '', "
                           "observations = '', retired_us = 0 WHERE name = $1"};
constexpr db::Sql kFindDropped{"online_model.find_dropped",
                               "SELECT model_key FROM online_models WHERE detector = '' ORDER BY model_key LIMIT 1"};

OnlineModel read_model(const db::Row& row, int first) {
  const core::JsonDocument metric = core::parse_json(row.text(first + 3));
  return {.name = std::string(row.text(first)),
          .detector = std::string(row.text(first + 1)),
          .deployment_mode = std::string(row.text(first + 2)),
          .metric = read_metric(core::ObjectReader(metric.root())),
          .granularity = core::Duration(row.integer(first + 4)),
          .digest = std::string(row.text(first + 5)),
          .version = row.integer(first + 6),
          .row_version = row.integer(first + 7),
          .last_evaluation = core::from_us(row.integer(first + 8)),
          .artifact_uri = std::string(row.text(first + 9)),
          .artifact_sha256 = std::string(row.text(first + 10)),
          .artifact_size_bytes = row.integer(first + 11),
          .creation_run_id = std::string(row.text(first + 12)),
          .trained = core::from_us(row.integer(first + 13))};
}

core::Error model_moved(std::string_view name) {
  return core::conflict(fmt::format("The online model '{}' has moved on: claim it again", name), "row_version");
}

std::int64_t key_of_query(db::Tx& tx, const Metric& metric) {
  core::JsonWriter json;
  write(json, metric);
  const std::string digest = core::sha256_hex(json.text());
  const auto find = [&] { return tx.find(kFindQuery, {digest}, [](const db::Row& row) { return row.integer(0); }); };
  if (const auto known = find()) return *known;
  tx.execute(kAddQuery, {digest, json.text(), datasource_of(metric.source)});
  return find().value();
}

std::string observations_of(const Metric& metric) {
  const auto* source = std::get_if<ObservationSource>(&metric.source);
  return source ? source->name : "";
}

}  // namespace

std::optional<KeptModel> find_kept_model(db::Tx& tx, std::string_view name) {
  static const std::string text = fmt::format(
      "SELECT {}, m.model_key, m.query_key, q.datasource, m.retired_us FROM online_models m "
      "JOIN watched_queries q ON q.query_key = m.query_key WHERE m.name = $1",
      kColumns);
  return tx.find(db::Sql("online_model.find", text), {name}, [](const db::Row& row) {
    return KeptModel{.key = row.integer(kColumnCount),
                     .query_key = row.integer(kColumnCount + 1),
                     .query = std::string(row.text(3)),
                     .datasource = std::string(row.text(kColumnCount + 2)),
                     .retired = !row.is_null(kColumnCount + 3),
                     .model = read_model(row, 0)};
  });
}

KeptModel get_online_model(db::Tx& tx, std::string_view name) {
  auto found = find_kept_model(tx, name);
  if (!found || found->retired)
    throw core::not_found(fmt::format("Online model with name={} not found", name.substr(0, 200)), "model");
  return std::move(*found);
}

std::vector<OnlineModel> list_online_models(db::Tx& tx, std::string_view detector) {
  return list_online_models(tx, detector, detector);
}

std::vector<OnlineModel> list_online_models(db::Tx& tx, std::string_view first_detector,
                                            std::string_view last_detector) {
  static const std::string text = fmt::format(
      "SELECT {} FROM online_models m JOIN watched_queries q ON q.query_key = m.query_key "
      "WHERE m.detector >= $1 AND m.detector <= $2 AND m.retired_us IS NULL ORDER BY m.detector, m.name",
      kColumns);
  return tx.list(db::Sql("online_model.list", text), {first_detector, last_detector},
                 [](const db::Row& row) { return read_model(row, 0); });
}

void step_model(db::Tx& tx, const ModelStep& step) {
  const auto moved =
      tx.execute(kStep, {step.name, step.row_version, core::to_us(step.from), core::to_us(step.to), step.version,
                         step.artifact.uri, step.artifact.sha256, step.artifact.size_bytes, step.fence});
  if (moved != 1) throw model_moved(step.name);
}

OnlineModel put_on_watch(db::Tx& tx, const OnlineModel& model, std::int64_t fence) {
  const auto before = find_kept_model(tx, model.name);
  if (before && before->model.detector != model.detector) {
    throw core::conflict(
        fmt::format("The model '{}' belongs to detector '{}' already", model.name, before->model.detector), "name");
  }
  const std::int64_t query = key_of_query(tx, model.metric);
  tx.execute(
      before ? kReplace : kInsert,
      {model.name, model.detector, model.deployment_mode, observations_of(model.metric), query,
       model.granularity.count(), model.digest, model.version, core::to_us(model.last_evaluation), model.artifact_uri,
       model.artifact_sha256, model.artifact_size_bytes, model.creation_run_id, core::to_us(model.trained), fence});
  return get_online_model(tx, model.name).model;
}

void retire_model(db::Tx& tx, std::string_view name, core::Timestamp now) {
  tx.execute(kRetire, {name, core::to_us(now)});
}

std::optional<core::Timestamp> evaluated_until(db::Tx& tx, std::string_view observations) {
  const auto us = tx.find(kEvaluatedUntil, {observations}, [](const db::Row& row) { return row.find_integer(0); });
  if (!us || !*us) return std::nullopt;
  return core::from_us(**us);
}

bool is_named_by_model(db::Tx& tx, std::string_view path) {
  return tx.find(kNaming, {search::like_containing(path)}, [](const db::Row&) { return true; }).has_value();
}

void drop_models(db::Tx& tx, std::string_view detector) { tx.execute(kDrop, {detector}); }

void drop_model(db::Tx& tx, std::string_view name) { tx.execute(kDropOne, {name}); }

bool purge_models(db::Tx& tx, std::int64_t most) {
  const auto key = tx.find(kFindDropped, {}, [](const db::Row& row) { return row.integer(0); });
  if (!key) return false;
  // Each table in pieces, the model's own row last: what is left is found again.
  constexpr db::Sql kPieces[] = {
      {"purge.anomalies",
       "DELETE FROM anomalies WHERE model_key = $1 AND (ts_us, track_key) IN (SELECT ts_us, track_key FROM anomalies "
       "WHERE model_key = $1 ORDER BY ts_us, track_key LIMIT $2)"},
      {"purge.scores",
       "DELETE FROM scores WHERE model_key = $1 AND (ts_us, track_key, revision) IN (SELECT ts_us, track_key, revision "
       "FROM scores WHERE model_key = $1 ORDER BY ts_us, track_key, revision LIMIT $2)"},
      {"purge.evaluations",
       "DELETE FROM evaluations WHERE evaluation_key IN (SELECT evaluation_key FROM evaluations WHERE model_key = $1 "
       "ORDER BY to_us, evaluation_key LIMIT $2)"}};
  for (const db::Sql& piece : kPieces) {
    if (tx.execute(piece, {*key, most}) > 0) return true;
  }
  tx.execute(db::Sql("purge.tracks", "DELETE FROM score_tracks WHERE model_key = $1"), {*key});
  tx.execute(db::Sql("purge.model", "DELETE FROM online_models WHERE model_key = $1"), {*key});
  return true;
}

}  // namespace wakeful::monitor
