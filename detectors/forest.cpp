#include "detectors/forest.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

namespace wakeful::detectors {
namespace {

constexpr double kEuler = 0.57721566490153286;
constexpr std::size_t kAtOnce = 8;  // rows that walk together: enough to hide the latency of a step
constexpr std::size_t kMostTrees = 10000;

}  // namespace

double average_depth(double n) {
  if (n <= 1) return 0;
  if (n <= 2) return 1;
  return 2 * (std::log(n - 1) + kEuler) - 2 * (n - 1) / n;
}

/// One tree while it grows.
struct Forest::Growing {
  std::span<const float> values;
  std::size_t width;  // of a row
  core::Random* chance;
  std::size_t limit;                // of the height
  std::vector<std::uint32_t> rows;  // a permutation of all rows; the first `sample` are this tree's
  std::size_t sample;
  std::vector<std::uint16_t> features;  // those that are not constant in this tree's rows, in changing order

  struct Cut {
    float threshold;
    std::uint16_t feature;
    std::size_t middle;  // rows before it are not above the threshold
  };

  float at(std::uint32_t row, std::size_t feature) const { return values[row * width + feature]; }

  std::pair<float, float> range(std::size_t feature, std::size_t first, std::size_t last) const {
    float low = at(rows[first], feature), high = low;
    for (std::size_t i = first + 1; i < last; ++i) {
      const float v = at(rows[i], feature);
      low = std::min(low, v);
      high = std::max(high, v);
    }
    return {low, high};
  }

  void find_features() {
    features.clear();
    for (std::size_t f = 0; f < width; ++f) {
      const auto [low, high] = range(f, 0, sample);
      if (low < high) features.push_back(static_cast<std::uint16_t>(f));
    }
  }

  /// Parts the rows from `first` to before `last` by a random feature among those that are not constant in them.
  std::optional<Cut> cut(std::size_t first, std::size_t last) {
    for (std::size_t left = features.size(); left > 0; --left) {
      std::swap(features[chance->below(left)], features[left - 1]);
      const std::uint16_t feature = features[left - 1];
      const auto [low, high] = range(feature, first, last);
      if (!(low < high)) continue;
      float threshold = low + static_cast<float>(chance->uniform()) * (high - low);
      if (!(threshold < high)) threshold = low;
      const auto middle = std::partition(rows.begin() + static_cast<std::ptrdiff_t>(first),
                                         rows.begin() + static_cast<std::ptrdiff_t>(last),
                                         [&](std::uint32_t row) { return at(row, feature) <= threshold; });
      return Cut{threshold, feature, static_cast<std::size_t>(middle - rows.begin())};
    }
    return std::nullopt;
  }
};

void Forest::grow(std::span<const float> values, std::size_t features, std::size_t trees, std::size_t sample,
                  core::Random& chance) {
  features_ = features;
  const std::size_t rows = features == 0 ? 0 : values.size() / features;
  sample = std::min({sample, rows, kMostSample});
  usual_depth_ = std::max(average_depth(static_cast<double>(sample)), 1.0);
  nodes_.clear();
  depth_.clear();
  starts_.clear();
  heights_.clear();
  if (rows == 0) return;
  Growing tree{values, features, &chance, 0, {}, sample, {}};
  tree.limit = static_cast<std::size_t>(std::ceil(std::log2(std::max<double>(static_cast<double>(sample), 2))));
  tree.rows.resize(rows);
  std::iota(tree.rows.begin(), tree.rows.end(), 0U);
  for (std::size_t t = 0; t < trees; ++t) {
    for (std::size_t i = 0; i < sample; ++i) std::swap(tree.rows[i], tree.rows[i + chance.below(rows - i)]);
    grow_tree(tree);
  }
}

void Forest::grow_tree(Growing& tree) {
  tree.find_features();
  struct Open {
    std::size_t node, first, last, depth;
  };
  const std::size_t start = nodes_.size();
  std::size_t height = 0;
  std::vector<Open> open = {{0, 0, tree.sample, 0}};
  nodes_.emplace_back();
  depth_.emplace_back();
  while (!open.empty()) {
    const Open here = open.back();
    open.pop_back();
    Node& node = nodes_[start + here.node];
    const double usual = average_depth(static_cast<double>(here.last - here.first));
    node = {std::numeric_limits<float>::infinity(), 0, static_cast<std::uint16_t>(here.node)};
    depth_[start + here.node] = static_cast<float>(static_cast<double>(here.depth) + usual);
    if (here.last - here.first < 2 || here.depth >= tree.limit) continue;
    const auto cut = tree.cut(here.first, here.last);
    if (!cut) continue;
    const std::size_t child = nodes_.size() - start;
    node = {cut->threshold, cut->feature, static_cast<std::uint16_t>(child)};
    depth_[start + here.node] = static_cast<float>(usual);
    nodes_.resize(nodes_.size() + 2);
    depth_.resize(depth_.size() + 2);
    open.push_back({child + 1, cut->middle, here.last, here.depth + 1});
    open.push_back({child, here.first, cut->middle, here.depth + 1});
    height = std::max(height, here.depth + 1);
  }
  starts_.push_back(static_cast<std::uint32_t>(start));
  heights_.push_back(static_cast<std::uint32_t>(height));
}

void Forest::add_depths(std::span<const float> rows, std::span<double> sums) const {
  const std::size_t count = sums.size();
  for (std::size_t t = 0; t < starts_.size(); ++t) {
    const Node* nodes = nodes_.data() + starts_[t];
    const float* depth = depth_.data() + starts_[t];
    const std::uint32_t height = heights_[t];
    std::size_t r = 0;
    for (; r + kAtOnce <= count; r += kAtOnce) {
      const float* x = rows.data() + r * features_;
      std::array<std::uint32_t, kAtOnce> at{};
      for (std::uint32_t step = 0; step < height; ++step) {
        for (std::size_t k = 0; k < kAtOnce; ++k) {
          const Node node = nodes[at[k]];
          at[k] = node.child + (x[k * features_ + node.feature] > node.threshold ? 1U : 0U);
        }
      }
      for (std::size_t k = 0; k < kAtOnce; ++k) sums[r + k] += static_cast<double>(depth[at[k]]);
    }
    for (; r < count; ++r) {
      const float* x = rows.data() + r * features_;
      std::uint32_t at = 0;
      for (std::uint32_t step = 0; step < height; ++step) {
        const Node node = nodes[at];
        at = node.child + (x[node.feature] > node.threshold ? 1U : 0U);
      }
      sums[r] += static_cast<double>(depth[at]);
    }
  }
}

void Forest::add_savings(std::span<const float> row, std::span<double> savings) const {
  for (std::size_t t = 0; t < starts_.size(); ++t) {
    const Node* nodes = nodes_.data() + starts_[t];
    const float* depth = depth_.data() + starts_[t];
    std::uint32_t at = 0, steps = 0;
    while (nodes[at].child != at) {
      const Node node = nodes[at];
      const std::uint32_t next = node.child + (row[node.feature] > node.threshold ? 1U : 0U);
      ++steps;
      const bool leaf = nodes[next].child == next;
      const double rest = static_cast<double>(depth[next]) - (leaf ? steps : 0);
      savings[node.feature] += static_cast<double>(depth[at]) - 1 - rest;
      at = next;
    }
  }
}

void Forest::pack(Packer& out) const {
  out.count(features_);
  out.real(usual_depth_);
  out.reals(std::vector<double>(starts_.begin(), starts_.end()));
}

void Forest::unpack(Unpacker& in, std::span<const std::byte> nodes, std::span<const std::byte> depths,
                    std::size_t features) {
  features_ = in.count(kMostFeatures);
  usual_depth_ = in.real();
  const std::vector<double> starts = in.reals();
  const std::size_t size = nodes.size() / sizeof(Node);
  if (features_ != features || !(usual_depth_ > 0) || starts.size() > kMostTrees ||
      nodes.size() != size * sizeof(Node) || depths.size() != size * sizeof(float)) {
    Unpacker::fail();
  }
  nodes_.resize(size);
  depth_.resize(size);
  if (size > 0) {
    std::memcpy(nodes_.data(), nodes.data(), nodes.size());
    std::memcpy(depth_.data(), depths.data(), depths.size());
  }
  for (float d : depth_) {
    if (!(d >= 0 && d < 1e6F)) Unpacker::fail();
  }
  starts_.clear();
  heights_.clear();
  for (std::size_t t = 0; t < starts.size(); ++t) {
    const double end = t + 1 < starts.size() ? starts[t + 1] : static_cast<double>(nodes_.size());
    if (!(starts[t] >= 0 && starts[t] < end && end <= static_cast<double>(nodes_.size()))) Unpacker::fail();
    starts_.push_back(static_cast<std::uint32_t>(starts[t]));
    check_tree(static_cast<std::size_t>(starts[t]), static_cast<std::size_t>(end));
  }
}

/// Children lie behind their parents, so one pass finds the height, and that every walk ends.
void Forest::check_tree(std::size_t start, std::size_t end) {
  const std::size_t size = end - start;
  std::vector<std::uint32_t> level(size, 0);
  std::uint32_t height = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const Node& node = nodes_[start + i];
    height = std::max(height, level[i]);
    if (node.child == i) {
      if (node.threshold != std::numeric_limits<float>::infinity() || node.feature != 0) Unpacker::fail();
      continue;
    }
    if (node.child < i || node.child + 1U >= size || node.feature >= features_) Unpacker::fail();
    level[node.child] = level[node.child + 1U] = level[i] + 1;
  }
  heights_.push_back(height);
}

}  // namespace wakeful::detectors
