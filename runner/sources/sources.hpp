#pragma once
// The makers that source_catalog.cpp lists. Each takes a metric whose `source` is of its kind.
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/search/dimensions.hpp"
#include "runner/source.hpp"

namespace wakeful::runner {

std::unique_ptr<Source> make_observation_source(const monitor::Metric& metric, const SourceContext& context);
std::unique_ptr<Source> make_csv_source(const monitor::Metric& metric, const SourceContext& context);
std::unique_ptr<Source> make_sql_source(const monitor::Metric& metric, const SourceContext& context);

/// The names that a time column has when a file does not say.
inline constexpr std::string_view kTimeColumns[] = {"ts", "time", "timestamp"};

/// All filters of a metric, which all must hold.
search::Filter parse_filters(const monitor::Metric& metric);

}  // namespace wakeful::runner
