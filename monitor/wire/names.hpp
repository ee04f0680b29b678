#pragma once
// The names that a detector's things bear, and the ids that both ends work out for themselves. Pure.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/wire/definition.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/json.hpp"

namespace wakeful::monitor {

/// `[A-Za-z0-9][A-Za-z0-9._-]{0,99}`: detectors and sources. Errors: invalid naming `field`.
void check_name(std::string_view name, std::string_view field);

/// "<detector>__<metric>__<dims>[__<mode>]", the mode left out for prod: where every training is kept.
std::string trained_model_name(const Definition& definition, const Metric& metric);
/// With a group its values stand for the dimensions, so written that no two groups share a name.
/// "…_online": what is evaluated.
std::string online_model_name(const Definition& definition, const Metric& metric);

/// The group that a column of the frame stands for: "" without groupings, the value itself for one, a JSON array of the
/// values for several, so that no two groups share a name.
std::string entity_name(std::span<const std::string> values);
/// The values that entity_name made `entity` of, `count` of them.
std::vector<std::string> group_of(const std::string& entity, std::size_t count);

struct OnlineModel;
/// The metric of the definition that this online model is about, as the definition has it now (with the model's group);
/// nothing if the definition has none that would be called so.
std::optional<Metric> find_metric_of(const Definition& definition, const OnlineModel& model);

/// The model file in the folder that a model is stored as.
inline constexpr std::string_view kModelFile = "detectors.model";
/// The folder of such a file, which is what the registry's version names; of any other file the file itself.
std::string model_folder_of(std::string_view uri);

/// Where a metric comes from, as the version tag `datasource` says it: "observations:checkout", "sql:warehouse", …
std::string datasource_of(const Source& source);

/// Identifies an evaluation: the same model version and interval give the same id, so a repeated request is known.
std::string evaluation_id(std::string_view model, std::int64_t from_version, core::Timestamp from, core::Timestamp to);

/// A time member: RFC 3339. Errors: invalid, naming it.
std::optional<core::Timestamp> find_time(const core::ObjectReader& object, std::string_view name);
core::Timestamp read_time(const core::ObjectReader& object, std::string_view name);

}  // namespace wakeful::monitor
