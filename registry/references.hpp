#pragma once
// Who still needs a run or a file: what deletes them for good asks here. Functions on a transaction.
#include <string_view>

#include "platform/db/database.hpp"

namespace wakeful::registry {

/// A version was made from this run.
bool has_version_of_run(db::Tx& tx, std::string_view run_id);

/// The source of a version, or where it leads to, has `path` in it: "/<run id>/" for what lies below a run, the path of
/// a file for that file. However its scheme and host are written; so it may find too many, never too few.
/// Cost: a look at every version.
bool is_named_by_version(db::Tx& tx, std::string_view path);

}  // namespace wakeful::registry
