#pragma once
// Where a client may say that a version's files are: nowhere but in what belongs to the run, logged model or version
// that it names. No URI is fetched and no file looked at. Source: mlflow-registry.md §2.7, mlflow-3.18.md §2.
#include <string>
#include <string_view>

#include "platform/db/database.hpp"
#include "registry/settings.hpp"
#include "registry/wire/read.hpp"

namespace wakeful::registry {

/// Checks the source of a version that a client wants and returns where its files are: the source itself, or what
/// "models:/…" leads to. A copy inherits run_id and model_id where `wanted` has none, and its source is written as
/// "models:/name/number".
/// Errors: invalid naming `source`; not_found for the model version or logged model that it speaks of.
std::string check_source(db::Tx& tx, NewVersion& wanted, const Settings& settings);

/// The part that needs no look-up: shape, traversal, foreign hosts. Pure. Errors: invalid naming `source`.
void check_source_text(std::string_view source, const Settings& settings);

/// Whether `uri` is `root` or lies below it: same scheme and host, path by whole segments, both decoded. Pure.
bool lies_below(std::string_view uri, std::string_view root);

}  // namespace wakeful::registry
