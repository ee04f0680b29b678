#pragma once
// The command `wakeful metrics`: asks a metric store, without a server.
#include <iosfwd>
#include <string>
#include <vector>

#include "server/settings.hpp"

namespace wakeful::server {

struct MetricsOptions {
  std::string metric;
  std::vector<std::string> dimensions;
  std::vector<std::string> filters;
  std::string grain = "MONTH";
  std::string start = "2023-01-01";  // inclusive
  std::string end = "2024-01-01";    // exclusive
  std::string config;
  bool verbose = false;
};

/// Prints the statement, then its rows by time. With `verbose`, what it binds and how many rows there are on `err`.
/// Errors: not_found, invalid naming the option; as runner::open_tables.
int show_metric(const Settings& settings, const MetricsOptions& options, std::ostream& out, std::ostream& err);

}  // namespace wakeful::server
