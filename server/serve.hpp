#pragma once
// The command `wakeful server`, and those that look after its store.
#include <iosfwd>
#include <string>

#include "server/settings.hpp"

namespace wakeful::server {

/// Serves until SIGINT or SIGTERM; prints "listening on http://H:P" to `out` once requests are answered.
int serve(const Settings& settings, std::ostream& out);

/// Works on the jobs of the server at `tracking_uri` until SIGINT or SIGTERM; prints "running for URI" once it does.
int work(const std::string& tracking_uri, const Settings& settings, std::ostream& out);

int upgrade_store(const std::string& uri, std::ostream& out);
/// Only looks. Errors: not_found if there is no store.
int show_store(const std::string& uri, std::ostream& out);
/// Writes a consistent copy into `file`, which must not exist; a server may use the store meanwhile. Errors: as
/// show_store.
int back_up_store(const std::string& uri, const std::string& file, std::ostream& out);

/// What the program is made of and whether its stores can be used; 1 if one cannot. Only looks.
int examine(const Settings& settings, std::ostream& out);

}  // namespace wakeful::server
