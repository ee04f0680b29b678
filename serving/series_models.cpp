#include "serving/series_models.hpp"

#include <algorithm>
#include <array>

#include "client/files.hpp"
#include "client/models.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"

namespace wakeful::serving {
namespace {

constexpr std::uint64_t kLargestModel = 64U << 20U;
constexpr std::string_view kBareFile = "/series.model";  // before a model was a folder

core::Error no_model() { return core::not_found("Model not found", "series_id"); }

std::string key_of(const std::string& series, std::optional<std::int64_t> version) {
  return version ? series + "/" + std::to_string(*version) : series;
}

}  // namespace

bool SeriesModel::is_anomaly(double value) const {
  const std::array row{value};
  return detector->score({detector->channels(), row}).anomaly_score.front() > 1;
}

std::shared_ptr<const SeriesModel> SeriesModels::get(const std::string& series, std::optional<std::int64_t> version) {
  const std::string key = key_of(series, version);
  const std::uint64_t changes = changes_.load();  // before the look: what changes meanwhile is looked for again
  const core::Timestamp now = clock_.now();
  Model known;
  {
    core::Lock lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
      kept_.splice(kept_.begin(), kept_, found->second);
      known = kept_.front().model;
      if (kept_.front().seen_changes == changes && now - kept_.front().looked_at < kFresh) {
        count(series);
        return known;
      }
    }
  }
  try {
    const registry::ModelVersion found = look_up(series, version);
    const bool is_same = known && known->source == found.source && known->version == found.version;
    Model model = is_same ? known : load(found);
    keep(series, {key, model, changes, now});
    return model;
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::not_found) throw;
    forget(key);
    throw no_model();
  }
}

std::string SeriesModels::download(const std::string& series, std::int64_t version) const {
  return download(look_up(series, version));
}

std::string SeriesModels::download(const registry::ModelVersion& version) const {
  const bool is_bare = version.source.ends_with(kBareFile);
  const std::string uri = is_bare ? version.source : client::join_uri(version.source, monitor::kModelFile);
  return client::download(server_, uri, kLargestModel);
}

registry::ModelVersion SeriesModels::look_up(const std::string& series, std::optional<std::int64_t> version) const {
  const std::string name = std::string(kModelPrefix) + series;
  return version ? client::get_version(server_, name, *version) : client::get_latest_version(server_, name);
}

SeriesModels::Model SeriesModels::load(const registry::ModelVersion& version) const {
  auto model = std::make_shared<SeriesModel>();
  model->version = version.version;
  model->source = version.source;
  model->detector = detectors::load_detector(download(version));
  if (model->detector->channels().size() != 1) throw core::invalid("the version is no model of one series", "model");
  return model;
}

void SeriesModels::keep(const std::string& series, Kept kept) {
  core::Lock lock(mutex_);
  count(series);
  if (const auto found = by_key_.find(kept.key); found != by_key_.end()) {
    if (found->second->seen_changes <= kept.seen_changes) *found->second = std::move(kept);
    return;
  }
  if (kept_.size() >= kMostKept) {
    by_key_.erase(kept_.back().key);
    kept_.pop_back();
  }
  kept_.push_front(std::move(kept));
  by_key_.emplace(kept_.front().key, kept_.begin());
}

void SeriesModels::count(const std::string& series) {
  const auto found = usage_.find(series);
  if (found != usage_.end())
    ++found->second;
  else if (usage_.size() < kMostKept)
    usage_.emplace(series, 1);
}

void SeriesModels::forget(const std::string& key) {
  core::Lock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  kept_.erase(found->second);
  by_key_.erase(found);
}

std::vector<std::pair<std::string, std::uint64_t>> SeriesModels::usage(std::size_t most) const {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  {
    core::Lock lock(mutex_);
    all.assign(usage_.begin(), usage_.end());
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  all.resize(std::min(all.size(), most));
  return all;
}

}  // namespace wakeful::serving
