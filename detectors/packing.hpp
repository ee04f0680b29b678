#pragma once
// The numbers of a model or state, one behind the other, for a section of the model file.
//
// Reading checks every bound: a model file is foreign bytes. Integers go as doubles, exact up to 2^53.
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "platform/core/error.hpp"

namespace wakeful::detectors {

class Packer {
 public:
  void real(double value) { values_.push_back(value); }
  void count(std::size_t value) { values_.push_back(static_cast<double>(value)); }
  void flag(bool value) { values_.push_back(value ? 1 : 0); }
  void reals(std::span<const double> values) {
    count(values.size());
    values_.insert(values_.end(), values.begin(), values.end());
  }
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
};

/// Errors of all: invalid, field "model".
class Unpacker {
 public:
  explicit Unpacker(std::span<const double> values) : values_(values) {}

  double real() {
    if (at_ >= values_.size()) fail();
    return values_[at_++];
  }
  /// At most `most`.
  std::size_t count(std::size_t most) {
    const double value = real();
    if (!(value >= 0) || value > static_cast<double>(most) || value != std::floor(value)) fail();
    return static_cast<std::size_t>(value);
  }
  bool flag() { return count(1) == 1; }
  std::vector<double> reals() {
    const std::size_t size = count(values_.size() - at_);
    if (size > values_.size() - at_) fail();
    const auto part = values_.subspan(at_, size);
    at_ += size;
    return {part.begin(), part.end()};
  }
  std::vector<double> reals(std::size_t size) {
    std::vector<double> out = reals();
    if (out.size() != size) fail();
    return out;
  }
  void end() const {
    if (at_ != values_.size()) fail();
  }
  [[noreturn]] static void fail() {
    throw core::invalid("model file: the numbers of its state do not fit together", "model");
  }

 private:
  std::span<const double> values_;
  std::size_t at_ = 0;
};

}  // namespace wakeful::detectors
