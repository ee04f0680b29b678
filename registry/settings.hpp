#pragma once
// What the registry is told when it starts. What it must know of runs and logged models, the tracker's things, comes as
// look-ups that server/ fills in; an empty one means that nothing is known, and nothing is checked against it.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/db/database.hpp"

namespace wakeful::registry {

/// A logged model, as far as a version of it is concerned.
struct LoggedModelFacts {
  std::string artifact_uri;
  std::string source_run_id{};  // "" where it has none
};

struct Settings {
  /// The artifact URI of a run, or nothing. Called in the transaction that makes the version.
  std::function<std::optional<std::string>(db::Tx&, const std::string& run_id)> find_run_location{};
  std::function<std::optional<LoggedModelFacts>(db::Tx&, const std::string& model_id)> find_logged_model{};
  /// Tells the tracker that a logged model became a version (MLflow's tag mlflow.modelVersions).
  std::function<void(db::Tx&, const std::string& model_id, const std::string& name, std::int64_t version)>
      on_version_of_logged_model{};
  /// Called after every write of a client, outside its transaction.
  std::function<void()> on_change{};

  /// Where artifacts of this server go (--default-artifact-root): its host is no foreign one.
  std::string artifact_root = "mlflow-artifacts:/";
  /// Schemes whose URIs may name any host (MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES).
  std::vector<std::string> allowed_host_schemes{};
  /// A source must hold a match of it (MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX); "" for all.
  std::string source_pattern{};
};

}  // namespace wakeful::registry
