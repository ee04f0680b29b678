#pragma once
// Clears away for good what was deleted long enough ago: runs with their points and files, experiments that have become
// empty, and the files of versions that retention took.
//
// What a version of a model still names is kept, and so is what was restored meanwhile. Rows go before files, and files
// are remembered in a row until they are gone: killed at any moment, the next one goes on. In pieces of bulk writes,
// beside a server at work; two at once do the same work twice, to the same end.
#include <cstdint>
#include <span>

#include "monitor/wire/protocol.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "registry/wire/types.hpp"
#include "tracker/artifacts.hpp"

namespace wakeful::control {

/// Remembers the files of versions that are gone; they are looked at again, and removed, by collect_garbage.
void discard_files(db::Tx& tx, std::span<const registry::ModelVersion> gone, core::Timestamp now);

/// How many runs of a detector's jobs of each kind are kept; older ones are deleted (for collect_garbage to clear away)
/// unless a version was made from them.
inline constexpr std::int64_t kKeptTrainings = 15;
inline constexpr std::int64_t kKeptEvaluations = 200;

/// After a job of this detector has ended: deletes what is surplus of the runs of its kind.
void trim_runs(db::Tx& tx, const monitor::Job& job, const monitor::Definition& detector, core::Timestamp now);

struct GcTerms {
  core::Timestamp before{};  // what was deleted before it
  bool dry_run = false;      // only count
};
struct GcReport {
  std::int64_t runs = 0;
  std::int64_t experiments = 0;
  std::int64_t files = 0;   // and folders
  std::int64_t kept = 0;    // deleted runs that a model version still needs, or the newest one
  std::int64_t failed = 0;  // files that could not be removed: they are tried again the next time
};
GcReport collect_garbage(db::Database& db, const tracker::ArtifactLocator& files, const GcTerms& terms);

}  // namespace wakeful::control
