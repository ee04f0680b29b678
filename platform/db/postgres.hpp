#pragma once
// The PostgreSQL adaptor: a bounded pool, prepared statements, deadlines on both ends of the wire. Reasons: DESIGN.md.
#include <memory>
#include <string>

#include "platform/db/open.hpp"

namespace wakeful::db {

/// `uri` as libpq reads it. Errors: as open(); unavailable for a server older than 13 or a database that is not UTF-8.
std::unique_ptr<Database> open_postgres(const std::string& uri, const OpenOptions& options);

}  // namespace wakeful::db
