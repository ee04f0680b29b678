#include "server/gc_command.hpp"

#include <filesystem>
#include <ostream>

#include <fmt/core.h>

#include "control/gc.hpp"
#include "platform/artifacts/store.hpp"
#include "platform/core/error.hpp"
#include "platform/db/open.hpp"
#include "server/lookups.hpp"

namespace wakeful::server {
namespace {

/// Beside a server, which has the file to itself otherwise: each piece of work is a transaction of its own.
std::unique_ptr<db::Database> open_beside(const std::string& uri) {
  if (!db::exists(uri)) throw core::not_found("there is no store at that address yet", "backend-store-uri");
  auto database = db::open(uri, {.readers = 1, .exclusive = false});
  const db::SchemaStatus schema = db::schema_status(*database);
  if (!schema.pending.empty() || schema.applied != schema.known) {
    throw core::invalid(
        fmt::format("the store's schema is {} of {}: 'wakeful db upgrade' first", schema.applied, schema.known));
  }
  return database;
}

}  // namespace

int collect_garbage(const Settings& settings, const GcOptions& options, std::ostream& out) {
  const core::Duration age = core::parse_duration(options.older_than);
  if (age < core::Duration{}) throw core::invalid("--older-than is a span of time, such as 7d", "older-than");
  const auto database = open_beside(settings.backend_store_uri);
  const auto store = artifacts::open_store(settings.artifacts_destination);
  std::vector<std::string> local_roots;
  if (settings.default_artifact_root.starts_with("/") || settings.default_artifact_root.starts_with("file:"))
    local_roots.push_back(settings.default_artifact_root);
  else if (!settings.serve_artifacts)
    local_roots.push_back(std::filesystem::absolute("mlruns").string());
  const tracker::ArtifactLocator files(*store, artifact_roots(*database), local_roots);
  const core::SystemClock clock;
  const control::GcReport report =
      control::collect_garbage(*database, files, {.before = clock.now() - age, .dry_run = options.dry_run});
  out << fmt::format("{}: {} runs, {} experiments, {} files and folders\n",
                     options.dry_run ? "would remove" : "removed", report.runs, report.experiments, report.files);
  if (report.kept > 0)
    out << fmt::format("kept: {} deleted runs, for model versions need them or none is newer\n", report.kept);
  if (report.failed > 0)
    out << fmt::format("not removed: {} files and folders; the next time tries again\n", report.failed);
  database->close();
  return report.failed > 0 ? 1 : 0;
}

}  // namespace wakeful::server
