#pragma once
// The command `wakeful train`: fits one algorithm on a CSV file and registers the model with a tracking server.
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "client/server.hpp"

namespace wakeful::server {

struct TrainOptions {
  std::string file;
  std::string algorithm;
  std::vector<std::string> settings;  // key=value
  std::string time;
  std::vector<std::string> ignore;
  std::string model;  // the registered model's name
  std::string alias;  // "": none is moved
  std::string experiment = "train";
};

/// Logs a run with params, metrics and the model's folder, registers a version of it and moves the alias there. Prints
/// one line. Errors: invalid naming the option or the parameter, before anything is logged; not_found for the file; as
/// client::Server.
int train_model(const client::Server& server, const TrainOptions& options, std::ostream& out);

}  // namespace wakeful::server
