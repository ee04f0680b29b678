#pragma once
// Seeded chance that gives the same numbers with every compiler and library: std's distributions do not.
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace wakeful::core {

/// xoshiro256** 1.0 seeded by splitmix64. Source: Blackman and Vigna, "Scrambled linear pseudorandom number
/// generators", 2021. Threads: one owner.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  /// In [0, 1), 53 bits.
  double uniform();
  /// In [0, bound), unbiased; bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Mean 0, variance 1, by Marsaglia's polar method.
  double normal();

 private:
  std::array<std::uint64_t, 4> state_;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// Fisher and Yates': every order is as likely as every other.
template <class Values>
void shuffle(Values& values, Random& chance) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[chance.below(i)]);
}

}  // namespace wakeful::core
