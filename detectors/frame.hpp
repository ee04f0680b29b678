#pragma once
// Rows of numbers in time order: what every detector learns from and scores.
//
// A Frame owns its rows, a FrameView borrows them; detectors take views, so that a training prefix is no copy. Rows lie
// one behind the other (row-major): streaming hands over one row, and appending is cheap. NaN is a missing value, and
// the only one: infinities become NaN at the door (append). One row is one step of the series; whoever reads a source
// puts a row of NaN where a step is missing. Times are carried, never looked at by a detector. Threads: one owner.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "platform/core/clock.hpp"

namespace wakeful::detectors {

/// Shape: values has rows() * channels() numbers; times is empty or has rows() entries.
class FrameView {
 public:
  FrameView() = default;
  FrameView(std::span<const std::string> names, std::span<const double> values,
            std::span<const core::Timestamp> times = {});

  std::size_t rows() const { return rows_; }
  std::size_t channels() const { return names_.size(); }
  std::span<const std::string> names() const { return names_; }
  std::span<const double> values() const { return values_; }
  std::span<const double> row(std::size_t i) const { return values_.subspan(i * channels(), channels()); }
  double at(std::size_t row, std::size_t channel) const { return values_[row * channels() + channel]; }
  std::span<const core::Timestamp> times() const { return times_; }

  /// Rows [first, first + count), cut at the end.
  FrameView slice(std::size_t first, std::size_t count) const;
  /// A copy of one channel.
  std::vector<double> channel(std::size_t i) const;

 private:
  std::span<const std::string> names_;
  std::span<const double> values_;
  std::span<const core::Timestamp> times_;
  std::size_t rows_ = 0;
};

class Frame {
 public:
  Frame() = default;
  /// Errors: invalid for no channel, an empty name, or a name that comes twice.
  explicit Frame(std::vector<std::string> names);

  std::size_t rows() const { return rows_; }
  std::size_t channels() const { return names_.size(); }
  const std::vector<std::string>& names() const { return names_; }
  std::span<const double> row(std::size_t i) const { return view().row(i); }
  double at(std::size_t row, std::size_t channel) const { return values_[row * names_.size() + channel]; }
  std::span<const core::Timestamp> times() const { return times_; }

  void reserve(std::size_t rows);
  /// Errors: invalid if `row` has another number of channels, or if some rows have a time and others none.
  void append(std::span<const double> row);
  void append(core::Timestamp time, std::span<const double> row);

  FrameView view() const { return {names_, values_, times_}; }
  operator FrameView() const { return view(); }  // NOLINT(google-explicit-constructor): a Frame is read as a view

 private:
  void append_values(std::span<const double> row);

  std::vector<std::string> names_;
  std::vector<double> values_;
  std::vector<core::Timestamp> times_;
  std::size_t rows_ = 0;
};

/// The rows of `frame` with the channels that `names` asks for, in that order; a channel the frame lacks is all NaN.
/// For a model that meets entities it was not trained on, or misses some.
Frame align(const FrameView& frame, std::span<const std::string> names);

}  // namespace wakeful::detectors
