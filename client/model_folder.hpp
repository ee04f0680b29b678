#pragma once
// The folder that a trained model is stored as: the model file, and what MLflow's pyfunc needs to load it.
//
//   detectors.model        all detectors and their position (detectors/model_file.hpp): what evaluations read; of a
//                          series (serving/series.hpp) one detector and the points that it was trained on
//   MLmodel                the flavours: python_function, and wakeful with the interface's version
//   code/wakeful_model.py  the loader, on libwakeful_detectors.so
//
// The model file comes last: where it is, the others are. The registry's version names the folder
// (monitor::model_folder_of), the watch names the file.
#include <string>

#include "client/server.hpp"
#include "monitor/wire/protocol.hpp"

namespace wakeful::client {

struct ModelFolder {
  std::string stem;  // of the folder's URI, which ends in a piece of the content's digest: a new one for new content
  std::string run_id{};
  core::Timestamp created{};
};

/// Stores it and names its model file. Errors: as upload.
monitor::StoredFile store_model(const client::Server& server, const ModelFolder& folder, std::string bytes);

}  // namespace wakeful::client
