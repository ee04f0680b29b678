#pragma once
// An ensemble of small autoencoders, each of which sees some of the features and says between which bounds all of them
// should lie.
//
// Estimator i draws `inputs` features without replacement. Its encoder has hidden layers of inputs / 2, inputs / 4, …
// and a latent layer; two decoders, for the upper and the lower bound, have hidden layers of …, features / 4,
// features / 2. Widths are at least 1. Trained together on the pinball losses at 1 - delta and delta. Knows nothing of
// scaling, time or thresholds: ransyncoders.cpp makes a detector of it. Threads: const functions may run at once, each
// with its own Room. Source: Abdulaal, Liu, Lancewicki, KDD 2021.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "detectors/dense.hpp"
#include "detectors/packing.hpp"
#include "platform/core/random.hpp"

namespace wakeful::detectors {

struct CoderShape {
  std::size_t features = 0;
  std::size_t estimators = 0;
  std::size_t inputs = 0;  // of an encoder; at most features
  std::size_t encoding_depth = 1;
  std::size_t latent = 1;
  std::size_t decoding_depth = 2;
  Activation hidden = Activation::relu;
  Activation output = Activation::sigmoid;
};

/// About each feature of some rows, feature by feature: means over the estimators.
struct Judgement {
  std::vector<float> high, low;           // the bounds
  std::vector<float> above, below;        // how far the value lies outside
  std::vector<float> is_above, is_below;  // the share of estimators that say it does
};

class QuantileCoders {
 public:
  /// What a computation needs beside the parameters.
  struct Room {
    std::vector<float> in;
    std::vector<std::vector<float>> out;  // of each layer
    std::vector<std::vector<float>> d_out;
    std::vector<float> gradients, mean, square;
    Adam adam;
  };

  /// Draws features and weights (Glorot's uniform; biases 0).
  void build(const CoderShape& shape, core::Random& chance);
  const CoderShape& shape() const { return shape_; }
  std::size_t parameters() const { return parameters_.size(); }
  /// How many an ensemble of that shape has.
  static std::size_t parameters_of(const CoderShape& shape);

  /// One step on `rows` rows. `x`: features × padded(rows), what is padded is not learned from.
  void train(std::span<const float> x, std::size_t rows, float delta, Room& room);

  /// `x`: features × width, a multiple of kLanes. Shapes of `out`: the same. A row's bits do not depend on the width.
  void judge(std::span<const float> x, std::size_t width, Room& room, Judgement& out) const;

  void pack(Packer& out) const;
  std::span<const std::byte> weight_bytes() const { return std::as_bytes(std::span(parameters_)); }
  /// Errors: invalid, field "model", for numbers that do not belong to `shape`.
  void unpack(const CoderShape& shape, Unpacker& in, std::span<const std::byte> weights);

 private:
  void lay_out(const CoderShape& shape);
  void gather(std::size_t estimator, std::span<const float> x, std::size_t width, Room& room) const;
  void run(const float* parameters, std::size_t width, Room& room) const;
  void learn_from(std::span<const float> x, std::size_t rows, std::size_t layer, float q, Room& room) const;
  void run_back(const float* parameters, std::size_t width, Room& room) const;
  std::size_t latent_layer() const { return shape_.encoding_depth; }
  std::size_t high_layer() const { return latent_layer() + shape_.decoding_depth + 1; }
  std::size_t low_layer() const { return layers_.size() - 1; }
  std::size_t input_of(std::size_t layer) const;

  CoderShape shape_;
  std::vector<Layer> layers_;  // of every estimator: encoder, upper decoder, lower decoder
  std::size_t per_estimator_ = 0;
  std::vector<std::uint32_t> seen_;  // estimators × inputs: which features
  std::vector<float> parameters_;
};

}  // namespace wakeful::detectors
