#pragma once
// Fit and predict, by series: a series is a name with points, its model says which values are too high.
//
// A series S is the registered model series__S; each fit is a version of it: a folder (client/model_folder.hpp) whose
// file holds model and training data. Version numbers are the registry's, so they are never given twice, whoever fits
// at the same time. Threads: any.
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/server.hpp"
#include "platform/core/clock.hpp"
#include "serving/activity.hpp"
#include "serving/machine.hpp"
#include "serving/series_models.hpp"
#include "serving/training_data.hpp"

namespace wakeful::serving {

/// Letters, digits, '.', '_' and '-', at most 128, no "..". Errors: invalid, field "series_id".
void check_series_id(std::string_view id);

class Series {
 public:
  /// `server`: the registry, best the one inside. Borrows `clock` and `registry_changes`, which counts its changes.
  Series(client::Server server, const core::Clock& clock, const std::atomic<std::uint64_t>& registry_changes)
      : server_(server), clock_(clock), models_(std::move(server), clock, registry_changes) {}

  /// Trains on `data` and registers the model; its version, once both are durable.
  std::int64_t fit(const std::string& series, const TrainingData& data);

  struct Verdict {
    bool is_anomaly = false;
    std::int64_t version = 0;
  };
  /// Errors: not_found "Model not found".
  Verdict predict(const std::string& series, std::optional<std::int64_t> version, double value);

  /// A picture of what a version was trained on, as PNG. Errors: not_found.
  std::string plot(const std::string& series, std::int64_t version) const;

  /// One JSON object.
  std::string health();

 private:
  client::Server server_;
  const core::Clock& clock_;
  SeriesModels models_;
  Activity fits_;
  Activity predictions_;
  Machine machine_;
};

}  // namespace wakeful::serving
