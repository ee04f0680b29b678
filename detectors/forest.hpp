#pragma once
// Isolation trees over rows of floats: building, walking, and what each feature has to do with a row's depth.
//
// Knows nothing of channels, windows or thresholds; isolation_forest.cpp makes a detector of it. Trees lie one behind
// the other in one array of 8-byte nodes whose leaves point at themselves, so that every row takes the same number of
// steps and several rows walk at once without a branch. Threads: const functions may run at once. Source: Liu, Ting,
// Zhou, "Isolation Forest", ICDM 2008.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "detectors/packing.hpp"
#include "platform/core/random.hpp"

namespace wakeful::detectors {

/// The mean depth of an unsuccessful search in a tree of n rows.
double average_depth(double n);

class Forest {
 public:
  static constexpr std::size_t kMostSample = 32768;  // node numbers fit 16 bits
  static constexpr std::size_t kMostFeatures = 65535;

  struct Node {
    float threshold;        // x > threshold goes to child + 1, else to child
    std::uint16_t feature;  // 0 in a leaf
    std::uint16_t child;    // the leaf itself in a leaf, whose threshold is infinite
  };

  /// Grows `trees` trees on min(sample, rows) rows each, drawn without replacement. `values` has rows of `features`.
  void grow(std::span<const float> values, std::size_t features, std::size_t trees, std::size_t sample,
            core::Random& chance);

  std::size_t trees() const { return starts_.size(); }
  /// c(psi): what depths are measured against.
  double usual_depth() const { return usual_depth_; }

  /// Adds each row's depth over all trees to `sums`, in the order of the trees: one row at a time gives the same bits.
  void add_depths(std::span<const float> rows, std::span<double> sums) const;

  /// For one row: how much less deep than usual each feature's splits left it, summed over the trees. All of them add
  /// up to trees() * usual_depth() minus the row's depths.
  void add_savings(std::span<const float> row, std::span<double> savings) const;

  std::span<const std::byte> node_bytes() const { return std::as_bytes(std::span(nodes_)); }
  std::span<const std::byte> depth_bytes() const { return std::as_bytes(std::span(depth_)); }
  void pack(Packer& out) const;
  /// Errors: invalid, field "model", for trees that do not end or point elsewhere.
  void unpack(Unpacker& in, std::span<const std::byte> nodes, std::span<const std::byte> depths, std::size_t features);

 private:
  struct Growing;
  void grow_tree(Growing& tree);
  void check_tree(std::size_t start, std::size_t end);

  std::size_t features_ = 0;
  double usual_depth_ = 1;
  std::vector<Node> nodes_;
  std::vector<float>
      depth_;  // of a leaf: its own depth and the usual one of its rows; of a node: the usual one of its rows
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> heights_;
};

}  // namespace wakeful::detectors
