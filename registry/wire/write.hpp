#pragma once
// The registry's types and requests as MLflow's JSON. What is unset or empty is left out, but for a version's
// description, run_id and run_link, which clients expect as "". Each appends one object to the writer.
#include "platform/core/json.hpp"
#include "registry/wire/read.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::registry {

void write(core::JsonWriter& json, const RegisteredModel& model);
void write(core::JsonWriter& json, const ModelVersion& version);
void write(core::JsonWriter& json, const NewModel& body);
void write(core::JsonWriter& json, const NewVersion& body);

}  // namespace wakeful::registry
