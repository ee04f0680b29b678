#pragma once
// Names of metrics and groups, which may hold anything printable, made fit for places that are stricter: keys of
// MLflow's metrics and params, segments of artifact paths. Two names may become one; whoever minds adds something.
// Pure.
#include <string>
#include <string_view>

#include "monitor/wire/definition.hpp"

namespace wakeful::runner {

/// Letters, digits, '_', '-' and '.', at most 150 of them, never only dots: everything else is '_'.
std::string plain_name(std::string_view name);
/// Of a metric; "<metric>/<values>" where it is about one group.
std::string plain_label(const monitor::Metric& metric);

}  // namespace wakeful::runner
