#include "detectors/quantile_coders.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "detectors/wide.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::size_t kFromInput = std::numeric_limits<std::size_t>::max();

/// d loss / d bound of the pinball loss at q, for a feature's row of `width`; `scale` is 1 / features.
WAKEFUL_WIDE_FUSED void pinball_slope(const float* x, const float* bound, std::size_t width, float q, float scale,
                                      float* out) {
  const Wide above = Wide{} - q * scale, below = Wide{} + (1 - q) * scale;
  for (std::size_t i = 0; i < width; i += kWide) wide(out + i) = wide(x + i) >= wide(bound + i) ? above : below;
}

WAKEFUL_WIDE_FUSED void judge_bounds(const float* x, const float* high, const float* low, std::size_t count,
                                     float share, const std::array<float*, 6>& out) {
  const Wide none{}, one = none + share;
  for (std::size_t i = 0; i < count; i += kWide) {
    const Wide above = wide(x + i) - wide(high + i), below = wide(low + i) - wide(x + i);
    wide(out[0] + i) += wide(high + i) * share;
    wide(out[1] + i) += wide(low + i) * share;
    wide(out[2] + i) += above > 0 ? above * share : none;
    wide(out[3] + i) += below > 0 ? below * share : none;
    wide(out[4] + i) += above > 0 ? one : none;
    wide(out[5] + i) += below > 0 ? one : none;
  }
}

}  // namespace

void QuantileCoders::lay_out(const CoderShape& shape) {
  shape_ = shape;
  layers_.clear();
  per_estimator_ = 0;
  const auto add = [&](std::size_t ins, std::size_t outs, Activation activation) {
    layers_.push_back({.ins = ins, .outs = outs, .activation = activation, .offset = per_estimator_});
    per_estimator_ += layers_.back().parameters();
    return outs;
  };
  std::size_t width = shape.inputs;
  for (std::size_t k = 0; k < shape.encoding_depth; ++k)
    width = add(width, std::max<std::size_t>(shape.inputs >> (k + 1), 1), shape.hidden);
  add(width, shape.latent, shape.hidden);
  for (int decoder = 0; decoder < 2; ++decoder) {
    width = shape.latent;
    for (std::size_t k = 0; k < shape.decoding_depth; ++k)
      width = add(width, std::max<std::size_t>(shape.features >> (shape.decoding_depth - k), 1), shape.hidden);
    add(width, shape.features, shape.output);
  }
}

std::size_t QuantileCoders::parameters_of(const CoderShape& shape) {
  QuantileCoders empty;
  empty.lay_out(shape);
  return empty.per_estimator_ * shape.estimators;
}

void QuantileCoders::build(const CoderShape& shape, core::Random& chance) {
  lay_out(shape);
  seen_.clear();
  parameters_.assign(per_estimator_ * shape.estimators, 0.0F);
  std::vector<std::uint32_t> order(shape.features);
  for (std::size_t e = 0; e < shape.estimators; ++e) {
    std::iota(order.begin(), order.end(), 0U);
    for (std::size_t i = 0; i < shape.inputs; ++i) std::swap(order[i], order[i + chance.below(order.size() - i)]);
    std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shape.inputs));
    seen_.insert(seen_.end(), order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shape.inputs));
    for (const Layer& layer : layers_) {
      const double limit = std::sqrt(6.0 / static_cast<double>(layer.ins + layer.outs));
      float* weights = parameters_.data() + e * per_estimator_ + layer.offset;
      for (std::size_t i = 0; i < layer.ins * layer.outs; ++i)
        weights[i] = static_cast<float>((2 * chance.uniform() - 1) * limit);
    }
  }
}

std::size_t QuantileCoders::input_of(std::size_t layer) const {
  if (layer == 0) return kFromInput;
  return layer == high_layer() + 1 ? latent_layer() : layer - 1;
}

void QuantileCoders::gather(std::size_t estimator, std::span<const float> x, std::size_t width, Room& room) const {
  room.in.resize(shape_.inputs * width);
  for (std::size_t i = 0; i < shape_.inputs; ++i) {
    const float* from = x.data() + seen_[estimator * shape_.inputs + i] * width;
    std::copy(from, from + width, room.in.data() + i * width);
  }
}

void QuantileCoders::run(const float* parameters, std::size_t width, Room& room) const {
  room.out.resize(layers_.size());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    room.out[l].resize(layers_[l].outs * width);
    const std::size_t from = input_of(l);
    forward(layers_[l], parameters, from == kFromInput ? room.in.data() : room.out[from].data(), width,
            room.out[l].data());
  }
}

/// From the d_out of both last layers; leaves those of all others, and adds the gradients.
void QuantileCoders::run_back(const float* parameters, std::size_t width, Room& room) const {
  float* gradients = room.gradients.data() + (parameters - parameters_.data());
  for (std::size_t l = layers_.size(); l-- > 0;) {
    float* d_out = room.d_out[l].data();
    through_activation(layers_[l], room.out[l].data(), width, d_out);
    const std::size_t from = input_of(l);
    add_gradients(layers_[l], from == kFromInput ? room.in.data() : room.out[from].data(), d_out, width, gradients);
    if (from != kFromInput) backward(layers_[l], parameters, d_out, width, room.d_out[from].data());
  }
}

void QuantileCoders::train(std::span<const float> x, std::size_t rows, float delta, Room& room) {
  const std::size_t width = padded(rows);
  for (std::vector<float>* all : {&room.gradients, &room.mean, &room.square}) all->resize(parameters_.size(), 0.0F);
  room.d_out.resize(layers_.size());
  for (std::size_t e = 0; e < shape_.estimators; ++e) {
    const float* parameters = parameters_.data() + e * per_estimator_;
    gather(e, x, width, room);
    run(parameters, width, room);
    for (std::size_t l = 0; l < layers_.size(); ++l) room.d_out[l].assign(layers_[l].outs * width, 0.0F);
    learn_from(x, rows, high_layer(), 1 - delta, room);
    learn_from(x, rows, low_layer(), delta, room);
    run_back(parameters, width, room);
  }
  room.adam.step(parameters_, room.gradients, room.mean, room.square);
}

/// The slope of a bound's loss where learning begins: nothing for what is padded.
void QuantileCoders::learn_from(std::span<const float> x, std::size_t rows, std::size_t layer, float q,
                                Room& room) const {
  const std::size_t width = padded(rows);
  const float scale = 1.0F / static_cast<float>(shape_.features);
  for (std::size_t f = 0; f < shape_.features; ++f) {
    float* d_out = room.d_out[layer].data() + f * width;
    pinball_slope(x.data() + f * width, room.out[layer].data() + f * width, width, q, scale, d_out);
    std::fill(d_out + rows, d_out + width, 0.0F);
  }
}

void QuantileCoders::judge(std::span<const float> x, std::size_t width, Room& room, Judgement& out) const {
  const std::size_t count = shape_.features * width;
  std::array<float*, 6> sums{};
  std::size_t next = 0;
  for (std::vector<float>* all : {&out.high, &out.low, &out.above, &out.below, &out.is_above, &out.is_below}) {
    all->assign(count, 0.0F);
    sums[next++] = all->data();
  }
  const float share = 1.0F / static_cast<float>(shape_.estimators);
  for (std::size_t e = 0; e < shape_.estimators; ++e) {
    gather(e, x, width, room);
    run(parameters_.data() + e * per_estimator_, width, room);
    judge_bounds(x.data(), room.out[high_layer()].data(), room.out[low_layer()].data(), count, share, sums);
  }
}

void QuantileCoders::pack(Packer& out) const {
  std::vector<double> seen(seen_.begin(), seen_.end());
  out.reals(seen);
}

void QuantileCoders::unpack(const CoderShape& shape, Unpacker& in, std::span<const std::byte> weights) {
  lay_out(shape);
  seen_.clear();
  for (const double feature : in.reals(shape.estimators * shape.inputs)) {
    if (!(feature >= 0) || feature >= static_cast<double>(shape.features) || feature != std::floor(feature))
      Unpacker::fail();
    seen_.push_back(static_cast<std::uint32_t>(feature));
  }
  if (weights.size() != per_estimator_ * shape.estimators * sizeof(float)) Unpacker::fail();
  parameters_.resize(per_estimator_ * shape.estimators);
  std::memcpy(parameters_.data(), weights.data(), weights.size());
}

}  // namespace wakeful::detectors
