#pragma once
// `wakeful demo`: a server of its own in a folder of its own, fed with made-up checkout latencies that never stop, and
// a detector that watches them. What is on its pages is what the product does; only the numbers are invented.
#include <iosfwd>
#include <string>

#include "platform/core/clock.hpp"

namespace wakeful::server {

struct DemoOptions {
  std::string folder;  // store and artifacts; made if it is not there
  std::string host = "127.0.0.1";
  int port = 5000;
};

/// Serves until SIGINT or SIGTERM. Prints "listening on http://H:P" once requests are answered, then what was set up.
int demo(const DemoOptions& options, std::ostream& out);

/// The latency of one region at a time, in milliseconds: an hourly wave, noise, and, with `incidents`, two slow
/// minutes in every forty, at another time in each region. The same arguments give the same number.
double demo_latency(core::Timestamp at, std::size_t region, bool incidents);

}  // namespace wakeful::server
