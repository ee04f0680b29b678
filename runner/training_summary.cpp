#include "runner/training_summary.hpp"

#include <algorithm>
#include <cmath>

namespace wakeful::runner {
namespace {

/// Welford's, which loses nothing to large means.
struct Moments {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;
  double least = 0;
  double most = 0;

  void add(double value) {
    least = count == 0 ? value : std::min(least, value);
    most = count == 0 ? value : std::max(most, value);
    ++count;
    const double off = value - mean;
    mean += off / static_cast<double>(count);
    squares += off * (value - mean);
  }
};

void write_entity(core::JsonWriter& json, const Grid& grid, std::size_t column) {
  Moments moments;
  for (std::int64_t row = 0; row < grid.rows(); ++row) {
    if (!std::isnan(grid.at(row, column))) moments.add(grid.at(row, column));
  }
  json.begin_object().member("entity", grid.entities[column]).member("values", moments.count);
  json.member("missing", grid.rows() - moments.count);
  if (moments.count > 0) {
    json.member("mean", moments.mean);
    json.member("standard_deviation", std::sqrt(moments.squares / static_cast<double>(moments.count)));
    json.member("minimum", moments.least).member("maximum", moments.most);
  }
  json.end_object();
}

}  // namespace

std::string training_summary(const std::string& metric, const Grid& grid) {
  core::JsonWriter json;
  json.begin_object().member("metric", metric);
  json.member("from", core::format_rfc3339(grid.buckets.first))
      .member("until", core::format_rfc3339(grid.buckets.last));
  json.member("granularity", core::format_duration(grid.buckets.granularity)).member("rows", grid.rows());
  json.member("groups", static_cast<std::int64_t>(grid.columns())).member("digest", digest_of(grid));
  json.key("entities").begin_array();
  for (std::size_t column = 0; column < grid.columns(); ++column) write_entity(json, grid, column);
  return json.end_array().end_object().take();
}

}  // namespace wakeful::runner
