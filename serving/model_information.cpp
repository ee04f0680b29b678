#include "serving/model_information.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "detectors/catalog.hpp"
#include "detectors/raw_rows.hpp"
#include "platform/core/json.hpp"

namespace wakeful::serving {
namespace {

void write_inputs(core::JsonWriter& json, const ServedModel& model) {
  constexpr std::string_view kTypes[] = {"time", "text", "number"};  // in the order of RawColumn::Kind
  Wanted wanted = wanted_by(model);
  for (std::string& channel : wanted.channels) wanted.raw.push_back({.name = std::move(channel)});
  json.key("inputs").begin_array();
  for (const auto& [name, kind] : wanted.raw)
    json.begin_object().member("name", name).member("type", kTypes[static_cast<std::size_t>(kind)]).end_object();
  json.end_array();
}

/// A forest alone also tells its parameters by scikit-learn's names.
void write_forest(core::JsonWriter& json, const detectors::Detector& detector) {
  if (detector.catalog_row().name != "isolation_forest") return;
  const detectors::Parameters& given = detector.parameters();
  json.member("n_estimators", given.integer("trees")).member("max_samples", given.integer("sample"));
  const auto contamination = given.find_real("contamination");
  json.key("contamination");
  contamination ? json.value(*contamination) : json.value("auto");
  json.member("random_state", given.integer("seed")).member("max_features", 1.0).member("bootstrap", false);
  json.key("n_jobs").null().member("verbose", 0).member("warm_start", false);
}

}  // namespace

Wanted wanted_by(const ServedModel& model) {
  if (model.features()) return {.raw = model.features()->raw_columns()};
  Wanted out;
  auto& names = out.channels;
  for (std::size_t i = 0; i < model.size(); ++i)
    names.insert(names.end(), model.detector(i).channels().begin(), model.detector(i).channels().end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return out;
}

std::string information_of(const ServedModel& model) {
  core::JsonWriter json;
  json.begin_object().member("model", model.version().name).member("version", model.version().version);
  json.member("source", model.version().source);
  write_inputs(json, model);
  if (model.size() == 1) write_forest(json, model.detector(0));
  json.key("detectors").begin_array();
  for (std::size_t i = 0; i < model.size(); ++i) json.raw(model.detector(i).describe());
  return json.end_array().end_object().take();
}

}  // namespace wakeful::serving
