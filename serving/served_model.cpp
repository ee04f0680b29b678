#include "serving/served_model.hpp"

#include "client/files.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"

namespace wakeful::serving {
namespace {

constexpr std::uint64_t kLargestModel = 256U << 20U;

std::vector<detectors::NamedDetector> read_detectors(std::string_view file) {
  if (detectors::ModelReader(file).has("detectors")) return detectors::load_detectors(file);
  std::vector<detectors::NamedDetector> alone;  // as the fit/predict API stores them
  alone.push_back({.name = {}, .detector = detectors::load_detector(file)});
  alone.front().name = alone.front().detector->algorithm();
  return alone;
}

}  // namespace

ServedModel::ServedModel(registry::ModelVersion version, std::string_view file)
    : version_(std::move(version)),
      detectors_(read_detectors(file)),
      features_(detectors::find_features(file)),
      idle_(detectors_.size()) {
  if (detectors_.empty()) throw core::invalid("the model file holds no detector", "model");
}

std::shared_ptr<const ServedModel> ServedModel::load(const client::Server& server,
                                                     const registry::ModelVersion& version) {
  // A version's source is a folder with the file in it, or the file.
  std::string file;
  try {
    file = client::download(server, client::join_uri(version.source, monitor::kModelFile), kLargestModel);
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::not_found && e.code() != core::ErrorCode::invalid) throw;
    file = client::download(server, version.source, kLargestModel);
  }
  return std::make_shared<ServedModel>(version, file);
}

detectors::Scores ServedModel::score(std::size_t i, const detectors::FrameView& rows) const {
  const detectors::Detector& original = *detectors_[i].detector;
  if (original.follows_rows()) return original.score(rows);
  std::unique_ptr<detectors::Detector> copy;
  {
    core::Lock lock(mutex_);
    if (!idle_[i].empty()) {
      copy = std::move(idle_[i].back());
      idle_[i].pop_back();
    }
  }
  if (!copy) copy = original.clone();
  detectors::Scores scores = copy->update(rows);
  core::Lock lock(mutex_);
  idle_[i].push_back(std::move(copy));
  return scores;
}

}  // namespace wakeful::serving
