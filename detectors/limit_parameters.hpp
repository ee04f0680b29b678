#pragma once
// The parameters of methods that judge by how far a value is from what they expect; one row each, for their tables.
#include <array>
#include <string_view>

#include "detectors/parameters.hpp"

namespace wakeful::detectors {

inline constexpr std::array<std::string_view, 3> kDirections = {"both", "up", "down"};

inline constexpr ParameterSpec kDirectionParameter{.name = "direction",
                                                   .kind = ParameterKind::choice,
                                                   .fallback = "both",
                                                   .words = kDirections,
                                                   .doc = "which deviations count"};

// Those of a Limit.
inline constexpr ParameterSpec kToleranceParameter{.name = "tolerance",
                                                   .kind = ParameterKind::real,
                                                   .fallback = "5",
                                                   .least = 0.01,
                                                   .most = 1e6,
                                                   .doc = "how many scales a deviation may be large, at least"};
inline constexpr ParameterSpec kRiskParameter{
    .name = "risk",
    .kind = ParameterKind::real,
    .fallback = "0.001",
    .least = 0,
    .most = 0.01,
    .doc = "false alarms per row that heavy tails may cause; 0 counts the tolerance alone"};
inline constexpr ParameterSpec kAdaptParameter{
    .name = "adapt",
    .kind = ParameterKind::real,
    .fallback = "0.001",
    .least = 0,
    .most = 0.5,
    .doc = "how fast the limit follows the deviations, per row; 0 keeps that of the training"};

}  // namespace wakeful::detectors
