#pragma once
// Model versions: functions on a transaction. Where a version's files come from: source.hpp.
//
// Numbers count up from 1 in each model and are never given twice while the model lives, deleted ones included. Errors
// of every function that is given a name and a number: not_found "Model Version (name=…, version=…) not found".
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "registry/wire/read.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::registry {

/// What a client does not say about a new version.
struct VersionTerms {
  std::string location{};                              // where the files are, if not at `source`
  std::optional<std::int64_t> expected_row_version{};  // the model's, as ModelState had it
};

/// The version with the next number. The source is taken as it is: check_source comes before it, for foreign ones.
/// Errors: not_found for the model; conflict if the model is not at expected_row_version any more; invalid beyond
/// MLflow's limits. Order: takes the model's row lock.
ModelVersion create_version(db::Tx& tx, const NewVersion& wanted, core::Timestamp now, const VersionTerms& terms = {});

/// With tags and aliases.
std::optional<ModelVersion> find_version(db::Tx& tx, std::string_view name, std::int64_t version);
ModelVersion get_version(db::Tx& tx, std::string_view name, std::int64_t version);
/// Errors: not_found. Cost: one row.
void require_version(db::Tx& tx, std::string_view name, std::int64_t version);
/// The one with the highest number, over all stages.
std::optional<ModelVersion> latest_version(db::Tx& tx, std::string_view name);
/// Of each of the stages the one with the highest number; no stages: all four. Errors: not_found for the model.
std::vector<ModelVersion> latest_versions(db::Tx& tx, std::string_view name, std::span<const Stage> stages = {});

/// Where the version's files are: its source, or what a source "models:/…" led to when it was made.
std::string get_download_uri(db::Tx& tx, std::string_view name, std::int64_t version);

/// Without a description there is none any more.
void update_version(db::Tx& tx, std::string_view name, std::int64_t version, std::optional<std::string> description,
                    core::Timestamp now);
/// Moves it to a stage; with `archive_existing` the others of that stage go to Archived.
/// Errors: invalid for archive_existing with any stage but Staging and Production.
void transition_version(db::Tx& tx, std::string_view name, std::int64_t version, Stage stage, bool archive_existing,
                        core::Timestamp now);
/// Deletes it with its tags and the aliases that point at it.
void delete_version(db::Tx& tx, std::string_view name, std::int64_t version, core::Timestamp now);

/// Deletes all but the `keep` newest versions; those in Staging or Production and those with an alias stay, too.
/// Returns what was deleted, oldest first: their files are the caller's business. (The decision: retention.hpp.)
std::vector<ModelVersion> trim_versions(db::Tx& tx, std::string_view name, std::size_t keep, core::Timestamp now);

}  // namespace wakeful::registry
