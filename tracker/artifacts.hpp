#pragma once
// Where the files of runs, logged models and model versions lie: from an artifact URI, as rows and clients write it, to
// a store and a path in it. No URI is ever fetched: what does not name a place that this server keeps is refused.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/artifacts/store.hpp"

namespace wakeful::tracker {

/// The artifact URIs that rows hold. Errors of each: not_found.
struct ArtifactRoots {
  std::function<std::string(const std::string& run_id)> run;
  std::function<std::string(const std::string& model_id)> model;
  /// Of a model version: its source, "models:/name/1" followed to where it leads.
  std::function<std::string(const std::string& name, const std::string& version)> version;
};

/// A folder of artifacts: `store` is borrowed from the server, or owned for a local folder.
struct ArtifactFolder {
  std::shared_ptr<artifacts::Store> store;
  artifacts::Path path;
};

/// "mlflow-artifacts:/p", "mlflow-artifacts://host:port/p" and "http(s)://…/api/2.0/mlflow-artifacts/artifacts/p" are
/// `p` in the server's own store, whatever the host. Threads: any.
class ArtifactLocator {
 public:
  /// Borrows `store`. Local URIs ("/p", "file:///p") are read only below one of `local_roots`, or any client could read
  /// any file of the server by way of an experiment's artifact_location.
  ArtifactLocator(artifacts::Store& store, ArtifactRoots roots, std::vector<std::string> local_roots);

  /// Errors: invalid for a place that this server does not keep, and for traversal.
  ArtifactFolder locate(std::string_view uri) const;
  ArtifactFolder of_run(const std::string& run_id) const;
  ArtifactFolder of_model(const std::string& model_id) const;
  /// Follows "runs:/ID/p" and "models:/m-ID/p" once more.
  ArtifactFolder of_version(const std::string& name, const std::string& version) const;
  const ArtifactRoots& roots() const { return roots_; }

 private:
  ArtifactFolder local(std::string_view uri) const;

  std::shared_ptr<artifacts::Store> store_;
  ArtifactRoots roots_;
  std::vector<std::string> local_roots_;
};

/// Whether the URI names a place that the artifact proxy serves.
bool is_proxied(std::string_view uri);

}  // namespace wakeful::tracker
