#include "detectors/catalog.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>

#include "detectors/algorithms.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::array<std::string_view, 2> kBaselineNames = {"UnivariateModelAnomalyDetection", "baseline"};
constexpr std::array<std::string_view, 2> kAutoregressionNames = {"ar", "autoregression"};
constexpr std::array<std::string_view, 2> kForestNames = {"IsolationForest", "iforest"};
constexpr std::array<std::string_view, 1> kEwmaNames = {"ewma"};
constexpr std::array<std::string_view, 1> kMiniProphetNames = {"MiniProphetForecaster"};
constexpr std::array<std::string_view, 2> kZScoreNames = {"zscore", "mean_std"};
constexpr std::array<std::string_view, 1> kMahalanobisNames = {"MahalanobisDistance"};
constexpr std::array<std::string_view, 2> kSvmNames = {"OneClassSVM", "ocsvm"};
constexpr std::array<std::string_view, 2> kCodersNames = {"RanSynCodersDetector", "RANSynCoders"};

const std::array<CatalogRow, 9>& rows() {
  static const std::array<CatalogRow, 9> table = {{
      {.name = "univariate_baseline",
       .aliases = kBaselineNames,
       .summary = "residuals against Huber's robust scale of the training residuals",
       .parameters = univariate_baseline_parameters(),
       .per_channel = true,
       .online = false,
       .table = true,
       .stationary = false,
       .advised_rows = 10,
       .make = make_univariate_baseline},
      {.name = "ar_ridge",
       .aliases = kAutoregressionNames,
       .summary = "forecast by a ridge autoregression, innovations against a limit that follows the series",
       .parameters = ar_ridge_parameters(),
       .per_channel = true,
       .online = false,
       .table = false,
       .stationary = false,
       .advised_rows = 50,
       .make = make_ar_ridge},
      {.name = "ewma_residual",
       .aliases = kEwmaNames,
       .summary = "distance from the exponentially weighted mean, against a limit that follows the series",
       .parameters = ewma_residual_parameters(),
       .per_channel = true,
       .online = true,
       .table = false,
       .stationary = false,
       .advised_rows = 20,
       .make = make_ewma_residual},
      {.name = "isolation_forest",
       .aliases = kForestNames,
       .summary = "how few random cuts isolate a row, or a window of rows, from the training",
       .parameters = isolation_forest_parameters(),
       .per_channel = false,
       .online = false,
       .table = true,
       .stationary = false,
       .advised_rows = 50,
       .make = make_isolation_forest},
      {.name = "mini_prophet",
       .aliases = kMiniProphetNames,
       .summary = "forecast by trend, week and day, residuals in units of the forecast's own interval",
       .parameters = mini_prophet_parameters(),
       .per_channel = true,
       .online = false,
       .table = false,
       .stationary = false,
       .advised_rows = 50,
       .make = make_mini_prophet},
      {.name = "z_score",
       .aliases = kZScoreNames,
       .summary = "standard deviations from the mean of the training",
       .parameters = z_score_parameters(),
       .per_channel = true,
       .online = false,
       .table = true,
       .stationary = true,
       .advised_rows = 3,
       .make = make_z_score},
      {.name = "mahalanobis",
       .aliases = kMahalanobisNames,
       .summary = "distance from the training's mean, in units of its spread in that direction",
       .parameters = mahalanobis_parameters(),
       .per_channel = false,
       .online = false,
       .table = true,
       .stationary = true,
       .advised_rows = 50,
       .make = make_mahalanobis},
      {.name = "one_class_svm",
       .aliases = kSvmNames,
       .summary = "how little a row resembles the rows on the training's outline",
       .parameters = one_class_svm_parameters(),
       .per_channel = false,
       .online = false,
       .table = true,
       .stationary = true,
       .advised_rows = 50,
       .make = make_one_class_svm},
      {.name = "ransyncoders",
       .aliases = kCodersNames,
       .summary = "bounds for every channel by an ensemble of autoencoders, each of which sees some of the others",
       .parameters = ransyncoders_parameters(),
       .per_channel = false,
       .online = false,
       .table = false,
       .stationary = true,
       .advised_rows = 50,
       .make = make_ransyncoders},
  }};
  return table;
}

}  // namespace

std::span<const CatalogRow> catalog() { return rows(); }

const CatalogRow* find_algorithm(std::string_view name) {
  const std::string lower = core::to_lower(name.substr(name.rfind('.') + 1));  // npos + 1 is 0
  for (const CatalogRow& row : catalog()) {
    if (row.name == lower) return &row;
    for (std::string_view alias : row.aliases) {
      if (core::to_lower(alias) == lower) return &row;
    }
  }
  return nullptr;
}

const CatalogRow& get_algorithm(std::string_view name) {
  if (const CatalogRow* row = find_algorithm(name)) return *row;
  std::vector<std::string_view> known;
  for (const CatalogRow& row : catalog()) {
    known.push_back(row.name);
    known.insert(known.end(), row.aliases.begin(), row.aliases.end());
  }
  if (const auto near = core::did_you_mean(name, known)) {
    throw core::invalid(fmt::format("unknown algorithm '{}'; did you mean '{}'?", name, *near), "algorithm");
  }
  std::string all;
  for (const CatalogRow& row : catalog()) all += (all.empty() ? "" : ", ") + std::string(row.name);
  throw core::invalid(fmt::format("unknown algorithm '{}'; known are {}", name, all), "algorithm");
}

std::unique_ptr<Detector> make_detector(std::string_view algorithm,
                                        std::span<const std::pair<std::string, std::string>> settings) {
  const CatalogRow& row = get_algorithm(algorithm);
  return make_detector(row, parse_parameters(row.parameters, settings));
}

std::unique_ptr<Detector> make_detector(const CatalogRow& row, const Parameters& parameters) {
  return row.make(row, parameters);
}

void check_training(const CatalogRow& row, const FrameView& training) {
  std::size_t most = 0;
  for (std::size_t c = 0; c < training.channels(); ++c) {
    std::size_t known = 0;
    for (std::size_t r = 0; r < training.rows(); ++r) known += std::isnan(training.at(r, c)) ? 0U : 1U;
    most = std::max(most, known);
  }
  if (most < row.advised_rows) {
    throw core::invalid(fmt::format("{} values to train on, {} needs at least {}", most, row.name, row.advised_rows),
                        "training");
  }
}

}  // namespace wakeful::detectors
