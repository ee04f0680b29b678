#pragma once
// The points that a series is trained on: read and checked at the door, kept in the model's own file.
//
// So data and model are one artifact: there is no version without its data, and none of another version's. Values.
#include <cstdint>
#include <vector>

#include "detectors/model_file.hpp"
#include "platform/core/json.hpp"

namespace wakeful::serving {

/// As many values as timestamps, at least kLeastPoints, finite, not all equal; timestamps rise and are not negative.
struct TrainingData {
  std::vector<std::int64_t> timestamps;  // in the client's own unit
  std::vector<double> values;
};

inline constexpr std::size_t kLeastPoints = 3;
inline constexpr std::size_t kMostPoints = 1'000'000;

/// `{"timestamps": [integer or string of digits…], "values": [number…]}`. Errors: invalid, naming field or element.
TrainingData read_training_data(const core::ObjectReader& body);

/// A point in time as clients write it. Errors: invalid for a negative one or another text.
std::int64_t read_timestamp(const core::ObjectReader& body);

void save(const TrainingData& data, detectors::ModelWriter& out);
/// Errors: invalid, field "model", for a file that holds none.
TrainingData load_training_data(const detectors::ModelReader& in);

}  // namespace wakeful::serving
