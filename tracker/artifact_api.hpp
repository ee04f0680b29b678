#pragma once
// The endpoints that give the artifacts of runs, logged models and model versions, besides the proxy that clients put
// them through (platform/artifacts/proxy.hpp), whose routes come with these.
#include <string>
#include <vector>

#include "platform/artifacts/store.hpp"
#include "platform/http/router.hpp"
#include "tracker/artifacts.hpp"

namespace wakeful::tracker {

struct ArtifactSettings {
  /// Whether the proxy answers (--serve-artifacts).
  bool serve = true;
  /// Folders below which the local artifact URIs of runs are read, besides the store: the default artifact root, if it
  /// is a local one.
  std::vector<std::string> local_roots;
};

/// Borrows the store; `roots` are called in handlers.
std::vector<http::Route> artifact_routes(artifacts::Store& store, ArtifactRoots roots,
                                         const ArtifactSettings& settings);

}  // namespace wakeful::tracker
