#pragma once
// The models of series, loaded and kept: versions of the registered models series__<series>.
//
// A model is never changed: a new fit is a new version, and whoever predicts holds the one that was the latest when it
// was asked for. What is kept is looked up again once this server's registry has changed, and after kFresh anyway,
// which bounds how long a fit on another server goes unseen. At most kMostKept are kept, the longest unused go first.
// Threads: any.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/server.hpp"
#include "detectors/detector.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/mutex.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::serving {

inline constexpr std::string_view kModelPrefix = "series__";

struct SeriesModel {
  std::int64_t version = 0;
  std::string source;
  std::unique_ptr<const detectors::Detector> detector;

  bool is_anomaly(double value) const;
};

class SeriesModels {
 public:
  static constexpr std::chrono::seconds kFresh{1};
  static constexpr std::size_t kMostKept = 4'096;

  /// `changes` counts what clients write to the registry of this server. Borrows `clock` and `changes`.
  SeriesModels(client::Server server, const core::Clock& clock, const std::atomic<std::uint64_t>& changes)
      : server_(std::move(server)), clock_(clock), changes_(changes) {}

  /// The version, or the latest one. Errors: not_found "Model not found"; unavailable; invalid, field "model", if
  /// somebody registered a version that is no model of a series.
  std::shared_ptr<const SeriesModel> get(const std::string& series, std::optional<std::int64_t> version)
      EXCLUDES(mutex_);
  /// Its file, with the training data.
  std::string download(const std::string& series, std::int64_t version) const;

  /// How often each series was asked for, the most used first; series beyond kMostKept are not counted.
  std::vector<std::pair<std::string, std::uint64_t>> usage(std::size_t most) const EXCLUDES(mutex_);

 private:
  using Model = std::shared_ptr<const SeriesModel>;
  struct Kept {
    std::string key;
    Model model;
    std::uint64_t seen_changes;
    core::Timestamp looked_at;
  };

  registry::ModelVersion look_up(const std::string& series, std::optional<std::int64_t> version) const;
  Model load(const registry::ModelVersion& version) const;
  std::string download(const registry::ModelVersion& version) const;
  void keep(const std::string& series, Kept kept) EXCLUDES(mutex_);
  /// Called once for each model that get() gives.
  void count(const std::string& series) REQUIRES(mutex_);
  void forget(const std::string& key) EXCLUDES(mutex_);

  client::Server server_;
  const core::Clock& clock_;
  const std::atomic<std::uint64_t>& changes_;
  mutable core::Mutex mutex_;
  std::list<Kept> kept_ GUARDED_BY(mutex_);  // most recently used first
  std::unordered_map<std::string, std::list<Kept>::iterator> by_key_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::uint64_t> usage_ GUARDED_BY(mutex_);
};

}  // namespace wakeful::serving
