#pragma once
// When the rows of a series are: a method that knows days and weeks counts rows from the training's first one. Pure.
#include <chrono>
#include <cmath>
#include <cstddef>
#include <span>

#include "detectors/packing.hpp"
#include "detectors/parameters.hpp"
#include "platform/core/clock.hpp"

namespace wakeful::detectors {

/// Units: seconds since 1970.
struct SeriesClock {
  double start = 0;
  double step = 3600;

  double at(std::size_t row) const { return start + step * static_cast<double>(row); }
  void pack(Packer& out) const {
    out.real(start);
    out.real(step);
  }
  void unpack(Unpacker& in) {
    start = in.real();
    step = in.real();
    if (!std::isfinite(start) || !std::isfinite(step) || !(step > 0)) Unpacker::fail();
  }
};

inline constexpr std::size_t kMostRows = std::size_t{1} << 53U;  // what a row's number may be

inline constexpr ParameterSpec kStepParameter{
    .name = "step",
    .kind = ParameterKind::real,
    .fallback = "3600",
    .least = 1e-3,
    .most = 1e8,
    .doc =
        "seconds from row to row, for a forecaster whose rows carry no time; the first one is taken as midnight, "
        "1970-01-01"};

/// Rows are one step apart; without times they begin in 1970 and are `fallback` seconds apart.
inline SeriesClock clock_of(std::span<const core::Timestamp> times, double fallback) {
  if (times.empty()) return {0, fallback};
  const auto seconds = [](core::Duration d) { return std::chrono::duration<double>(d).count(); };
  SeriesClock clock{seconds(times.front().time_since_epoch()), fallback};
  if (times.size() < 2 || times.back() <= times.front()) return clock;
  clock.step = seconds(times.back() - times.front()) / static_cast<double>(times.size() - 1);
  return clock;
}

}  // namespace wakeful::detectors
