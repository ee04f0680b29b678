#include "detectors/detector.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "detectors/catalog.hpp"
#include "detectors/features.hpp"
#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::span<double> row_of(std::vector<double>& values, std::size_t i, std::size_t channels) {
  return values.empty() ? std::span<double>() : std::span(values).subspan(i * channels, channels);
}

void append_to(std::vector<double>& values, const std::vector<double>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

std::string under(std::string_view prefix, std::string_view name) { return std::string(prefix) + std::string(name); }

core::Error refuse(const std::string& why) { return core::invalid("model file: " + why, "model"); }

}  // namespace

RowScore Scores::row(std::size_t i) {
  return {anomaly_score[i], row_of(channel_score, i, channels), row_of(yhat, i, channels),
          row_of(yhat_lower, i, channels), row_of(yhat_upper, i, channels)};
}

void Scores::append(const Scores& more) {
  if (rows() == 0) {
    *this = more;
    return;
  }
  append_to(y, more.y);
  append_to(yhat, more.yhat);
  append_to(yhat_lower, more.yhat_lower);
  append_to(yhat_upper, more.yhat_upper);
  append_to(anomaly_score, more.anomaly_score);
  append_to(channel_score, more.channel_score);
}

std::string_view Detector::algorithm() const { return row_->name; }

Scores Detector::room_for(std::size_t rows) const {
  Scores out;
  out.channels = names_.size();
  const std::size_t cells = rows * names_.size();
  const Outputs has = outputs();
  out.y.assign(cells, kNaN);
  out.anomaly_score.assign(rows, kNaN);
  if (has.channel_score) out.channel_score.assign(cells, kNaN);
  if (has.expected) {
    out.yhat.assign(cells, kNaN);
    out.yhat_lower.assign(cells, kNaN);
    out.yhat_upper.assign(cells, kNaN);
  }
  return out;
}

void Detector::learn_rows(const FrameView& training) {
  if (training.rows() == 0 || training.channels() == 0) throw core::invalid("training data has no rows", "training");
  names_.assign(training.names().begin(), training.names().end());
  training_rows_ = training.rows();
  learn(training);
}

Scores Detector::fit(const FrameView& training) {
  learn_rows(training);
  return update(training);
}

void Detector::train(const FrameView& training, std::optional<std::size_t> rows) {
  learn_rows(training);
  if (!has_position()) return;
  Scores room = room_for(1);
  const std::size_t end = std::min(rows.value_or(training.rows()), training.rows());
  for (std::size_t i = 0; i < end; ++i) step(training.row(i), room.row(0));
}

void Detector::start(std::span<const std::string> channels) {
  if (!row_->online) {
    throw core::invalid(fmt::format("{} needs training rows: it does not learn while it scores", row_->name),
                        "training");
  }
  if (channels.empty()) throw core::invalid("a detector needs at least one channel", "channels");
  names_.assign(channels.begin(), channels.end());
  training_rows_ = 0;
  begin(names_.size());
}

Scores Detector::update(const FrameView& rows) {
  if (!ready()) throw core::invalid(fmt::format("{} has not been trained", row_->name), "training");
  if (!std::equal(names_.begin(), names_.end(), rows.names().begin(), rows.names().end())) {
    throw core::invalid(fmt::format("{} was trained on {} channels, beginning with '{}'; these rows have others",
                                    row_->name, names_.size(), names_.front()),
                        "channels");
  }
  Scores out = room_for(rows.rows());
  std::copy(rows.values().begin(), rows.values().end(), out.y.begin());
  step_rows(rows, out);
  return out;
}

void Detector::update(std::span<const double> row, Scores& out) {
  if (row.size() != names_.size() || out.channels != row.size() || out.rows() == 0) {
    throw core::invalid(fmt::format("{} scores rows of {} channels", row_->name, names_.size()), "channels");
  }
  std::copy(row.begin(), row.end(), out.y.begin());
  RowScore cleared = out.row(0);
  cleared.anomaly_score = kNaN;
  for (std::span<double> part : {cleared.channel_score, cleared.yhat, cleared.yhat_lower, cleared.yhat_upper}) {
    std::fill(part.begin(), part.end(), kNaN);
  }
  step(row, cleared);
}

void Detector::step_rows(const FrameView& rows, Scores& out) {
  for (std::size_t i = 0; i < rows.rows(); ++i) step(rows.row(i), out.row(i));
}

Scores Detector::score(const FrameView& rows) const { return clone()->update(rows); }

std::string Detector::describe() const {
  core::JsonWriter out;
  out.begin_object().member("algorithm", row_->name).key("parameters").raw(parameters_.json());
  out.key("channels").begin_array();
  for (const std::string& name : names_) out.value(name);
  out.end_array().member("training_rows", static_cast<std::int64_t>(training_rows_)).key("facts").begin_object();
  for (const Fact& fact : facts()) out.member(fact.name, fact.value);
  return out.end_object().end_object().take();
}

void Detector::save(ModelWriter& out, std::string_view prefix) const {
  if (!ready()) throw core::invalid(fmt::format("{} has not been trained", row_->name), "training");
  out.add_text(under(prefix, "algorithm"), row_->name);
  out.add_text(under(prefix, "parameters"), parameters_.json());
  core::JsonWriter names;
  names.begin_object().key("channels").begin_array();
  for (const std::string& name : names_) names.value(name);
  out.add_text(under(prefix, "channels"), names.end_array().end_object().text());
  out.add_integers(under(prefix, "training_rows"), std::vector{static_cast<std::int64_t>(training_rows_)});
  save_state(out, prefix);
}

std::unique_ptr<Detector> load_detector(const ModelReader& in, std::string_view prefix) {
  const std::string_view algorithm = in.text(under(prefix, "algorithm"));
  const CatalogRow* row = find_algorithm(algorithm);
  if (row == nullptr) throw refuse(fmt::format("holds the unknown algorithm '{}'", algorithm));
  const auto parameters = core::parse_json(in.text(under(prefix, "parameters")));
  auto detector = row->make(*row, read_parameters(row->parameters, core::ObjectReader(parameters.root())));
  const auto channels = core::parse_json(in.text(under(prefix, "channels")));
  detector->names_ = core::ObjectReader(channels.root()).texts("channels");
  if (detector->names_.empty()) throw refuse("has no channels");
  detector->training_rows_ = static_cast<std::uint64_t>(in.integers(under(prefix, "training_rows"), 1)[0]);
  detector->load_state(in, prefix);
  return detector;
}

std::string save_detector(const Detector& detector) {
  ModelWriter out;
  detector.save(out);
  return out.bytes();
}

std::unique_ptr<Detector> load_detector(std::string_view file) { return load_detector(ModelReader(file)); }

std::string save_detectors(std::span<const NamedDetector> detectors, std::string_view position) {
  return save_detectors(detectors, position, std::nullopt);
}

std::string save_detectors(std::span<const NamedDetector> detectors, std::string_view position,
                           const std::optional<FeatureTable>& features) {
  ModelWriter out;
  core::JsonWriter names;
  names.begin_object().key("detectors").begin_array();
  for (const NamedDetector& d : detectors) names.value(d.name);
  out.add_text("detectors", names.end_array().end_object().text());
  if (!position.empty()) out.add_text("position", position);
  if (features) features->save(out);
  for (std::size_t i = 0; i < detectors.size(); ++i) detectors[i].detector->save(out, std::to_string(i) + "/");
  return out.bytes();
}

std::vector<NamedDetector> load_detectors(std::string_view file) {
  const ModelReader in(file);
  const auto names = core::parse_json(in.text("detectors"));
  std::vector<NamedDetector> out;
  for (std::string& name : core::ObjectReader(names.root()).texts("detectors")) {
    const std::string prefix = std::to_string(out.size()) + "/";
    out.push_back({std::move(name), load_detector(in, prefix)});
  }
  return out;
}

std::string position_of(std::string_view file) {
  const ModelReader in(file);
  return in.has("position") ? std::string(in.text("position")) : std::string();
}

}  // namespace wakeful::detectors
