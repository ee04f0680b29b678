#include <cstdlib>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/db/open.hpp"
#include "runner/sources/sources.hpp"

namespace wakeful::runner {
namespace {

struct SourceRow {
  std::size_t kind;  // index in monitor::Source
  std::unique_ptr<Source> (*make)(const monitor::Metric& metric, const SourceContext& context);
};

/// THE table of sources.
constexpr SourceRow kSources[] = {
    {0, make_observation_source},   // {observations: NAME}
    {1, make_sql_source},           // {sql: {connection, query | table, …}}
    {2, make_csv_source},           // {csv: {path, …}}
    {3, make_metric_store_source},  // {metric_store: {config, grain, …}}
};
static_assert(std::size(kSources) == std::variant_size_v<monitor::Source>);

std::string variable_of(std::string_view connection) {
  std::string name = "WAKEFUL_CONNECTION_";
  for (const char c : connection) {
    if (c == '-' || c == '.') {
      name += '_';
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

}  // namespace

std::unique_ptr<Source> make_source(const monitor::Metric& metric, const SourceContext& context) {
  for (const SourceRow& row : kSources) {
    if (row.kind == metric.source.index()) return row.make(metric, context);
  }
  throw core::internal("a kind of source that is not in the table");
}

search::Filter parse_filters(const monitor::Metric& metric) {
  search::Filter all;
  for (const std::string& text : metric.dimension_filters) {
    auto filter = search::parse_dimension_filter(text, "dimension_filters");
    for (auto& comparison : filter.all) all.all.push_back(std::move(comparison));
  }
  for (std::size_t i = 0; i < metric.group.size(); ++i) {
    search::Comparison is_it{
        .entity = "dimension", .key = metric.dimension_groupings[i], .literal = {metric.group[i], false, 0}};
    all.all.push_back(std::move(is_it));
  }
  return all;
}

std::shared_ptr<db::Database> Connections::get(const std::string& name) { return open(name, false); }

std::shared_ptr<db::Database> Connections::get_writable(const std::string& name) { return open(name, true); }

std::shared_ptr<db::Database> Connections::open(const std::string& name, bool writable) {
  core::Lock lock(mutex_);
  const std::pair<std::string, bool> key(name, writable);
  if (const auto found = open_.find(key); found != open_.end()) return found->second;
  std::string uri;
  if (const auto set = uris_.find(name); set != uris_.end()) {
    uri = set->second;
  } else if (const char* value = std::getenv(variable_of(name).c_str())) {  // NOLINT(concurrency-mt-unsafe)
    uri = value;
  } else {
    throw core::invalid(
        fmt::format("the runner knows no connection '{}': set it under connections: in its settings, or "
                    "in {}",
                    name, variable_of(name)),
        writable ? "predict.output.connection" : "source.sql.connection");
  }
  std::shared_ptr<db::Database> database =
      db::open(uri, {.readers = 2, .exclusive = false, .read_only = !writable, .statements = statements_});
  open_.emplace(key, database);
  return database;
}

}  // namespace wakeful::runner
