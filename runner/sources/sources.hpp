#pragma once
// The makers that source_catalog.cpp lists. Each takes a metric whose `source` is of its kind.
#include <filesystem>
#include <memory>
#include <optional>
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
std::unique_ptr<Source> make_metric_store_source(const monitor::Metric& metric, const SourceContext& context);

/// The file or folder itself, links followed, so that none leads out of `root`. Errors: invalid naming `field`.
std::filesystem::path checked_path(const std::string& path, const std::optional<std::string>& root,
                                   const std::string& field);

/// The names that a time column has when a file does not say.
inline constexpr std::string_view kTimeColumns[] = {"ts", "time", "timestamp"};

/// All filters of a metric, which all must hold.
search::Filter parse_filters(const monitor::Metric& metric);

}  // namespace wakeful::runner
