#pragma once
// Scores as columns, which is how they travel in bulk: a name is said once, a row costs a few bytes. Pure.
#include <vector>

#include "monitor/wire/types.hpp"

namespace wakeful::monitor {

/// {"entities":[…],"algorithms":[…],"ts_us":[…],"entity":[index…],"algorithm":[index…],"value":[number or null…],
///  "expected":…,"lower":…,"upper":…,"score":…,"is_anomaly":[0 or 1…],"metadata":[object or null…]}. Metadata may be
/// missing, where no row has any. Evaluation id and revision are left out; values that are not finite are written as
/// null.
void write_columns(core::JsonWriter& json, const std::vector<Score>& scores);

/// Errors: invalid, naming the column: missing, of another length, of another type, an index beyond its names, an
/// anomaly without a score, metadata of a row that is none or larger than 64 KiB, more than `most` rows.
std::vector<Score> read_columns(const core::ObjectReader& object, std::int64_t most);

}  // namespace wakeful::monitor
