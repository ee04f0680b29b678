#include "control/gc.hpp"

#include <limits>

#include <fmt/format.h>

#include "control/job_runs.hpp"
#include "monitor/online_models.hpp"
#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "registry/references.hpp"
#include "tracker/experiments.hpp"
#include "tracker/purge.hpp"
#include "tracker/rules.hpp"
#include "tracker/runs.hpp"

namespace wakeful::control {
namespace {

/// Rows in one piece, so that nobody waits long behind it.
constexpr std::int64_t kPiece = 500;
/// Runs of one kind that one job's end deletes at most: a detector that ran for long before there was retention is
/// caught up with job by job.
constexpr std::int64_t kTrimmedAtOnce = 20;
const db::Options kBulk{.priority = db::Priority::bulk};

constexpr db::Sql kDiscard{
    "gc.discard", "INSERT INTO discarded_files (uri, discarded_us) VALUES ($1, $2) ON CONFLICT (uri) DO NOTHING"};
constexpr db::Sql kList{"gc.list_files",
                        "SELECT uri, discarded_us FROM discarded_files WHERE discarded_us < $1 "
                        "AND (discarded_us, uri) > ($2, $3) ORDER BY discarded_us, uri LIMIT $4"};
constexpr db::Sql kForget{"gc.forget_file", "DELETE FROM discarded_files WHERE uri = $1"};

/// "…/<run id>" of "…/<run id>/artifacts": nothing else lies in it. Empty where the URI is of another form.
std::string folder_of(const tracker::DeletedRun& run) {
  const std::string ending = fmt::format("/{}/artifacts", run.id.text());
  if (!run.artifact_uri.ends_with(ending)) return run.artifact_uri;
  return run.artifact_uri.substr(0, run.artifact_uri.size() - std::string_view("/artifacts").size());
}

bool is_needed(db::Tx& tx, const tracker::DeletedRun& run) {
  const std::string below = fmt::format("/{}/", run.id.text());
  return registry::has_version_of_run(tx, run.id.text()) || registry::is_named_by_version(tx, below) ||
         monitor::is_named_by_model(tx, below);
}

/// The path of a URI, without scheme and host.
std::string_view path_of(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos) return uri;
  std::string_view rest = uri.substr(colon + 1);
  if (!rest.starts_with("//")) return rest;
  const auto slash = rest.find('/', 2);
  return slash == std::string_view::npos ? rest : rest.substr(slash);
}

class Collector {
 public:
  Collector(db::Database& db, const tracker::ArtifactLocator& files, const GcTerms& terms)
      : db_(db), files_(files), terms_(terms) {}

  GcReport run() {
    drop_runs();
    if (!terms_.dry_run) {
      while (db_.write([&](db::Tx& tx) { return tracker::purge_dropped_runs(tx, kPiece); }, kBulk)) {
      }
    }
    drop_experiments();
    remove_files();
    return report_;
  }

 private:
  void drop_runs() {
    std::int64_t after_ms = -1, after_key = -1;
    while (true) {
      const auto page = db_.read(
          [&](db::Tx& tx) { return tracker::list_deleted_runs(tx, terms_.before, after_ms, after_key, kPiece); });
      if (page.empty()) return;
      for (const tracker::DeletedRun& run : page) (drop(run) ? report_.runs : report_.kept) += 1;
      after_ms = page.back().deleted_ms;
      after_key = page.back().key;
    }
  }

  bool drop(const tracker::DeletedRun& run) {
    if (terms_.dry_run) return !db_.read([&](db::Tx& tx) { return is_needed(tx, run); });
    return db_.write(
        [&](db::Tx& tx) {
          if (is_needed(tx, run) || !tracker::drop_run(tx, run.key)) return false;
          // As old as the deletion: its files have waited long enough.
          if (!run.artifact_uri.empty())
            tx.execute(kDiscard, {folder_of(run), core::to_us(core::from_ms(run.deleted_ms))});
          return true;
        },
        kBulk);
  }

  void drop_experiments() {
    for (const std::int64_t id :
         db_.read([&](db::Tx& tx) { return tracker::list_empty_experiments(tx, terms_.before); })) {
      const bool gone =
          terms_.dry_run || db_.write([&](db::Tx& tx) { return tracker::drop_experiment(tx, id); }, kBulk);
      report_.experiments += gone ? 1 : 0;
    }
  }

  struct Discarded {
    std::string uri;
    std::int64_t at_us = 0;
  };

  void remove_files() {
    Discarded last{.uri = "", .at_us = std::numeric_limits<std::int64_t>::min()};
    while (true) {
      const auto page = db_.read([&](db::Tx& tx) {
        return tx.list(kList, {core::to_us(terms_.before), last.at_us, last.uri, kPiece}, [](const db::Row& row) {
          return Discarded{std::string(row.text(0)), row.integer(1)};
        });
      });
      if (page.empty()) return;
      for (const Discarded& file : page) remove(file.uri);
      last = page.back();
    }
  }

  /// One that somebody names again is forgotten: it goes when that one goes, or with its run.
  void remove(const std::string& uri) {
    const bool needed = db_.read([&](db::Tx& tx) {
      return registry::is_named_by_version(tx, path_of(uri)) || monitor::is_named_by_model(tx, path_of(uri));
    });
    if (!needed && !terms_.dry_run && !erase(uri)) {
      ++report_.failed;
      return;
    }
    report_.files += needed ? 0 : 1;
    if (!terms_.dry_run) db_.write([&](db::Tx& tx) { return tx.execute(kForget, {uri}); }, kBulk);
  }

  bool erase(const std::string& uri) const {
    try {
      const tracker::ArtifactFolder place = files_.locate(uri);
      place.store->remove(place.path);
      return true;
    } catch (const core::Error& e) {
      core::log::warn("file_not_removed", {{"uri", uri}, {"message", e.what()}});
      // What lies elsewhere is not ours to remove, and never will be.
      return e.code() == core::ErrorCode::invalid || e.code() == core::ErrorCode::denied;
    }
  }

  db::Database& db_;
  const tracker::ArtifactLocator& files_;
  const GcTerms& terms_;
  GcReport report_;
};

}  // namespace

void discard_files(db::Tx& tx, std::span<const registry::ModelVersion> gone, core::Timestamp now) {
  for (const registry::ModelVersion& version : gone) tx.execute(kDiscard, {version.source, core::to_us(now)});
}

void trim_runs(db::Tx& tx, const monitor::Job& job, const monitor::Definition& detector, core::Timestamp now) {
  const auto experiment = tracker::find_experiment_by_name(tx, experiment_name(detector.name));
  if (!experiment) return;
  const std::int64_t keep = job.kind == monitor::JobKind::train ? kKeptTrainings : kKeptEvaluations;
  for (const tracker::RunId& run :
       tracker::list_surplus_runs(tx, tracker::parse_experiment_id(experiment->experiment_id),
                                  run_name(job.kind, detector), keep, kTrimmedAtOnce)) {
    if (!registry::has_version_of_run(tx, run.text())) tracker::delete_run(tx, run, now);
  }
}

GcReport collect_garbage(db::Database& db, const tracker::ArtifactLocator& files, const GcTerms& terms) {
  return Collector(db, files, terms).run();
}

}  // namespace wakeful::control
