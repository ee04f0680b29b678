#pragma once
// Parts that an algorithm is told to build on, by name and with arguments of their own: THE table of them, and how a
// detector file says them.
//
// An estimator is written as its name (all defaults), as {Name: {argument: value}} or as {cls: Name, args: {argument:
// value}}; of a dotted name the last part counts. Arguments are literals or, where the argument takes one, estimators
// again. Errors name the argument by its path in the file and the nearest known name. Threads: constant.
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detectors/parameters.hpp"

namespace wakeful::detectors {

enum class EstimatorRole { forecaster, transformer };

struct EstimatorRow {
  std::string_view name;
  std::span<const std::string_view> aliases;
  EstimatorRole role;
  std::string_view summary;
  std::span<const ParameterSpec> parameters;
};

std::span<const EstimatorRow> estimators();
/// By name or alias, in any case; null if there is none.
const EstimatorRow* find_estimator(std::string_view name);

struct Estimator {
  const EstimatorRow* row = nullptr;
  Parameters parameters{};
};

/// The value of a parameter of kind days, reals, forecaster or transformers, in its one form: JSON with every argument
/// said. `text` is JSON or a bare name. Errors: invalid, naming the member by its path.
std::string read_nested(const ParameterSpec& spec, std::string_view text, const std::string& field);

/// What read_nested made of one or of a list.
Estimator read_estimator(std::string_view json);
std::vector<Estimator> read_estimators(std::string_view json);
/// Days since 1970, in order.
std::vector<std::int64_t> read_days(std::string_view json);
std::vector<double> read_reals(std::string_view json);

}  // namespace wakeful::detectors
