#pragma once
// The command `wakeful stream`: runs one stream detector in the foreground, without a server.
#include <iosfwd>
#include <string>

#include "server/settings.hpp"

namespace wakeful::server {

struct StreamOptions {
  std::string file;         // the detector's
  std::string state = ".";  // the folder of its state
  bool follow = false;
  bool until_end = false;
};

/// Reads until the input ends or SIGINT or SIGTERM comes; then says on `err` what it did over all runs.
/// Errors: as streams::read_stream and streams::watch; not_found for the file.
int run_stream(const Settings& settings, const StreamOptions& options, std::ostream& out, std::ostream& err);

}  // namespace wakeful::server
