#pragma once
// Between platform/search, which builds statements, and platform/db, which runs them.
#include <vector>

#include "platform/db/database.hpp"
#include "platform/search/sql.hpp"

namespace wakeful::tracker {

using search::read_key_value;

inline std::vector<db::Param> params_of(const search::Query& query) { return search::params_of<db::Param>(query); }

}  // namespace wakeful::tracker
