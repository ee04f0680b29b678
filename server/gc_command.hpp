#pragma once
// The command `wakeful gc`: clears away for good what was deleted.
#include <iosfwd>
#include <string>

#include "server/settings.hpp"

namespace wakeful::server {

struct GcOptions {
  std::string older_than = "1d";
  bool dry_run = false;
};

/// Works on the store itself; a server may use it meanwhile. Says what it did, or would do.
/// Errors: not_found if there is no store; invalid for no duration, and for a store whose schema is not up to date.
int collect_garbage(const Settings& settings, const GcOptions& options, std::ostream& out);

}  // namespace wakeful::server
