#pragma once
// The service that MLflow's clients put and get artifacts through, /api/2.0/mlflow-artifacts and its twin for pages. It
// knows the store's paths only; whose they are is tracker/artifact_api.hpp.
#include <vector>

#include "platform/artifacts/store.hpp"
#include "platform/core/json.hpp"
#include "platform/http/router.hpp"

namespace wakeful::artifacts {

struct ProxySettings {
  /// --no-serve-artifacts: every route answers 503.
  bool serve = true;
};

/// Borrows the store. Uploads and downloads stream, whatever their size.
std::vector<http::Route> proxy_routes(Store& store, ProxySettings settings);

/// Appends the member "files" of a listing's answer: [{"path","is_dir","file_size"}], each path without its first
/// `prefix_bytes`. Nothing is written for an empty list, nor when `listed` is a file: MLflow's clients tell folders
/// from files by that.
void write_files(core::JsonWriter& json, const std::vector<Entry>& entries, const Path& listed,
                 std::size_t prefix_bytes);

}  // namespace wakeful::artifacts
