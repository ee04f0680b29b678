#include "detectors/synchroniser.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "detectors/spectrum.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

/// Kingma and Ba 2015 in doubles, for a handful of numbers (dense.hpp has the one for many).
void descend(std::span<double> weights, std::span<const double> gradients, std::vector<double>& mean,
             std::vector<double>& square, std::uint64_t step) {
  constexpr double kRate = 1e-3, kMeanDecay = 0.9, kSquareDecay = 0.999, kEpsilon = 1e-7;
  mean.resize(weights.size(), 0.0);
  square.resize(weights.size(), 0.0);
  const auto t = static_cast<double>(step);
  const double rate = kRate * std::sqrt(1 - std::pow(kSquareDecay, t)) / (1 - std::pow(kMeanDecay, t));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    mean[i] = kMeanDecay * mean[i] + (1 - kMeanDecay) * gradients[i];
    square[i] = kSquareDecay * square[i] + (1 - kSquareDecay) * gradients[i] * gradients[i];
    weights[i] -= rate * mean[i] / (std::sqrt(square[i]) + kEpsilon);
  }
}

/// Of the median loss |e| / 2 by what is subtracted in e.
double median_slope(double e) { return e >= 0 ? -0.5 : 0.5; }

/// The rows' first component under absolute errors: a linear autoencoder of one unit.
class Component {
 public:
  Component(std::size_t features, core::Random& chance) : features_(features), weights_(3 * features + 1, 0.0) {
    const double limit = std::sqrt(6.0 / static_cast<double>(features + 1));
    for (std::size_t i = 0; i < 2 * features; ++i) weights_[i] = (2 * chance.uniform() - 1) * limit;
  }

  double value(std::span<const double> row) const {
    double z = weights_.back();
    for (std::size_t j = 0; j < features_; ++j) z += row[j] * weights_[j];
    return z;
  }

  void train(std::span<const double> rows, std::span<const std::size_t> batch) {
    std::vector<double> gradients(weights_.size(), 0.0);
    for (const std::size_t i : batch) {
      const auto row = rows.subspan(i * features_, features_);
      const double z = value(row);
      double d_z = 0;
      for (std::size_t j = 0; j < features_; ++j) {
        const double slope = median_slope(row[j] - (z * weights_[features_ + j] + weights_[2 * features_ + j]));
        gradients[features_ + j] += slope * z;
        gradients[2 * features_ + j] += slope;
        d_z += slope * weights_[features_ + j];
      }
      for (std::size_t j = 0; j < features_; ++j) gradients[j] += d_z * row[j];
      gradients.back() += d_z;
    }
    descend(weights_, gradients, mean_, square_, ++steps_);
  }

 private:
  std::size_t features_;
  std::vector<double> weights_;  // in, out, biases out, bias in
  std::vector<double> mean_, square_;
  std::uint64_t steps_ = 0;
};

/// Which of the peaks are waves: bin numbers, the strongest first.
std::vector<std::size_t> waves_among(std::vector<std::size_t> peaks, const FrequencyTerms& terms) {
  peaks.resize(std::min(peaks.size(), terms.least_periods + terms.most));
  const auto is_wave = [&](std::size_t bin) { return bin >= terms.least_periods; };
  const auto first = peaks.begin() + static_cast<std::ptrdiff_t>(std::min(peaks.size(), terms.least_periods));
  if (std::none_of(peaks.begin(), first, is_wave)) return {};
  std::vector<std::size_t> waves;
  std::copy_if(peaks.begin(), peaks.end(), std::back_inserter(waves), is_wave);
  waves.resize(std::min(waves.size(), terms.most));
  return waves;
}

}  // namespace

std::vector<double> find_frequencies(std::span<const double> rows, std::size_t features, const FrequencyTerms& terms,
                                     core::Random& chance) {
  const std::size_t n = rows.size() / features;
  Component component(features, chance);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t epoch = 0; epoch < terms.epochs; ++epoch) {
    core::shuffle(order, chance);
    for (std::size_t first = 0; first < n; first += terms.batch)
      component.train(rows, std::span(order).subspan(first, std::min(terms.batch, n - first)));
  }
  std::vector<double> series(n);
  for (std::size_t i = 0; i < n; ++i) series[i] = component.value(rows.subspan(i * features, features));
  const auto [low, high] = std::minmax_element(series.begin(), series.end());
  if (n < 2 || !(*low < *high)) return {};
  const double least = *low, range = *high - *low;
  for (double& z : series) z = 2 * (z - least) / range - 1;
  std::vector<double> frequencies;
  for (const std::size_t bin : waves_among(find_peaks(power_spectrum(series), terms.distance), terms))
    frequencies.push_back(kTurn * static_cast<double>(bin) / static_cast<double>(n));
  return frequencies;
}

Synchroniser::Synchroniser(std::size_t features, std::vector<double> frequencies)
    : features_(features),
      frequencies_(std::move(frequencies)),
      weights_(features * (2 * frequencies_.size() + 1), 0.0),
      damping_(features, 1.0) {
  prepare();
}

void Synchroniser::free_frequencies(double first, double last) {
  middle_ = (first + last) / 2;
  half_ = (last - first) / 2;
}

void Synchroniser::train(std::span<const double> rows, std::span<const double> times) {
  std::vector<double> gradients(weights_.size(), 0.0), turning(count(), 0.0);
  const std::size_t phases = features_ * count(), offsets = 2 * phases;
  Turns turns;
  for (std::size_t r = 0; r < times.size(); ++r) {
    turn(times[r], turns);
    const double away = half_ > 0 ? (times[r] - middle_) / half_ : 0;
    for (std::size_t j = 0; j < features_; ++j) {
      const double slope = median_slope(rows[r * features_ + j] - wave(j, turns, phase_cos_, phase_sin_));
      gradients[offsets + j] += slope;
      for (std::size_t k = 0, i = j * count(); k < count(); ++k, ++i) {
        const double sine = turns.sines[k] * phase_cos_[i] + turns.cosines[k] * phase_sin_[i];
        const double cosine = turns.cosines[k] * phase_cos_[i] - turns.sines[k] * phase_sin_[i];
        gradients[i] += slope * sine;
        gradients[phases + i] += slope * weights_[i] * cosine;
        turning[k] += slope * weights_[i] * cosine * away;
      }
    }
  }
  descend(weights_, gradients, mean_, square_, ++steps_);
  if (half_ > 0) move_frequencies(turning);
  prepare();
}

/// A frequency's own unit is of no use to the optimiser: its step of a thousandth would be whole turns at the
/// training's end. Moved is the angle there, as seen from the middle, whose phase stays: the phase at time 0 goes
/// along.
void Synchroniser::move_frequencies(std::span<const double> gradients) {
  std::vector<double> moves(count(), 0.0);
  descend(moves, gradients, turning_mean_, turning_square_, steps_);
  const double slowest = 1 / (2 * half_);  // less than any wave's that is none of a trend
  for (std::size_t k = 0; k < count(); ++k) {
    const double before = frequencies_[k];
    frequencies_[k] = std::clamp(before + moves[k] / half_, std::min(slowest, before), kTurn / 2);
    for (std::size_t j = 0; j < features_; ++j)
      weights_[features_ * count() + j * count() + k] -= (frequencies_[k] - before) * middle_;
  }
}

void Synchroniser::turn(double t, Turns& out) const {
  for (std::size_t k = 0; k < count(); ++k) {
    out.sines[k] = std::sin(frequencies_[k] * t);
    out.cosines[k] = std::cos(frequencies_[k] * t);
  }
}

double Synchroniser::wave(std::size_t j, const Turns& turns, std::span<const double> cosines,
                          std::span<const double> sines) const {
  double sum = weights_[2 * features_ * count() + j];
  for (std::size_t k = 0, i = j * count(); k < count(); ++k, ++i)
    sum += weights_[i] * (turns.sines[k] * cosines[i] + turns.cosines[k] * sines[i]);
  return sum;
}

void Synchroniser::prepare() {
  const std::size_t phases = features_ * count();
  for (std::vector<double>* all : {&phase_cos_, &phase_sin_, &step_cos_, &step_sin_}) all->resize(phases);
  for (std::size_t j = 0; active() && j < features_; ++j) {
    const double first = weights_[phases + j * count()];
    damping_[j] = std::cos(first);
    for (std::size_t k = 0, i = j * count(); k < count(); ++k, ++i) {
      const double in_step = weights_[phases + i] - frequencies_[k] / frequencies_[0] * first;
      phase_cos_[i] = std::cos(weights_[phases + i]);
      phase_sin_[i] = std::sin(weights_[phases + i]);
      step_cos_[i] = std::cos(in_step);
      step_sin_[i] = std::sin(in_step);
    }
  }
}

void Synchroniser::turn_positive() {
  for (std::size_t j = 0; j < features_; ++j) {
    double& amplitude = weights_[j * count()];
    double& phase = weights_[features_ * count() + j * count()];
    if (amplitude >= 0) continue;
    amplitude = -amplitude;
    phase += phase + kTurn / 2 > kTurn ? -kTurn / 2 : kTurn / 2;
  }
  prepare();
}

void Synchroniser::apply(double t, std::span<const double> row, std::span<double> out) const {
  if (!active()) {
    std::copy(row.begin(), row.end(), out.begin());
    return;
  }
  Turns turns;
  turn(t, turns);
  for (std::size_t j = 0; j < features_; ++j) {
    const double residual = row[j] - wave(j, turns, phase_cos_, phase_sin_);
    out[j] = wave(j, turns, step_cos_, step_sin_) + residual * damping_[j];
  }
}

Synchroniser::Bounds Synchroniser::revert(std::size_t j, double value, double in_step, Bounds bounds) const {
  if (!active()) return bounds;
  const double middle = (bounds.low + bounds.high) / 2;
  const double moved = value - (in_step - middle) * damping_[j];
  const double half = std::abs((bounds.high - bounds.low) / 2 * damping_[j]);
  return {moved - half, moved + half};
}

void Synchroniser::pack(Packer& out) const {
  out.reals(frequencies_);
  out.reals(weights_);
}

void Synchroniser::unpack(Unpacker& in, std::size_t features) {
  std::vector<double> frequencies = in.reals();
  if (frequencies.size() > kMostFrequencies) Unpacker::fail();
  for (const double frequency : frequencies) {
    if (!(frequency > 0) || frequency > kTurn) Unpacker::fail();
  }
  *this = Synchroniser(features, std::move(frequencies));
  weights_ = in.reals(weights_.size());
  prepare();
}

}  // namespace wakeful::detectors
