#pragma once
// One version of a registered model in memory, to score with.
//
// Every question starts from the position that the model's file holds: answers do not depend on each other. Threads:
// any; a detector that scores each row by itself is copied once for each thread that scores at the same time, one that
// follows rows for each question.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/models.hpp"
#include "client/server.hpp"
#include "detectors/features.hpp"
#include "platform/core/mutex.hpp"

namespace wakeful::serving {

class ServedModel {
 public:
  /// Errors: invalid, field "model", for a file that no detector was saved in.
  ServedModel(registry::ModelVersion version, std::string_view file);

  /// The version that `uri` names now, downloaded. Errors: not_found, unavailable, as the constructor.
  static std::shared_ptr<const ServedModel> load(const client::Server& server, const registry::ModelVersion& version);

  const registry::ModelVersion& version() const { return version_; }
  std::size_t size() const { return detectors_.size(); }
  const std::string& name(std::size_t i) const { return detectors_[i].name; }
  const detectors::Detector& detector(std::size_t i) const { return *detectors_[i].detector; }

  /// What makes rows of the detectors' channels of a caller's columns; nothing if they judge what they are given.
  const std::optional<detectors::FeatureTable>& features() const { return features_; }
  /// Rows of detector i's channels. Errors: as Detector::update.
  detectors::Scores score(std::size_t i, const detectors::FrameView& rows) const EXCLUDES(mutex_);

 private:
  registry::ModelVersion version_;
  std::vector<detectors::NamedDetector> detectors_;
  std::optional<detectors::FeatureTable> features_;
  mutable core::Mutex mutex_;
  mutable std::vector<std::vector<std::unique_ptr<detectors::Detector>>> idle_
      GUARDED_BY(mutex_);  // copies, by detector
};

}  // namespace wakeful::serving
