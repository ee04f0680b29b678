#pragma once
// Fully connected layers on many rows at once: forward, backward, and the optimiser's step.
//
// Values are laid out unit by unit: unit u of row r is at u * width + r, so that the rows are computed side by side,
// and each row's sum runs over the inputs in order: a row has the same result whatever stands beside it. `width` is a
// multiple of kLanes. Pure functions; one thread.
#include <cstddef>
#include <cstdint>
#include <span>

namespace wakeful::detectors {

inline constexpr std::size_t kLanes = 16;
constexpr std::size_t padded(std::size_t rows) { return (rows + kLanes - 1) / kLanes * kLanes; }

enum class Activation { linear, relu, sigmoid };

struct Layer {
  std::size_t ins;
  std::size_t outs;
  Activation activation;
  std::size_t offset = 0;  // of its parameters among all: weights, outs × ins, then biases, outs
  std::size_t parameters() const { return outs * ins + outs; }
};

/// out = activation(W in + b). Shapes: in ins × width, out outs × width.
void forward(const Layer& layer, const float* parameters, const float* in, std::size_t width, float* out);

/// Turns d loss / d out into that of what went into the activation, in place.
void through_activation(const Layer& layer, const float* out, std::size_t width, float* d_out);
/// d_in += Wᵀ d_out, after through_activation.
void backward(const Layer& layer, const float* parameters, const float* d_out, std::size_t width, float* d_in);
/// Adds the gradients of weights and biases, after through_activation.
void add_gradients(const Layer& layer, const float* in, const float* d_out, std::size_t width, float* gradients);

/// Kingma and Ba 2015, with the defaults of Keras: rate 1e-3, decays 0.9 and 0.999, epsilon 1e-7 beside the root.
struct Adam {
  std::uint64_t steps = 0;
  /// Moves parameters by their gradients and clears those. Shapes: all the same.
  void step(std::span<float> parameters, std::span<float> gradients, std::span<float> mean, std::span<float> square);
};

}  // namespace wakeful::detectors
