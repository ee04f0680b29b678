// include/wakeful/detectors.h on the classes of detectors/: no exception leaves, and nothing is trusted that comes in.
#include "wakeful/detectors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "detectors/catalog.hpp"
#include "detectors/detector.hpp"
#include "detectors/features.hpp"
#include "detectors/model_file.hpp"
#include "detectors/raw_rows.hpp"
#include "platform/core/error.hpp"

using wakeful::detectors::Detector;
using wakeful::detectors::FeatureTable;
using wakeful::detectors::Frame;
using wakeful::detectors::FrameView;
using wakeful::detectors::NamedDetector;
using wakeful::detectors::RawColumn;
using wakeful::detectors::RawRows;
using wakeful::detectors::Scores;

struct wakeful_model {
  std::vector<NamedDetector> detectors;
  std::string position;
  std::optional<FeatureTable> features;
  std::vector<RawColumn> inputs;  // of the features
};

namespace {

/// More would not fit into memory's arithmetic, whatever the caller says.
constexpr std::size_t kMostCells = std::size_t{1} << 40U;

void tell(char* error, std::size_t size, std::string_view why) {
  if (error == nullptr || size == 0) return;
  const std::size_t length = std::min(why.size(), size - 1);
  std::memcpy(error, why.data(), length);
  error[length] = '\0';
}

/// What `act` returns, or `failed` with the reason told.
template <class T, class F>
T guarded(T failed, char* error, std::size_t size, F&& act) {
  try {
    return act();
  } catch (const std::exception& e) {
    tell(error, size, e.what());
  } catch (...) {
    tell(error, size, "unknown failure");
  }
  return failed;
}

wakeful_model* make_model(std::string_view bytes) {
  auto model = std::make_unique<wakeful_model>();
  if (wakeful::detectors::ModelReader(bytes).has("detectors")) {
    model->detectors = wakeful::detectors::load_detectors(bytes);
    model->position = wakeful::detectors::position_of(bytes);
    model->features = wakeful::detectors::find_features(bytes);
    if (model->features) model->inputs = model->features->raw_columns();
  } else {  // one alone, as save_detector writes it
    model->detectors.push_back({.name = "", .detector = wakeful::detectors::load_detector(bytes)});
    model->detectors.front().name = model->detectors.front().detector->algorithm();
  }
  return model.release();
}

const Detector* find(const wakeful_model* model, std::size_t i) {
  return model != nullptr && i < model->detectors.size() ? model->detectors[i].detector.get() : nullptr;
}

void copy_out(double* to, const std::vector<double>& from, std::size_t count) {
  if (to == nullptr) return;
  if (from.empty()) {
    std::fill_n(to, count, std::numeric_limits<double>::quiet_NaN());
  } else {
    std::copy(from.begin(), from.end(), to);
  }
}

/// Infinities are missing values, as everywhere.
std::vector<double> cleaned(const double* rows, std::size_t count) {
  std::vector<double> values(rows, rows + count);
  for (double& v : values)
    if (std::isinf(v)) v = std::numeric_limits<double>::quiet_NaN();
  return values;
}

/// What is asked about, checked: so many rows of so many cells that memory may hold.
void check(const Detector* detector, const void* cells, std::size_t row_count, const wakeful_scores* out) {
  if (detector == nullptr) throw wakeful::core::invalid("no such detector", "detector");
  if (row_count > kMostCells / detector->channels().size()) throw wakeful::core::invalid("too many rows", "row_count");
  if (out == nullptr || (cells == nullptr && row_count > 0))
    throw wakeful::core::invalid("rows and out are needed", "rows");
}

void copy_out(const wakeful_scores& out, const Scores& found, std::size_t row_count, std::size_t cells) {
  copy_out(out.anomaly_score, found.anomaly_score, row_count);
  copy_out(out.channel_score, found.channel_score, cells);
  copy_out(out.expected, found.yhat, cells);
  copy_out(out.lower, found.yhat_lower, cells);
  copy_out(out.upper, found.yhat_upper, cells);
}

/// The numbers of a model whose only raw column they are.
Frame encoded(const wakeful_model& model, std::vector<double> values) {
  if (model.inputs.size() != 1 || model.inputs.front().kind != RawColumn::Kind::number) {
    throw wakeful::core::invalid(
        fmt::format("the model takes columns, not rows of numbers: {} (wakeful_detectors_score_columns)",
                    wakeful::detectors::words_of(model.inputs)),
        "rows");
  }
  const std::size_t rows = values.size();
  return encode(*model.features, RawRows{.rows = rows, .values = std::move(values)});
}

template <class ScoresOf>
int score(const wakeful_model* model, const Detector* detector, const double* rows, std::size_t row_count,
          const wakeful_scores* out, ScoresOf&& scores_of) {
  check(detector, rows, row_count, out);
  const std::size_t cells = row_count * detector->channels().size();
  if (cells == 0) return 0;
  std::vector<double> values = cleaned(rows, cells);
  const Scores found = model->features ? scores_of(encoded(*model, std::move(values)))
                                       : scores_of(FrameView(detector->channels(), values));
  copy_out(*out, found, row_count, cells);
  return 0;
}

/// A copy of the caller's cells. Errors: invalid, naming the column that is not there.
RawRows raw_rows(const wakeful_model& model, const wakeful_column* columns, std::size_t row_count) {
  const std::size_t width = model.features->rules().encode.size();
  RawRows raw{.rows = row_count};
  raw.categories.resize(row_count * width);
  std::size_t category = 0;
  for (std::size_t c = 0; c < model.inputs.size(); ++c) {
    const auto& [name, kind] = model.inputs[c];
    const auto& [texts, numbers] = columns[c];
    if (kind == RawColumn::Kind::number ? numbers == nullptr : texts == nullptr)
      throw wakeful::core::invalid(fmt::format("there is no column '{}', which the model takes", name), name);
    const auto text = [&texts = texts](std::size_t i) { return texts[i] == nullptr ? "" : texts[i]; };
    if (kind == RawColumn::Kind::number) raw.values.assign(numbers, numbers + row_count);
    if (kind == RawColumn::Kind::time)
      for (std::size_t i = 0; i < row_count; ++i) raw.times.emplace_back(text(i));
    if (kind != RawColumn::Kind::text) continue;
    for (std::size_t i = 0; i < row_count; ++i) raw.categories[i * width + category] = text(i);
    ++category;
  }
  return raw;
}

const RawColumn* find_input(const wakeful_model* model, std::size_t i) {
  return model != nullptr && i < model->inputs.size() ? &model->inputs[i] : nullptr;
}

}  // namespace

extern "C" {

uint32_t wakeful_detectors_abi_version(void) { return WAKEFUL_DETECTORS_ABI_VERSION; }

wakeful_model* wakeful_detectors_open(const char* path, char* error, size_t error_size) {
  return guarded<wakeful_model*>(nullptr, error, error_size, [&] {
    if (path == nullptr) throw wakeful::core::invalid("path is needed", "path");
    return make_model(wakeful::detectors::MappedFile(path).bytes());
  });
}

wakeful_model* wakeful_detectors_read(const void* bytes, size_t size, char* error, size_t error_size) {
  return guarded<wakeful_model*>(nullptr, error, error_size, [&] {
    if (bytes == nullptr) throw wakeful::core::invalid("bytes are needed", "bytes");
    const std::string aligned(static_cast<const char*>(bytes), size);  // a string's bytes are; the caller's may not be
    return make_model(aligned);
  });
}

void wakeful_detectors_close(wakeful_model* model) { delete model; }

const char* wakeful_detectors_position(const wakeful_model* model) {
  return model == nullptr ? "" : model->position.c_str();
}

size_t wakeful_detectors_count(const wakeful_model* model) { return model == nullptr ? 0 : model->detectors.size(); }

const char* wakeful_detectors_name(const wakeful_model* model, size_t detector) {
  return find(model, detector) == nullptr ? nullptr : model->detectors[detector].name.c_str();
}

const char* wakeful_detectors_algorithm(const wakeful_model* model, size_t detector) {
  const Detector* found = find(model, detector);
  return found == nullptr ? nullptr : found->algorithm().data();  // the catalog's, which ends in a NUL
}

size_t wakeful_detectors_channels(const wakeful_model* model, size_t detector) {
  const Detector* found = find(model, detector);
  return found == nullptr ? 0 : found->channels().size();
}

const char* wakeful_detectors_channel(const wakeful_model* model, size_t detector, size_t channel) {
  const Detector* found = find(model, detector);
  return found == nullptr || channel >= found->channels().size() ? nullptr : found->channels()[channel].c_str();
}

int wakeful_detectors_per_channel(const wakeful_model* model, size_t detector) {
  const Detector* found = find(model, detector);
  return found != nullptr && found->catalog_row().per_channel ? 1 : 0;
}

int wakeful_detectors_score(const wakeful_model* model, size_t detector, const double* rows, size_t row_count,
                            const wakeful_scores* out, char* error, size_t error_size) {
  return guarded(1, error, error_size, [&] {
    const Detector* found = find(model, detector);
    return score(model, found, rows, row_count, out, [&](const FrameView& frame) { return found->score(frame); });
  });
}

int wakeful_detectors_update(wakeful_model* model, size_t detector, const double* rows, size_t row_count,
                             const wakeful_scores* out, char* error, size_t error_size) {
  return guarded(1, error, error_size, [&] {
    const Detector* found = find(model, detector);
    return score(model, found, rows, row_count, out,
                 [&](const FrameView& frame) { return model->detectors[detector].detector->update(frame); });
  });
}

size_t wakeful_detectors_inputs(const wakeful_model* model) { return model == nullptr ? 0 : model->inputs.size(); }

const char* wakeful_detectors_input(const wakeful_model* model, size_t input) {
  const RawColumn* found = find_input(model, input);
  return found == nullptr ? nullptr : found->name.c_str();
}

int wakeful_detectors_input_kind(const wakeful_model* model, size_t input) {
  const RawColumn* found = find_input(model, input);
  if (found == nullptr) return 0;
  if (found->kind == RawColumn::Kind::time) return WAKEFUL_INPUT_TIME;
  return found->kind == RawColumn::Kind::text ? WAKEFUL_INPUT_TEXT : WAKEFUL_INPUT_NUMBER;
}

int wakeful_detectors_score_columns(const wakeful_model* model, size_t detector, const wakeful_column* columns,
                                    size_t row_count, const wakeful_scores* out, char* error, size_t error_size) {
  return guarded(1, error, error_size, [&] {
    const Detector* found = find(model, detector);
    check(found, columns, row_count, out);
    if (!model->features) throw wakeful::core::invalid("the model takes rows of numbers, not columns", "columns");
    if (row_count == 0) return 0;
    const Frame frame = encode(*model->features, raw_rows(*model, columns, row_count));
    copy_out(*out, found->score(frame), row_count, row_count * found->channels().size());
    return 0;
  });
}

}  // extern "C"
