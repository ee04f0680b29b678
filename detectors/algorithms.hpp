#pragma once
// What each algorithm's .cpp offers to catalog.cpp: its parameters and its maker. Nobody else needs this.
#include <memory>
#include <span>

#include "detectors/catalog.hpp"

namespace wakeful::detectors {

using MakeDetector = std::unique_ptr<Detector>(const CatalogRow& row, const Parameters& parameters);

std::span<const ParameterSpec> univariate_baseline_parameters();
MakeDetector make_univariate_baseline;

std::span<const ParameterSpec> mini_prophet_parameters();
MakeDetector make_mini_prophet;

std::span<const ParameterSpec> ar_ridge_parameters();
MakeDetector make_ar_ridge;

std::span<const ParameterSpec> ewma_residual_parameters();
MakeDetector make_ewma_residual;

std::span<const ParameterSpec> isolation_forest_parameters();
MakeDetector make_isolation_forest;

std::span<const ParameterSpec> z_score_parameters();
MakeDetector make_z_score;

std::span<const ParameterSpec> mahalanobis_parameters();
MakeDetector make_mahalanobis;

std::span<const ParameterSpec> one_class_svm_parameters();
MakeDetector make_one_class_svm;

std::span<const ParameterSpec> ransyncoders_parameters();
MakeDetector make_ransyncoders;

}  // namespace wakeful::detectors
