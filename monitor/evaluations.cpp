#include "monitor/evaluations.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "monitor/detectors.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

constexpr std::string_view kColumns =
    "e.evaluation_id, m.detector, m.name, e.from_version, e.version, e.from_us, e.to_us, e.row_count, e.anomaly_count, "
    "e.run_id, e.job_id, e.input_digest, e.created_us";

// What hangs on a dropped model is there until it is purged, and its successor of that name begins with the same
// versions: the same interval has the same id then. '/' is in no evaluation's id.
constexpr db::Sql kFreeId{"evaluation.free_id",
                          "UPDATE evaluations SET evaluation_id = '/dropped/' || CAST(evaluation_key AS TEXT) "
                          "WHERE evaluation_id = $1 AND model_key IN "
                          "(SELECT model_key FROM online_models WHERE detector = '')"};
constexpr db::Sql kInsert{
    "evaluation.insert",
    "INSERT INTO evaluations (evaluation_id, model_key, query_key, from_version, version, from_us, to_us, row_count, "
    "anomaly_count, fence, run_id, job_id, input_digest, created_us) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING "
    "RETURNING evaluation_key"};
constexpr db::Sql kTracks{"track.list", "SELECT entity, algorithm, track_key FROM score_tracks WHERE model_key = $1"};
constexpr db::Sql kAddTrack{"track.add",
                            "INSERT INTO score_tracks (model_key, entity, algorithm) VALUES ($1, $2, $3) "
                            "RETURNING track_key"};
constexpr db::Sql kAddScore{
    "score.add",
    "INSERT INTO scores (model_key, ts_us, track_key, revision, evaluation_key, value, expected, lower, upper, score, "
    "is_anomaly) VALUES ($1, $2, $3, $4, $5, CAST($6 AS DOUBLE PRECISION), CAST($7 AS DOUBLE PRECISION), "
    "CAST($8 AS DOUBLE PRECISION), CAST($9 AS DOUBLE PRECISION), CAST($10 AS DOUBLE PRECISION), $11)"};
constexpr std::size_t kScoreWidth = 11;
constexpr db::Sql kNewestRevision{
    "score.newest_revision", "SELECT MAX(revision) FROM scores WHERE model_key = $1 AND ts_us = $2 AND track_key = $3"};
constexpr db::Sql kAddAnomaly{"anomaly.add",
                              "INSERT INTO anomalies (ts_us, model_key, track_key, revision, metadata) "
                              "VALUES ($1, $2, $3, $4, CAST($5 AS TEXT))"};
constexpr std::size_t kAnomalyWidth = 5;
constexpr db::Sql kDropAnomaly{"anomaly.drop",
                               "DELETE FROM anomalies WHERE ts_us = $1 AND model_key = $2 AND track_key = $3"};
Evaluation read_row(const db::Row& row, int first) {
  return {.id = std::string(row.text(first)),
          .detector = std::string(row.text(first + 1)),
          .model = std::string(row.text(first + 2)),
          .from_version = row.integer(first + 3),
          .model_version = row.integer(first + 4),
          .from = core::from_us(row.integer(first + 5)),
          .to = core::from_us(row.integer(first + 6)),
          .rows = row.integer(first + 7),
          .anomalies = row.integer(first + 8),
          .run_id = std::string(row.text(first + 9)),
          .job_id = std::string(row.text(first + 10)),
          .input_digest = std::string(row.text(first + 11)),
          .created = core::from_us(row.integer(first + 12))};
}

/// Columns of a score from `first` on: time, entity, algorithm, five numbers, is_anomaly, evaluation's id, revision.
constexpr std::string_view kScoreColumns =
    "s.ts_us, t.entity, t.algorithm, s.value, s.expected, s.lower, s.upper, s.score, s.is_anomaly, e.evaluation_id, "
    "s.revision";
constexpr int kScoreColumnCount = 11;

Score read_score_row(const db::Row& row, int first) {
  return {.timestamp = core::from_us(row.integer(first)),
          .entity = std::string(row.text(first + 1)),
          .algorithm = std::string(row.text(first + 2)),
          .value = row.find_real(first + 3),
          .expected = row.find_real(first + 4),
          .lower = row.find_real(first + 5),
          .upper = row.find_real(first + 6),
          .score = row.find_real(first + 7),
          .is_anomaly = row.integer(first + 8) != 0,
          .evaluation_id = std::string(row.text(first + 9)),
          .revision = row.integer(first + 10)};
}

/// Writes the scores of one evaluation.
class ScoreWriter {
 public:
  ScoreWriter(db::Tx& tx, std::int64_t model_key, std::int64_t evaluation_key)
      : tx_(tx), model_key_(model_key), evaluation_key_(evaluation_key) {
    tx.query(kTracks, {model_key}, [&](const db::Row& row) {
      tracks_[{std::string(row.text(0)), std::string(row.text(1))}] = row.integer(2);
    });
  }

  void add(const std::vector<Score>& scores) {
    params_.reserve(scores.size() * kScoreWidth);
    for (const Score& score : scores) add(score, track_of(score), 0);
    flush();
  }

  void add_late(const std::vector<Score>& scores) {
    for (const Score& score : scores) {
      const std::int64_t track = track_of(score);
      const std::int64_t us = core::to_us(score.timestamp);
      const auto newest =
          tx_.find(kNewestRevision, {model_key_, us, track}, [](const db::Row& row) { return row.find_integer(0); });
      tx_.execute(kDropAnomaly, {us, model_key_, track});
      add(score, track, newest && *newest ? **newest + 1 : 1);
      flush();
    }
  }

 private:
  std::int64_t track_of(const Score& score) {
    const auto found = tracks_.find({score.entity, score.algorithm});
    if (found != tracks_.end()) return found->second;
    const auto key = tx_.find(kAddTrack, {model_key_, score.entity, score.algorithm},
                              [](const db::Row& row) { return row.integer(0); });
    return tracks_[{score.entity, score.algorithm}] = key.value();
  }

  void add(const Score& score, std::int64_t track, std::int64_t revision) {
    const auto real = [](const std::optional<double>& v) {
      return v && std::isfinite(*v) ? db::Param(*v) : db::Param(db::Null{});
    };
    const std::int64_t us = core::to_us(score.timestamp);
    params_.insert(params_.end(),
                   {model_key_, us, track, revision, evaluation_key_, real(score.value), real(score.expected),
                    real(score.lower), real(score.upper), real(score.score), score.is_anomaly});
    if (!score.is_anomaly) return;
    anomalies_.insert(anomalies_.end(), {us, model_key_, track, revision,
                                         score.metadata.empty() ? db::Param(db::Null{}) : db::Param(score.metadata)});
  }

  void flush() {
    if (!params_.empty()) tx_.execute_many(kAddScore, params_, kScoreWidth);
    if (!anomalies_.empty()) tx_.execute_many(kAddAnomaly, anomalies_, kAnomalyWidth);
    params_.clear();
    anomalies_.clear();
  }

  db::Tx& tx_;
  std::int64_t model_key_;
  std::int64_t evaluation_key_;
  std::map<std::pair<std::string, std::string>, std::int64_t> tracks_;
  std::vector<db::Param> params_;
  std::vector<db::Param> anomalies_;
};

/// Whether an applied detector will have a model of that name once it is trained.
bool is_to_come(db::Tx& tx, std::string_view name) {
  for (std::size_t at = name.find("__"); at != std::string_view::npos; at = name.find("__", at + 1)) {
    const auto detector = find_detector(tx, name.substr(0, at));
    if (!detector) continue;
    const auto& metrics = detector->definition.metrics;
    if (std::any_of(metrics.begin(), metrics.end(),
                    [&](const Metric& metric) { return online_model_name(detector->definition, metric) == name; }))
      return true;
  }
  return false;
}

constexpr std::int64_t kNoModel = 0;

std::int64_t known_model(db::Tx& tx, const std::string& name) {
  const auto model = find_kept_model(tx, name);
  if (model) return model->key;
  if (is_to_come(tx, name)) return kNoModel;
  throw core::not_found(fmt::format("No model '{}' was ever on watch", name.substr(0, 200)), "model");
}

void bound(search::Query& query, std::string_view column, std::optional<core::Timestamp> from,
           std::optional<core::Timestamp> to) {
  if (from) query.text(" AND ").text(column).text(" >= ").bind(core::to_us(*from));
  if (to) query.text(" AND ").text(column).text(" <= ").bind(core::to_us(*to));
}

}  // namespace

std::optional<Evaluation> find_evaluation(db::Tx& tx, std::string_view id) {
  static const std::string text = fmt::format(
      "SELECT {} FROM evaluations e JOIN online_models m ON m.model_key = e.model_key "
      "WHERE e.evaluation_id = $1 AND m.detector <> ''",
      kColumns);
  return tx.find(db::Sql("evaluation.find", text), {id}, [](const db::Row& row) { return read_row(row, 0); });
}

Evaluation add_evaluation(db::Tx& tx, const KeptModel& model, Evaluation evaluation, const std::vector<Score>& scores,
                          const std::vector<Score>& late_scores, std::int64_t fence) {
  const auto anomalous = [](const Score& score) { return score.is_anomaly; };
  evaluation.anomalies = std::count_if(scores.begin(), scores.end(), anomalous) +
                         std::count_if(late_scores.begin(), late_scores.end(), anomalous);
  tx.execute(kFreeId, {evaluation.id});
  const auto key =
      tx.find(kInsert,
              {evaluation.id, model.key, model.query_key, evaluation.from_version, evaluation.model_version,
               core::to_us(evaluation.from), core::to_us(evaluation.to), evaluation.rows, evaluation.anomalies, fence,
               evaluation.run_id, evaluation.job_id, evaluation.input_digest, core::to_us(evaluation.created)},
              [](const db::Row& row) { return row.integer(0); });
  if (!key) {
    throw core::conflict(
        fmt::format("Version {} of '{}' has its successor already", evaluation.from_version, model.model.name),
        "row_version");
  }
  ScoreWriter writer(tx, model.key, *key);
  writer.add(scores);
  writer.add_late(late_scores);
  evaluation.detector = model.model.detector;
  evaluation.model = model.model.name;
  return evaluation;
}

Page<Evaluation> list_evaluations(db::Tx& tx, const EvaluationSearch& search) {
  const std::array<search::SortKey, 2> keys{{{"e.to_us", false}, {"e.evaluation_key", false}}};
  search::Query query;
  query.text("SELECT e.to_us, e.evaluation_key, ").text(kColumns);
  query.text(" FROM evaluations e JOIN online_models m ON m.model_key = e.model_key WHERE m.detector <> ''");
  if (!search.model.empty()) query.text(" AND e.model_key = ").bind(known_model(tx, search.model));
  if (!search.detector.empty()) query.text(" AND m.detector = ").bind(search.detector);
  return read_list<Evaluation>(tx, "evaluation.list", std::move(query), {keys, "ii"}, search.page, read_row);
}

Page<Score> list_scores(db::Tx& tx, const ScoreSearch& search) {
  const std::array<search::SortKey, 3> keys{{{"s.ts_us", true}, {"s.track_key", true}, {"s.revision", true}}};
  search::Query query;
  query.text("SELECT s.ts_us, s.track_key, s.revision, ").text(kScoreColumns);
  query.text(" FROM scores s JOIN score_tracks t ON t.track_key = s.track_key");
  query.text(" JOIN evaluations e ON e.evaluation_key = s.evaluation_key WHERE s.model_key = ");
  query.bind(known_model(tx, search.model));
  bound(query, "s.ts_us", search.from, search.to);
  if (!search.all_revisions) {
    // Not as an anti-join, which a PostgreSQL without statistics of a new table plans as all rows against all rows.
    query.text(
        " AND s.revision = (SELECT MAX(n.revision) FROM scores n WHERE n.model_key = s.model_key "
        "AND n.ts_us = s.ts_us AND n.track_key = s.track_key)");
  }
  return read_list<Score>(tx, "score.list", std::move(query), {keys, "iii"}, search.page, read_score_row);
}

namespace {

/// The last bucket up to one that is anomalous while the bucket before it is not.
constexpr db::Sql kEventStart{
    "anomaly.event_start",
    "SELECT b.ts_us FROM anomalies b WHERE b.model_key = $1 AND b.track_key = $2 AND b.ts_us <= $3 "
    "AND NOT EXISTS (SELECT 1 FROM anomalies c WHERE c.model_key = $1 AND c.track_key = $2 AND c.ts_us = b.ts_us - $4) "
    "ORDER BY b.ts_us DESC LIMIT 1"};

struct Place {
  std::int64_t model = 0;
  std::int64_t track = 0;
  core::Duration granularity{};
};

/// `rows` by time, the newest first. Only a track's oldest row of the page is looked up; the others follow from it.
void find_events(db::Tx& tx, std::vector<Anomaly>& rows, const std::vector<Place>& places) {
  struct Seen {
    core::Timestamp last{}, start{};
  };
  std::map<std::int64_t, Seen> tracks;
  for (std::size_t i = rows.size(); i-- > 0;) {
    const Place& place = places[i];
    const core::Timestamp at = rows[i].score.timestamp;
    auto [seen, is_first] = tracks.try_emplace(place.track);
    if (is_first) {
      const auto start = tx.find(kEventStart, {place.model, place.track, core::to_us(at), place.granularity.count()},
                                 [](const db::Row& row) { return core::from_us(row.integer(0)); });
      seen->second.start = start.value_or(at);
    } else if (seen->second.last + place.granularity != at) {
      seen->second.start = at;
    }
    seen->second.last = at;
    rows[i].event_start = seen->second.start;
  }
}

}  // namespace

Page<Anomaly> list_anomalies(db::Tx& tx, const AnomalySearch& search) {
  const std::array<search::SortKey, 3> keys{{{"a.ts_us", false}, {"a.model_key", true}, {"a.track_key", true}}};
  search::Query query;
  query.text("SELECT a.ts_us, a.model_key, a.track_key, ").text(kScoreColumns);
  query.text(
      ", m.detector, m.name, e.version, e.run_id, q.datasource, q.query, e.created_us, m.granularity_us, a.metadata "
      "FROM "
      "anomalies a");
  query.text(" JOIN scores s ON s.model_key = a.model_key AND s.ts_us = a.ts_us AND s.track_key = a.track_key");
  query.text(" AND s.revision = a.revision JOIN score_tracks t ON t.track_key = a.track_key");
  query.text(" JOIN evaluations e ON e.evaluation_key = s.evaluation_key");
  query.text(" JOIN online_models m ON m.model_key = a.model_key");
  query.text(" JOIN watched_queries q ON q.query_key = e.query_key WHERE m.detector <> ''");
  if (!search.model.empty()) query.text(" AND a.model_key = ").bind(known_model(tx, search.model));
  if (!search.detector.empty()) query.text(" AND m.detector = ").bind(search.detector);
  bound(query, "a.ts_us", search.from, search.to);
  std::vector<Place> places;
  const auto read = [&places](const db::Row& row, int first) {
    const int rest = first + kScoreColumnCount;
    places.push_back({row.integer(1), row.integer(2), core::Duration(row.integer(rest + 7))});
    Score score = read_score_row(row, first);
    score.metadata = row.find_text(rest + 8).value_or("");
    return Anomaly{.score = std::move(score),
                   .detector = std::string(row.text(rest)),
                   .model = std::string(row.text(rest + 1)),
                   .model_version = row.integer(rest + 2),
                   .run_id = std::string(row.text(rest + 3)),
                   .datasource = std::string(row.text(rest + 4)),
                   .query = std::string(row.text(rest + 5)),
                   .detected = core::from_us(row.integer(rest + 6))};
  };
  auto page = read_list<Anomaly>(tx, "anomaly.list", std::move(query), {keys, "iii"}, search.page, read);
  find_events(tx, page.rows, places);
  return page;
}

}  // namespace wakeful::monitor
