#include "monitor/detectors.hpp"

#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "detectors/catalog.hpp"
#include "monitor/jobs.hpp"
#include "monitor/online_models.hpp"
#include "monitor/schedule.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "platform/core/names.hpp"
#include "platform/search/dimensions.hpp"

namespace wakeful::monitor {
namespace {

constexpr std::string_view kColumns =
    "d.name, d.definition, d.digest, d.revision, d.created_us, d.updated_us, d.next_tick_us, d.evaluated_us, "
    "d.trained_us";

constexpr db::Sql kFind{"detector.find",
                        "SELECT d.name, d.definition, d.digest, d.revision, d.created_us, d.updated_us, "
                        "d.next_tick_us, d.evaluated_us, d.trained_us FROM detectors d WHERE d.name = $1"};
constexpr db::Sql kLock{"detector.lock", "UPDATE detectors SET revision = revision WHERE name = $1"};
constexpr db::Sql kInsert{"detector.insert",
                          "INSERT INTO detectors (name, definition, digest, revision, created_us, updated_us, "
                          "next_tick_us, missed_ticks, evaluated_us, trained_us) "
                          "VALUES ($1, $2, $3, 1, $4, $4, $5, 0, NULL, NULL)"};
constexpr db::Sql kUpdate{
    "detector.update",
    "UPDATE detectors SET definition = $2, digest = $3, revision = revision + 1, updated_us = $4, "
    "next_tick_us = $5 WHERE name = $1"};
constexpr db::Sql kKeepRevision{"detector.keep_revision",
                                "INSERT INTO detector_revisions (name, revision, definition, digest, applied_us) "
                                "VALUES ($1, $2, $3, $4, $5)"};
constexpr db::Sql kNextTick{"detector.next_tick",
                            "SELECT MIN(next_tick_us) FROM detectors WHERE next_tick_us IS NOT NULL"};
constexpr db::Sql kDue{"detector.due",
                       "SELECT name FROM detectors WHERE next_tick_us IS NOT NULL AND next_tick_us <= $1 "
                       "ORDER BY next_tick_us, name LIMIT $2"};
constexpr db::Sql kMoveTick{"detector.move_tick",
                            "UPDATE detectors SET next_tick_us = $3, missed_ticks = missed_ticks + $4 "
                            "WHERE name = $1 AND next_tick_us = $2"};
constexpr db::Sql kTrained{"detector.trained", "UPDATE detectors SET trained_us = $2 WHERE name = $1"};
constexpr db::Sql kEvaluated{"detector.evaluated", "UPDATE detectors SET evaluated_us = $2 WHERE name = $1"};
constexpr db::Sql kPredictedUntil{"detector.predicted_until",
                                  "SELECT predicted_until_us FROM detectors WHERE name = $1"};
constexpr db::Sql kSetPredictedUntil{"detector.set_predicted_until",
                                     "UPDATE detectors SET predicted_until_us = $2, missed_ticks = missed_ticks + $3 "
                                     "WHERE name = $1"};
constexpr db::Sql kRemove{"detector.remove", "DELETE FROM detectors WHERE name = $1"};
constexpr db::Sql kRemoveRevisions{"detector.remove_revisions", "DELETE FROM detector_revisions WHERE name = $1"};
constexpr db::Sql kRemoveJobs{"detector.remove_jobs", "DELETE FROM jobs WHERE detector = $1"};
constexpr db::Sql kNewestEnded{"detector.newest_ended",
                               "SELECT state, kind, error FROM jobs WHERE detector = $1 AND state IN (2, 3) "
                               "ORDER BY created_us DESC, job_id DESC LIMIT 1"};

std::optional<core::Timestamp> time_at(const db::Row& row, int column) {
  const auto us = row.find_integer(column);
  return us ? std::optional(core::from_us(*us)) : std::nullopt;
}

Detector read_detector(const db::Row& row, int first) {
  const core::JsonDocument definition = core::parse_json(row.text(first + 1));
  return {.definition = read_definition(core::ObjectReader(definition.root())),
          .revision = row.integer(first + 3),
          .digest = std::string(row.text(first + 2)),
          .created = core::from_us(row.integer(first + 4)),
          .updated = core::from_us(row.integer(first + 5)),
          .next_tick = time_at(row, first + 6),
          .evaluated = time_at(row, first + 7),
          .trained = time_at(row, first + 8)};
}

core::Error no_detector(std::string_view name) {
  return core::not_found(fmt::format("Detector with name={} not found", name.substr(0, 120)), "name");
}

DetectorStatus status_of(db::Tx& tx, Detector detector, std::vector<OnlineModel> models) {
  DetectorStatus status{.definition = std::move(detector.definition),
                        .revision = detector.revision,
                        .digest = std::move(detector.digest),
                        .created = detector.created,
                        .updated = detector.updated,
                        .models = std::move(models),
                        .last_evaluated = detector.evaluated,
                        .last_trained = detector.trained,
                        .next_evaluation = detector.next_tick};
  status.state = status.models.empty() ? "untrained" : "healthy";
  tx.query(kNewestEnded, {status.definition.name}, [&](const db::Row& row) {
    if (static_cast<JobState>(row.integer(0)) != JobState::failed) return;
    status.state = "failing";
    status.reason =
        fmt::format("the last {} job failed: {}", name_of(static_cast<JobKind>(row.integer(1))), row.text(2));
  });
  return status;
}

void check_filters(const Metric& metric, std::size_t index) {
  for (std::size_t i = 0; i < metric.dimension_filters.size(); ++i) {
    search::parse_dimension_filter(metric.dimension_filters[i],
                                   fmt::format("metrics[{}].dimension_filters[{}]", index, i));
  }
}

/// The registry's limits of names and tags, and the length of a file's name: a training would fail at them.
constexpr std::size_t kMaxModelName = 250;
constexpr std::size_t kMaxQueryText = 100'000;

void check_model(const Definition& definition, const Metric& metric, std::size_t index) {
  const std::string field = fmt::format("metrics[{}]", index);
  const std::string name = online_model_name(definition, metric);
  if (name.size() > kMaxModelName) {
    throw core::invalid(fmt::format("'{}.name': with the detector's name and the groupings its model's name has {} "
                                    "bytes, more than {}",
                                    field, name.size(), kMaxModelName),
                        field + ".name");
  }
  if (!core::is_own_path(metric.name))
    throw core::invalid(fmt::format("'{}.name': no name of a folder", field), field + ".name");
  core::JsonWriter query;
  write(query, metric);
  if (query.text().size() > kMaxQueryText)
    throw core::invalid(fmt::format("'{}': longer than {} bytes as JSON", field, kMaxQueryText), field);
}

void check_algorithm(const Algorithm& algorithm, bool rows) {
  const std::string field = algorithm.path.empty() ? fmt::format("algorithms.{}", algorithm.label) : algorithm.path;
  const detectors::CatalogRow* row = nullptr;
  try {
    row = &detectors::get_algorithm(algorithm.name);
  } catch (const core::Error& e) {
    throw core::invalid(fmt::format("'{}': {}", field, e.what()), field);
  }
  if (rows && !row->table) {
    throw core::invalid(fmt::format("'{}': '{}' follows a series: 'features' need a method that judges a row by itself",
                                    field, row->name),
                        field);
  }
  const core::JsonDocument parameters = core::parse_json(algorithm.parameters);
  const auto read = detectors::read_parameters(row->parameters, core::ObjectReader(parameters.root(), field));
  try {
    detectors::make_detector(*row, read);
  } catch (const core::Error& e) {  // parameters that do not go together
    throw core::invalid(fmt::format("'{}': {}", field, e.what()), fmt::format("{}.{}", field, e.field()));
  }
}

}  // namespace

void check_definition(const Definition& definition) {
  Timetable::parse(definition.schedule);
  std::set<std::string> names;
  for (std::size_t i = 0; i < definition.metrics.size(); ++i) {
    check_filters(definition.metrics[i], i);
    check_model(definition, definition.metrics[i], i);
    const std::string name = online_model_name(definition, definition.metrics[i]);
    if (!names.insert(name).second) {
      throw core::invalid(fmt::format("'metrics[{}].name': its model would be '{}', as another's", i, name),
                          fmt::format("metrics[{}].name", i));
    }
  }
  for (const Algorithm& algorithm : definition.algorithms) check_algorithm(algorithm, definition.features.has_value());
}

ApplyReport plan_apply(db::Tx& tx, const Definition& definition) {
  const auto before = find_detector(tx, definition.name);
  ApplyReport report{.name = definition.name, .definition = to_json(definition)};
  report.changes = before ? changes(before->definition, definition) : changes(definition);
  report.applied = !before ? Applied::created : report.changes.empty() ? Applied::unchanged : Applied::updated;
  report.revision = (before ? before->revision : 0) + (report.applied == Applied::unchanged ? 0 : 1);
  return report;
}

ApplyReport apply_detector(db::Tx& tx, const Definition& definition, core::Timestamp now) {
  tx.execute(kLock, {definition.name});
  ApplyReport report = plan_apply(tx, definition);
  if (report.applied == Applied::unchanged) return report;
  const auto before = find_detector(tx, definition.name);
  const std::string digest = core::sha256_hex(report.definition);
  std::optional<std::int64_t> tick;
  if (before && before->definition.schedule == definition.schedule) {
    if (before->next_tick) tick = core::to_us(*before->next_tick);
  } else if (const auto next = Timetable::parse(definition.schedule).next_after(now)) {
    tick = core::to_us(*next);
  }
  const std::int64_t now_us = core::to_us(now);
  tx.execute(before ? kUpdate : kInsert, {definition.name, report.definition, digest, now_us, tick});
  tx.execute(kKeepRevision, {definition.name, report.revision, report.definition, digest, now_us});
  return report;
}

std::optional<Detector> find_detector(db::Tx& tx, std::string_view name) {
  return tx.find(kFind, {name}, [](const db::Row& row) { return read_detector(row, 0); });
}

Detector get_detector(db::Tx& tx, std::string_view name) {
  auto found = find_detector(tx, name);
  if (!found) throw no_detector(name);
  return std::move(*found);
}

Detector lock_detector(db::Tx& tx, std::string_view name) {
  if (tx.execute(kLock, {name}) == 0) throw no_detector(name);
  return get_detector(tx, name);
}

Page<DetectorStatus> list_detectors(db::Tx& tx, const PageTerms& terms) {
  const std::array<search::SortKey, 1> keys{{{"d.name", true}}};
  search::Query query;
  query.text("SELECT d.name, ").text(kColumns).text(" FROM detectors d WHERE 1 = 1");
  auto found = read_list<Detector>(tx, "detector.list", std::move(query), {keys, "s"}, terms, read_detector);
  Page<DetectorStatus> page{.rows = {}, .next_page_token = std::move(found.next_page_token)};
  if (found.rows.empty()) return page;
  std::map<std::string, std::vector<OnlineModel>> models;
  const std::string first = found.rows.front().definition.name;
  for (OnlineModel& model : list_online_models(tx, first, found.rows.back().definition.name))
    models[model.detector].push_back(std::move(model));
  for (Detector& detector : found.rows) {
    auto own = std::move(models[detector.definition.name]);
    page.rows.push_back(status_of(tx, std::move(detector), std::move(own)));
  }
  return page;
}

DetectorStatus get_detector_status(db::Tx& tx, std::string_view name) {
  return status_of(tx, get_detector(tx, name), list_online_models(tx, name));
}

std::optional<core::Timestamp> next_tick(db::Tx& tx) {
  const auto us = tx.find(kNextTick, {}, [](const db::Row& row) { return row.find_integer(0); });
  if (!us || !*us) return std::nullopt;
  return core::from_us(**us);
}

std::vector<std::string> list_due(db::Tx& tx, core::Timestamp now, std::int64_t most) {
  return tx.list(kDue, {core::to_us(now), most}, [](const db::Row& row) { return std::string(row.text(0)); });
}

bool move_tick(db::Tx& tx, std::string_view name, core::Timestamp from, core::Timestamp to, std::int64_t missed) {
  return tx.execute(kMoveTick, {name, core::to_us(from), core::to_us(to), missed}) == 1;
}

std::optional<core::Timestamp> predicted_until(db::Tx& tx, std::string_view name) {
  const auto us = tx.find(kPredictedUntil, {name}, [](const db::Row& row) { return row.find_integer(0); });
  if (!us || !*us) return std::nullopt;
  return core::from_us(**us);
}

void set_predicted_until(db::Tx& tx, std::string_view name, core::Timestamp until, std::int64_t missed) {
  tx.execute(kSetPredictedUntil, {name, core::to_us(until), missed});
}

void mark_done(db::Tx& tx, std::string_view name, JobKind kind, core::Timestamp now) {
  if (kind == JobKind::predict) return;
  tx.execute(kind == JobKind::train ? kTrained : kEvaluated, {name, core::to_us(now)});
}

void remove_detector(db::Tx& tx, std::string_view name) {
  if (tx.execute(kRemove, {name}) == 0) throw no_detector(name);
  tx.execute(kRemoveRevisions, {name});
  tx.execute(kRemoveJobs, {name});
}

}  // namespace wakeful::monitor
