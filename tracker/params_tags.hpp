#pragma once
// Params, written once, and tags, where the last write wins.
#include <span>
#include <string_view>

#include "platform/db/database.hpp"
#include "tracker/runs.hpp"
#include "tracker/settings.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

inline constexpr std::string_view kRunNameTag = "mlflow.runName";

/// A value equal to the stored one is no change. Locks the run.
/// Errors: not_found; invalid for a deleted run, a key or value beyond the limits, or another value for a stored key.
void log_param(db::Tx& tx, const RunId& run, Param param, const Settings& settings);
/// Setting mlflow.runName renames the run. Locks the run. Errors: not_found; invalid.
void set_tag(db::Tx& tx, const RunId& run, Tag tag, const Settings& settings);
/// Errors: not_found for the run or the tag; invalid for a deleted run.
void delete_tag(db::Tx& tx, const RunId& run, std::string_view key);

// The parts of a batch, on a run that is locked already and with items that are checked already.

/// Errors: invalid for another value for a stored key: "Changing param values is not allowed. …".
void insert_params(db::Tx& tx, const RunKey& key, const RunId& run, std::span<const Param> params);
/// Keys that the run does not have.
void insert_tags(db::Tx& tx, const RunKey& key, std::span<const Tag> tags);
/// Keys may repeat: the last wins.
void upsert_tags(db::Tx& tx, const RunKey& key, std::span<const Tag> tags);

}  // namespace wakeful::tracker
