#include "server/metrics_command.hpp"

#include <ostream>

#include <fmt/core.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "runner/metric_store/query.hpp"
#include "runner/metric_store/tables.hpp"
#include "server/table.hpp"

namespace wakeful::server {
namespace {

/// A day, or RFC 3339.
core::Timestamp time_of(const std::string& text, const std::string& field) {
  try {
    return core::parse_rfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
  } catch (const core::Error& e) {
    throw core::invalid(fmt::format("--{}: {}", field, e.what()), field);
  }
}

std::string shown(const search::Query::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return fmt::format("'{}'", *text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return core::format_real(std::get<double>(value));
}

}  // namespace

int show_metric(const Settings& settings, const MetricsOptions& options, std::ostream& out, std::ostream& err) {
  const runner::MetricQuestion question{.metric = options.metric,
                                        .dimensions = options.dimensions,
                                        .filters = options.filters,
                                        .grain = runner::parse_grain(options.grain, "time_grain"),
                                        .start = time_of(options.start, "start"),
                                        .end = time_of(options.end, "end")};
  const runner::MetricStoreConfig store = runner::read_metric_store(options.config);
  store.metric(question.metric);  // told before any table is read
  runner::Connections connections(settings.connections);
  const auto database = runner::open_tables(store, connections);
  const search::Query query = runner::build_query(store, question, database->dialect());
  out << query.sql() << "\n\n";
  if (options.verbose) {
    for (std::size_t i = 0; i < query.values().size(); ++i)
      err << fmt::format("${} = {}\n", i + 1, shown(query.values()[i]));
  }
  const auto rows = runner::ask(*database, query, {.deadline = core::Deadline::after(std::chrono::minutes(5))});
  std::vector<std::string> heads{"time"};
  heads.insert(heads.end(), options.dimensions.begin(), options.dimensions.end());
  heads.push_back(options.metric);
  Table table(heads);
  for (const runner::MetricRow& row : rows) {
    std::vector<std::string> cells{row.time};
    for (const auto& dimension : row.dimensions) cells.push_back(dimension.value_or("-"));
    cells.push_back(row.value ? core::format_real(*row.value) : "-");
    table.add(std::move(cells));
  }
  table.print(out);
  if (options.verbose) err << fmt::format("{} rows\n", rows.size());
  return 0;
}

}  // namespace wakeful::server
