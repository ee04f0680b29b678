#pragma once
// The commands that speak to a running server: apply, run, and the lists. Results go to `out` (with `json` as the
// server said them), the rest to `err`. Each returns the exit code; errors are thrown (commands.hpp maps them).
#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>

#include "client/server.hpp"
#include "platform/http/client.hpp"

namespace wakeful::server {

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool json = false;
};

/// The credentials of MLFLOW_TRACKING_USERNAME, _PASSWORD and _TOKEN.
http::ClientOptions client_options();
/// The server at `uri`, with those.
client::Server connect_server(const std::string& uri);

/// Applies detector files, a folder's *.yaml, *.yml and *.json in order of their names. All documents are checked by
/// the server before the first is applied, so a mistake in one leaves everything as it was. Prints what changed.
int apply_files(const client::Server& server, const std::string& path, bool dry_run, const Console& console);

struct RunOptions {
  std::string detector;
  std::string kind = "evaluate";
  std::optional<std::string> from;
  std::optional<std::string> until;
  bool wait = false;
};
/// Starts a job; with `wait` returns when it has ended, 1 unless it has succeeded.
int run_detector(const client::Server& server, const RunOptions& options, const Console& console);

int list_detectors(const client::Server& server, const Console& console);
/// `filter` as in search_registered_models.
int list_models(const client::Server& server, const std::string& filter, const Console& console);
/// An anomaly of several channels together is listed with the two that it mostly was and their shares of its score.
int list_anomalies(const client::Server& server, const std::string& detector, const Console& console);
int list_jobs(const client::Server& server, const Console& console);

}  // namespace wakeful::server
