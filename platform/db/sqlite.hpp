#pragma once
// The SQLite adaptor: one writer with group commit, readers on connections of their own; in memory one connection that
// takes turns. Reasons: DESIGN.md.
#include <memory>
#include <string>

#include "platform/db/open.hpp"

namespace wakeful::db {

/// `path` is a file, or empty for a store in memory. Errors: as open().
std::unique_ptr<Database> open_sqlite(const std::string& path, const OpenOptions& options);

}  // namespace wakeful::db
