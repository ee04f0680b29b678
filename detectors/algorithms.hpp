#pragma once
// What each algorithm's .cpp offers to catalog.cpp: its parameters and its maker. Nobody else needs this.
#include <memory>
#include <span>

#include "detectors/catalog.hpp"

namespace wakeful::detectors {

using MakeDetector = std::unique_ptr<Detector>(const CatalogRow& row, const Parameters& parameters);

std::span<const ParameterSpec> univariate_baseline_parameters();
MakeDetector make_univariate_baseline;

}  // namespace wakeful::detectors
