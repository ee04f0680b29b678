#pragma once
// Rows as a caller's table holds them, for a model that was trained with features: the only way from there to what its
// detectors judge, whoever asks - a model server, a program in another language.
//
// The batch job (runner/rows.hpp) comes to the same FeatureTable::encode with the rows of a grid, so a row that is
// asked about stands for a bucket of one group, whose observations are aggregated already. Pure.
#include <string>
#include <vector>

#include "detectors/features.hpp"

namespace wakeful::detectors {

/// The cells of FeatureTable::raw_columns(); "" and NaN are missing ones. Shape: `times` and `values` have one a row
/// or, if the table looks at none, nothing; `categories` one for each name in FeatureRules::encode, row behind row.
struct RawRows {
  std::size_t rows = 0;
  std::vector<std::string> times{};  // as core::read_time_text takes them
  std::vector<std::string> categories{};
  std::vector<double> values{};
};

/// One row for each; NaN throughout, which has no score, where a cell is missing.
/// Errors: invalid, naming the column, for what is no time; as FeatureTable::encode.
Frame encode(const FeatureTable& table, const RawRows& raw);

}  // namespace wakeful::detectors
