#pragma once
// Brings the channels of a row to one scale, as the training showed theirs: what methods need that measure distances
// between rows.
//
// A channel without a training value is no part of a row: it becomes 0, whatever it holds. One that stood still gets
// the least unit that its digits resolve, so that any move is a large one. Values far outside the training are cut off
// (see Scaling), so that distances stay finite. Threads: const functions may run at once.
#include <cstddef>
#include <span>
#include <vector>

#include "detectors/frame.hpp"
#include "detectors/packing.hpp"

namespace wakeful::detectors {

enum class Scaling {
  none,      // as it is
  standard,  // mean 0, population deviation 1; cut at ±1e6
  range,     // the training's least value 0, its largest 1; cut at -4 and 5
};

class RowScaler {
 public:
  void learn(const FrameView& training, Scaling scaling);
  std::size_t channels() const { return shift_.size(); }

  /// Shape of both: channels(). False if a value is missing where the training had some; `out` then holds the
  /// channel's own training middle (standard: the mean, range: 0.5, none: 0).
  bool scale(std::span<const double> row, std::span<double> out) const;
  /// The value that scale() makes `scaled` of, but for the cut.
  double unscale(double scaled, std::size_t channel) const { return scaled * unit_[channel] + shift_[channel]; }
  /// The training had values of it.
  bool is_known(std::size_t channel) const { return unit_[channel] > 0; }

  struct Rows {
    std::vector<double> values;     // scaled, one row behind the other
    std::vector<std::size_t> from;  // which row of the frame each was
  };
  /// The rows of `training` without a missing value; all of them if none is whole.
  Rows whole_rows(const FrameView& training) const;

  void pack(Packer& out) const;
  /// Errors: invalid, field "model", unless they are numbers for `channels` channels.
  void unpack(Unpacker& in, std::size_t channels);

 private:
  double low_ = 0;  // where scaled values are cut
  double high_ = 0;
  double middle_ = 0;
  std::vector<double> shift_;
  std::vector<double> unit_;  // 0: no training value
};

}  // namespace wakeful::detectors
