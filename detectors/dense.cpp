#include "detectors/dense.hpp"

#include <cmath>
#include <cstring>

#include "detectors/wide.hpp"

namespace wakeful::detectors {
namespace {

/// `Rows` sums at once: out[r] = start[r] + sum over c of factors[r * row + c * column] * in[c].
template <std::size_t Rows>
WAKEFUL_INLINE void sums(const float* factors, std::size_t row, std::size_t column, std::size_t columns,
                         const float* in, std::size_t width, const float* start, float* out) {
  for (std::size_t b = 0; b < width; b += 2 * kWide) {
    Wide left[Rows], right[Rows];
    for (std::size_t r = 0; r < Rows; ++r) {
      left[r] = start ? Wide{} + start[r] : wide(out + r * width + b);
      right[r] = start ? Wide{} + start[r] : wide(out + r * width + b + kWide);
    }
    for (std::size_t c = 0; c < columns; ++c) {
      const Wide x = wide(in + c * width + b), y = wide(in + c * width + b + kWide);
      for (std::size_t r = 0; r < Rows; ++r) {
        const float factor = factors[r * row + c * column];
        left[r] += factor * x;
        right[r] += factor * y;
      }
    }
    for (std::size_t r = 0; r < Rows; ++r) {
      wide(out + r * width + b) = left[r];
      wide(out + r * width + b + kWide) = right[r];
    }
  }
}

/// The same for any number of rows; without `start` it adds to what `out` holds.
WAKEFUL_WIDE_FUSED void all_sums(const float* factors, std::size_t row, std::size_t column, std::size_t rows,
                                 std::size_t columns, const float* in, std::size_t width, const float* start,
                                 float* out) {
  std::size_t r = 0;
  for (; r + 4 <= rows; r += 4)
    sums<4>(factors + r * row, row, column, columns, in, width, start ? start + r : nullptr, out + r * width);
  for (; r < rows; ++r)
    sums<1>(factors + r * row, row, column, columns, in, width, start ? start + r : nullptr, out + r * width);
}

WAKEFUL_INLINE float total(const Wide& parts) {
  return ((parts[0] + parts[4]) + (parts[1] + parts[5])) + ((parts[2] + parts[6]) + (parts[3] + parts[7]));
}

template <std::size_t Outs, std::size_t Ins>
WAKEFUL_INLINE void products(const float* d_out, const float* in, std::size_t width, float* gradients,
                             std::size_t stride) {
  Wide parts[Outs][Ins] = {};
  for (std::size_t b = 0; b < width; b += kWide) {
    for (std::size_t o = 0; o < Outs; ++o) {
      const Wide d = wide(d_out + o * width + b);
      for (std::size_t i = 0; i < Ins; ++i) parts[o][i] += d * wide(in + i * width + b);
    }
  }
  for (std::size_t o = 0; o < Outs; ++o) {
    for (std::size_t i = 0; i < Ins; ++i) gradients[o * stride + i] += total(parts[o][i]);
  }
}

template <std::size_t Outs>
WAKEFUL_INLINE void row_products(const Layer& layer, const float* d_out, const float* in, std::size_t width,
                                 float* gradients) {
  std::size_t i = 0;
  for (; i + 3 <= layer.ins; i += 3) products<Outs, 3>(d_out, in + i * width, width, gradients + i, layer.ins);
  for (; i < layer.ins; ++i) products<Outs, 1>(d_out, in + i * width, width, gradients + i, layer.ins);
}

WAKEFUL_WIDE_FUSED void weight_gradients(const Layer& layer, const float* in, const float* d_out, std::size_t width,
                                         float* gradients) {
  std::size_t o = 0;
  for (; o + 4 <= layer.outs; o += 4) row_products<4>(layer, d_out + o * width, in, width, gradients + o * layer.ins);
  for (; o < layer.outs; ++o) row_products<1>(layer, d_out + o * width, in, width, gradients + o * layer.ins);
  float* biases = gradients + layer.outs * layer.ins;
  for (o = 0; o < layer.outs; ++o) {
    Wide parts{};
    for (std::size_t b = 0; b < width; b += kWide) parts += wide(d_out + o * width + b);
    biases[o] += total(parts);
  }
}

WAKEFUL_WIDE_FUSED void rectify(float* values, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kWide) {
    const Wide x = wide(values + i);
    wide(values + i) = x > 0 ? x : Wide{};
  }
}

/// 1 / (1 + exp(-x)); |x| beyond 80 is taken for 80.
WAKEFUL_WIDE_FUSED void squash(float* values, std::size_t count) {
  constexpr float kLog2e = 1.44269504F, kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23
  const Wide zero{};
  for (std::size_t i = 0; i < count; i += kWide) {
    Wide x = -wide(values + i);
    x = x > 80.0F ? zero + 80.0F : x;
    x = x < -80.0F ? zero - 80.0F : x;
    const Wide shifted = x * kLog2e + kRounder;
    const Wide n = shifted - kRounder;
    const Wide r = (x - n * kLn2High) - n * kLn2Low;
    Wide sum = zero + 1.0F / 720.0F;
    sum = sum * r + 1.0F / 120.0F;
    sum = sum * r + 1.0F / 24.0F;
    sum = sum * r + 1.0F / 6.0F;
    sum = sum * r + 0.5F;
    sum = sum * r + 1.0F;
    sum = sum * r + 1.0F;
    WideBits bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + (127 << 23);  // shifted holds n in its low bits
    Wide power;
    std::memcpy(&power, &bits, sizeof power);
    wide(values + i) = 1.0F / (1.0F + sum * power);
  }
}

WAKEFUL_WIDE_FUSED void slope_of_relu(const float* out, std::size_t count, float* d_out) {
  for (std::size_t i = 0; i < count; i += kWide) {
    const Wide d = wide(d_out + i);
    wide(d_out + i) = wide(out + i) > 0 ? d : Wide{};
  }
}

WAKEFUL_WIDE_FUSED void slope_of_sigmoid(const float* out, std::size_t count, float* d_out) {
  for (std::size_t i = 0; i < count; i += kWide) {
    const Wide y = wide(out + i);
    wide(d_out + i) = wide(d_out + i) * (y * (1.0F - y));
  }
}

WAKEFUL_WIDE_FUSED void move(std::size_t count, float rate, float* parameters, float* gradients, float* mean,
                             float* square) {
  constexpr float kMeanDecay = 0.9F, kSquareDecay = 0.999F, kEpsilon = 1e-7F;
  for (std::size_t i = 0; i < count; ++i) {
    const float g = gradients[i];
    mean[i] = kMeanDecay * mean[i] + (1 - kMeanDecay) * g;
    square[i] = kSquareDecay * square[i] + (1 - kSquareDecay) * g * g;
    parameters[i] -= rate * mean[i] / (std::sqrt(square[i]) + kEpsilon);
    gradients[i] = 0;
  }
}

}  // namespace

void forward(const Layer& layer, const float* parameters, const float* in, std::size_t width, float* out) {
  const float* weights = parameters + layer.offset;
  all_sums(weights, layer.ins, 1, layer.outs, layer.ins, in, width, weights + layer.outs * layer.ins, out);
  if (layer.activation == Activation::relu) rectify(out, layer.outs * width);
  if (layer.activation == Activation::sigmoid) squash(out, layer.outs * width);
}

void through_activation(const Layer& layer, const float* out, std::size_t width, float* d_out) {
  if (layer.activation == Activation::relu) slope_of_relu(out, layer.outs * width, d_out);
  if (layer.activation == Activation::sigmoid) slope_of_sigmoid(out, layer.outs * width, d_out);
}

void backward(const Layer& layer, const float* parameters, const float* d_out, std::size_t width, float* d_in) {
  all_sums(parameters + layer.offset, 1, layer.ins, layer.ins, layer.outs, d_out, width, nullptr, d_in);
}

void add_gradients(const Layer& layer, const float* in, const float* d_out, std::size_t width, float* gradients) {
  weight_gradients(layer, in, d_out, width, gradients + layer.offset);
}

void Adam::step(std::span<float> parameters, std::span<float> gradients, std::span<float> mean,
                std::span<float> square) {
  ++steps;
  const auto t = static_cast<double>(steps);
  const double rate = 1e-3 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
  move(parameters.size(), static_cast<float>(rate), parameters.data(), gradients.data(), mean.data(), square.data());
}

}  // namespace wakeful::detectors
