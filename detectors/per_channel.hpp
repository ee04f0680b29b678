#pragma once
// Makes a detector of a method for one series: every channel gets its own copy, the row's score is the largest.
//
// A method is a class with the members that PerChannel calls below; it sees one channel's values in order and knows
// nothing of frames, files or other channels. One that knows days and weeks has a member `set_times`, which is told the
// training's times before `learn`. Internal to detectors/*.cpp.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "detectors/catalog.hpp"
#include "detectors/detector.hpp"
#include "detectors/packing.hpp"

namespace wakeful::detectors {

enum class Direction { both, up, down };

inline Direction direction_of(const Parameters& parameters) {
  const std::string& word = parameters.choice("direction");
  return word == "up" ? Direction::up : word == "down" ? Direction::down : Direction::both;
}

/// One value's results; NaN is "none".
struct Point {
  double score = std::numeric_limits<double>::quiet_NaN();
  double yhat = std::numeric_limits<double>::quiet_NaN();
  double lower = std::numeric_limits<double>::quiet_NaN();
  double upper = std::numeric_limits<double>::quiet_NaN();
};

/// The residual y - yhat against a limit > 0: a score above 1 exactly when it lies beyond the limit in a direction that
/// counts, and the band that says the same. A missing y gets no score, but still its band.
inline Point judge(double y, double yhat, double limit, Direction direction) {
  Point out;
  out.yhat = yhat;
  if (direction != Direction::up) out.lower = yhat - limit;
  if (direction != Direction::down) out.upper = yhat + limit;
  const double residual = y - yhat;
  if (std::isnan(residual)) return out;
  const double size = direction == Direction::both ? std::abs(residual)
                      : direction == Direction::up ? std::max(residual, 0.0)
                                                   : std::max(-residual, 0.0);
  out.score = std::min(size / limit, kHighestScore);
  if (size > limit && out.score <= 1) out.score = std::nextafter(1.0, 2.0);  // the division rounded it away
  return out;
}

/// Methods subtract and scale without a thought of overflow.
inline double tame(double y) { return std::isnan(y) ? y : std::clamp(y, -1e300, 1e300); }

template <class Method>
class PerChannel final : public Detector {
 public:
  PerChannel(const CatalogRow& row, const Parameters& parameters) : Detector(row, parameters), blank_(parameters) {}

  std::unique_ptr<Detector> clone() const override { return std::make_unique<PerChannel>(*this); }

  std::vector<Fact> facts() const override {
    std::vector<Fact> out;
    for (std::size_t i = 0; i < methods_.size(); ++i) methods_[i].add_facts(channels()[i], out);
    return out;
  }

 protected:
  Outputs outputs() const override { return {}; }

  void learn(const FrameView& training) override {
    methods_.assign(training.channels(), blank_);
    for (std::size_t i = 0; i < methods_.size(); ++i) {
      std::vector<double> values = training.channel(i);
      std::transform(values.begin(), values.end(), values.begin(), tame);
      if constexpr (requires(Method & m) { m.set_times(training.times()); }) methods_[i].set_times(training.times());
      methods_[i].learn(values);
    }
  }

  void begin(std::size_t count) override { methods_.assign(count, blank_); }

  void step(std::span<const double> row, RowScore out) override {
    double largest = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Point point = methods_[i].step(tame(row[i]));
      out.channel_score[i] = point.score;
      out.yhat[i] = point.yhat;
      out.yhat_lower[i] = point.lower;
      out.yhat_upper[i] = point.upper;
      largest = std::fmax(largest, point.score);  // fmax passes over NaN
    }
    out.anomaly_score = largest;
  }

  void save_state(ModelWriter& out, std::string_view prefix) const override {
    Packer all;
    for (const Method& method : methods_) method.pack(all);
    out.add_reals(std::string(prefix) + "channels_state", all.values());
  }

  void load_state(const ModelReader& in, std::string_view prefix) override {
    Unpacker all(in.reals(std::string(prefix) + "channels_state"));
    methods_.assign(channels().size(), blank_);
    for (Method& method : methods_) method.unpack(all);
    all.end();
  }

 private:
  Method blank_;
  std::vector<Method> methods_;
};

}  // namespace wakeful::detectors
