#include "streams/key_detector.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "platform/core/error.hpp"
#include "streams/windows.hpp"

namespace wakeful::streams {
namespace {

constexpr std::int64_t kMostMissing = 1'000;  // steps of a gap that are told; a longer one is no different
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

const std::array<std::string, 1>& channel() {
  static const std::array<std::string, 1> name = {"value"};
  return name;
}

std::optional<double> present(const std::vector<double>& column) {
  return column.empty() || std::isnan(column.front()) ? std::nullopt : std::optional(column.front());
}

[[noreturn]] void refuse() { throw core::invalid("the state of a key's detector does not fit together", "state"); }

std::size_t take_count(const std::vector<double>& numbers, std::size_t& at) {
  if (at >= numbers.size() || !(numbers[at] >= 0) || numbers[at] != std::floor(numbers[at]) || numbers[at] > 1e9)
    refuse();
  return static_cast<std::size_t>(numbers[at++]);
}

std::string bytes_of(const detectors::Detector& detector) {
  detectors::ModelWriter writer;
  detector.save(writer);
  return writer.bytes();
}

/// Bytes among numbers: eight to each, the last one filled up.
std::size_t cells_of(std::string_view bytes) { return (bytes.size() + 7) / 8; }

}  // namespace

void KeyDetector::pass_over(std::int64_t start, std::int64_t step) {
  const std::int64_t missing = last_ < 0 ? 0 : std::min((start - last_) / step - 1, kMostMissing);
  last_ = start;
  for (std::int64_t i = 0; i < missing; ++i) {
    if (detector_)
      detector_->update(std::array{kMissing}, scores_);
    else
      learning_.push_back(kMissing);
  }
}

std::optional<Verdict> KeyDetector::judge(const KeyAlgorithm& algorithm, std::int64_t start, std::int64_t step,
                                          double value) {
  pass_over(start, step);
  if (!detector_) {
    learning_.push_back(value);
    const auto values = std::count_if(learning_.begin(), learning_.end(), [](double v) { return !std::isnan(v); });
    if (values < algorithm.train) return std::nullopt;
    auto fresh = detectors::make_detector(*algorithm.row, algorithm.parameters);
    fresh->train(detectors::FrameView(channel(), learning_));
    detector_ = std::move(fresh);
    scores_ = detector_->room_for(1);
    model_cells_ = cells_of(bytes_of(*detector_));
    learning_ = {};
    return std::nullopt;
  }
  detector_->update(std::array{value}, scores_);
  if (std::isnan(scores_.anomaly_score.front())) return std::nullopt;
  return Verdict{.score = scores_.anomaly_score.front(),
                 .expected = present(scores_.yhat),
                 .lower = present(scores_.yhat_lower),
                 .upper = present(scores_.yhat_upper)};
}

void KeyDetector::save(std::vector<double>& out) const {
  out.push_back(static_cast<double>(last_));
  out.push_back(static_cast<double>(learning_.size()));
  out.insert(out.end(), learning_.begin(), learning_.end());
  const std::string model = detector_ ? bytes_of(*detector_) : std::string();
  out.push_back(static_cast<double>(model.size()));
  const std::size_t first = out.size();
  out.resize(first + cells_of(model));
  std::memcpy(out.data() + first, model.data(), model.size());
}

void KeyDetector::read(const std::vector<double>& numbers, std::size_t& at) {
  last_ = read_whole(numbers, at);
  const std::size_t learning = take_count(numbers, at);
  if (learning > numbers.size() - at) refuse();
  learning_.assign(numbers.begin() + static_cast<std::ptrdiff_t>(at),
                   numbers.begin() + static_cast<std::ptrdiff_t>(at + learning));
  at += learning;
  const std::size_t size = take_count(numbers, at), cells = (size + 7) / 8;
  if (cells > numbers.size() - at) refuse();
  if (size > 0) {
    std::string model(size, '\0');
    std::memcpy(model.data(), numbers.data() + at, size);
    detector_ = detectors::load_detector(detectors::ModelReader(model));
    if (detector_->channels().size() != 1) refuse();
    scores_ = detector_->room_for(1);
  }
  model_cells_ = cells;
  at += cells;
}

}  // namespace wakeful::streams
