#pragma once
// What a model was trained on, for people: a JSON document kept with the training run. Pure.
#include <string>

#include "runner/grid.hpp"

namespace wakeful::runner {

/// {"metric","from","until","granularity","rows","groups","digest","entities":[{"entity","values","missing","mean",
/// "standard_deviation","minimum","maximum"}…]}; the standard deviation is the population's.
std::string training_summary(const std::string& metric, const Grid& grid);

}  // namespace wakeful::runner
