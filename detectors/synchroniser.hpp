#pragma once
// Waves of common frequencies in every feature, fitted so that the features can be brought into step.
//
//   wave_j(t) = sum over k of a_jk sin(w_k t + p_jk) + d_j
//   in step:    sum over k of a_jk sin(w_k t + p_jk - w_k / w_0 p_j0) + d_j + (x_j - wave_j(t)) cos(p_j0)
//
// t counts rows. Two stages: find_frequencies takes the peaks of the spectrum of the rows' first robust component, and
// train() fits the waves to the median, and the frequencies with them once they are freed. Without frequencies there is
// nothing to do, and active() says so. Threads: const functions may run at once. Source: Abdulaal and Lancewicki,
// ICASSP 2021.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "detectors/packing.hpp"
#include "platform/core/random.hpp"

namespace wakeful::detectors {

struct FrequencyTerms {
  std::size_t epochs = 5;  // of the component's training
  std::size_t batch = 180;
  std::size_t most = 5;           // frequencies
  std::size_t least_periods = 3;  // in all rows: slower waves are a trend
  std::size_t distance = 60;      // between peaks, in bins of 1 / rows
};

/// Angular frequencies, per row, the strongest first; none where the strongest peaks are all slower than
/// least_periods. `rows`: rows × features, scaled, one behind the other.
std::vector<double> find_frequencies(std::span<const double> rows, std::size_t features, const FrequencyTerms& terms,
                                     core::Random& chance);

class Synchroniser {
 public:
  static constexpr std::size_t kMostFrequencies = 64;

  Synchroniser() = default;
  Synchroniser(std::size_t features, std::vector<double> frequencies);

  bool active() const { return !frequencies_.empty(); }
  std::span<const double> frequencies() const { return frequencies_; }

  /// From here on train() moves the frequencies too: what the spectrum finds is off by up to half a turn over the
  /// training, and apart by more the longer the waves go on. `first` < `last`: the training's times.
  void free_frequencies(double first, double last);
  /// One step of the fit on some rows. `rows`: as many as `times`, `features` numbers each.
  void train(std::span<const double> rows, std::span<const double> times);
  /// Amplitudes of the first frequency made positive, by half a turn.
  void turn_positive();

  /// `row` in step, to `out`; the row itself if there are no frequencies. Shape: features.
  void apply(double t, std::span<const double> row, std::span<double> out) const;

  /// A bound in step that belongs to a value, as a bound of the value itself; all of feature j.
  struct Bounds {
    double low, high;
  };
  Bounds revert(std::size_t j, double value, double in_step, Bounds bounds) const;

  void pack(Packer& out) const;
  void unpack(Unpacker& in, std::size_t features);

 private:
  struct Turns {
    std::array<double, kMostFrequencies> sines, cosines;  // of w_k t
  };

  std::size_t count() const { return frequencies_.size(); }
  void turn(double t, Turns& out) const;
  /// Feature j's, with the phases whose cosines and sines are given.
  double wave(std::size_t j, const Turns& turns, std::span<const double> cosines, std::span<const double> sines) const;
  void move_frequencies(std::span<const double> gradients);
  void prepare();

  std::size_t features_ = 0;
  std::vector<double> frequencies_;
  std::vector<double> weights_;  // amplitudes, features × count(); phases, the same; offsets, features
  // Made of the weights: of each phase, and of the phase in step, cosine and sine; and cos(p_j0).
  std::vector<double> phase_cos_, phase_sin_, step_cos_, step_sin_;
  std::vector<double> damping_;
  std::vector<double> mean_, square_;  // of the optimiser
  std::uint64_t steps_ = 0;
  // Of the training's times, where the frequencies are free: its middle, and from there to its ends.
  double middle_ = 0, half_ = 0;
  std::vector<double> turning_mean_, turning_square_;  // of the frequencies' optimiser
};

}  // namespace wakeful::detectors
