#pragma once
// What a model server says of its model. Threads: any.
#include <string>

#include "serving/asked_rows.hpp"
#include "serving/served_model.hpp"

namespace wakeful::serving {

/// Each channel that some detector of the model takes, once; of a model that was trained with features its raw columns.
Wanted wanted_by(const ServedModel& model);

/// JSON: model, version and source; `inputs` with their types; `detectors` as they describe themselves; of a forest
/// alone also its parameters by scikit-learn's names.
std::string information_of(const ServedModel& model);

}  // namespace wakeful::serving
