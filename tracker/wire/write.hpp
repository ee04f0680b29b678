#pragma once
// The tracking types as MLflow's JSON: unset and empty things are left out where its clients expect that, 64-bit
// integers are numbers, NaN is the string "NaN". Each appends one value (an object) to the writer.
#include <span>

#include "platform/core/json.hpp"
#include "tracker/wire/types.hpp"

namespace wakeful::tracker {

void write(core::JsonWriter& json, const Experiment& experiment);
void write(core::JsonWriter& json, const RunInfo& info);
void write(core::JsonWriter& json, const Run& run);
/// What a run holds, as members of an open object: data, inputs, outputs.
void write_contents(core::JsonWriter& json, const Run& run);
void write(core::JsonWriter& json, const LoggedModel& model);
void write(core::JsonWriter& json, const Metric& metric);
void write(core::JsonWriter& json, const KeyValue& pair);

/// `"name":[…]`; nothing for no items.
template <class T>
void write_list(core::JsonWriter& json, std::string_view name, std::span<const T> items) {
  if (items.empty()) return;
  json.key(name).begin_array();
  for (const T& item : items) write(json, item);
  json.end_array();
}
template <class T>
void write_list(core::JsonWriter& json, std::string_view name, const std::vector<T>& items) {
  write_list(json, name, std::span<const T>(items));
}

}  // namespace wakeful::tracker
