#pragma once
// Eight floats at once, for the loops of .cpp files in this folder. The compiler makes two halves of them where
// registers are short; functions that use them are WAKEFUL_WIDE_FUSED.
#include <cstddef>
#include <cstdint>

#include "detectors/processor.hpp"

#define WAKEFUL_INLINE __attribute__((always_inline)) inline

namespace wakeful::detectors {

// Read and written wherever they lie.
using Wide = float __attribute__((vector_size(32), aligned(4), may_alias));
using WideBits = std::int32_t __attribute__((vector_size(32), aligned(4), may_alias));
inline constexpr std::size_t kWide = 8;

WAKEFUL_INLINE const Wide& wide(const float* at) { return *reinterpret_cast<const Wide*>(at); }
WAKEFUL_INLINE Wide& wide(float* at) { return *reinterpret_cast<Wide*>(at); }

using WideReal = double __attribute__((vector_size(32), aligned(8), may_alias));
using WideRealBits = std::uint64_t __attribute__((vector_size(32), aligned(8), may_alias));
inline constexpr std::size_t kWideReal = 4;

WAKEFUL_INLINE const WideReal& wide(const double* at) { return *reinterpret_cast<const WideReal*>(at); }
WAKEFUL_INLINE WideReal& wide(double* at) { return *reinterpret_cast<WideReal*>(at); }

}  // namespace wakeful::detectors
