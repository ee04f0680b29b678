#pragma once
// The command `wakeful models serve`: answers scoring requests with one registered model of a tracking server.
#include <iosfwd>
#include <string>

#include "server/settings.hpp"

namespace wakeful::server {

struct ModelServerOptions {
  std::string model_uri;
  std::string host = "127.0.0.1";
  int port = 8000;
  std::string reload = "1s";    // how often it is looked for another version; 0s: never
  std::string basic_auth_file;  // lines "user:password"; empty: everybody may ask
};

/// Prints "serving NAME version N on http://HOST:PORT" once requests are answered, and returns after SIGINT or SIGTERM.
/// Errors: not_found for a model, version or alias that is not there; invalid naming the option; unavailable.
int serve_model(const std::string& tracking_uri, const Settings& settings, const ModelServerOptions& options,
                std::ostream& out);

}  // namespace wakeful::server
