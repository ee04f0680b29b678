#include "runner/metric_store/config.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "monitor/wire/names.hpp"
#include "monitor/wire/yaml.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "runner/sources/sql_plan.hpp"

namespace wakeful::runner {
namespace {

namespace fs = std::filesystem;
using core::ObjectReader;

[[noreturn]] void refuse(const std::string& field, std::string_view why) {
  throw core::invalid(fmt::format("'{}': {}", field, why), field);
}

ColumnType read_type(const ObjectReader& column) {
  constexpr std::array<std::string_view, 4> kWords{"int", "float", "str", "timestamp"};
  const std::string word = column.text("data_type");
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  if (found != kWords.end()) return static_cast<ColumnType>(found - kWords.begin());
  const auto near = core::did_you_mean(word, kWords);
  refuse(column.path_of("data_type"), fmt::format("'{}' is none of int, float, str, timestamp{}", word,
                                                  near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

StoreColumn read_column(const ObjectReader& object) {
  constexpr std::array<std::string_view, 2> kKeys{"name", "data_type"};
  object.refuse_unknown(kKeys);
  StoreColumn column{.name = object.text("name")};
  const std::string field = object.path_of("name");
  quoted(column.name, field);
  column.type = read_type(object);
  column.role = role_of(column.name, field);
  if ((column.role == ColumnRole::time) != (column.type == ColumnType::timestamp) && column.role == ColumnRole::time)
    refuse(object.path_of("data_type"), "the column ts is a timestamp");
  return column;
}

bool read_is_fact(const ObjectReader& table) {
  const std::string word = table.text("type");
  if (word != "fact" && word != "dim") refuse(table.path_of("type"), fmt::format("'{}' is neither fact nor dim", word));
  return word == "fact";
}

void check_anchor(const StoreTable& table, const std::string& field) {
  const ColumnRole wanted = table.is_fact ? ColumnRole::time : ColumnRole::key;
  const auto count = std::count_if(table.columns.begin(), table.columns.end(),
                                   [&](const StoreColumn& column) { return column.role == wanted; });
  if (count == 1) return;
  refuse(field, fmt::format("the {} table '{}' has {} {}; it takes exactly one", table.is_fact ? "fact" : "dimension",
                            table.name, count, table.is_fact ? "columns ts" : "keys (…_id)"));
}

StoreTable read_table(const ObjectReader& object, const fs::path& folder) {
  constexpr std::array<std::string_view, 5> kKeys{"name", "type", "source", "header", "columns"};
  object.refuse_unknown(kKeys);
  StoreTable table{.name = object.text("name"), .is_fact = read_is_fact(object)};
  for (const std::string_view part : core::split(table.name, '.')) quoted(part, object.path_of("name"));
  if (const auto source = object.find_text("source")) table.source = folder / *source;
  table.has_header = object.find_boolean("header").value_or(false);
  for (const ObjectReader& column : object.objects("columns")) {
    table.columns.push_back(read_column(column));
    const auto same = [&](const StoreColumn& one) { return one.name == table.columns.back().name; };
    if (std::count_if(table.columns.begin(), table.columns.end(), same) > 1)
      refuse(column.path_of("name"), fmt::format("two columns are named '{}'", table.columns.back().name));
  }
  check_anchor(table, object.path_of("columns"));
  return table;
}

template <class T>
void add(std::vector<T>& all, T one, const std::string& field) {
  if (std::any_of(all.begin(), all.end(), [&](const T& other) { return other.name == one.name; }))
    refuse(field, fmt::format("'{}' is there twice", one.name));
  all.push_back(std::move(one));
}

void read_document(const ObjectReader& object, const fs::path& folder, MetricStoreConfig& store) {
  constexpr std::array<std::string_view, 3> kKeys{"connection", "tables", "metrics"};
  object.refuse_unknown(kKeys);
  if (const auto connection = object.find_text("connection")) {
    monitor::check_name(*connection, "connection");
    if (!store.connection.empty() && store.connection != *connection) refuse("connection", "named twice");
    store.connection = *connection;
  }
  for (const ObjectReader& table : object.objects("tables"))
    add(store.tables, read_table(table, folder), table.path_of("name"));
  for (const ObjectReader& metric : object.objects("metrics")) {
    constexpr std::array<std::string_view, 3> kMetricKeys{"name", "definition", "description"};
    metric.refuse_unknown(kMetricKeys);
    quoted(metric.text("name"), metric.path_of("name"));
    add(store.metrics, StoreMetric{metric.text("name"), metric.text("definition")}, metric.path_of("name"));
  }
}

void read_file(const fs::path& path, MetricStoreConfig& store) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw core::unavailable(fmt::format("{} cannot be read", path.string()));
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  try {
    for (const core::JsonDocument& document : monitor::parse_yaml(bytes))
      read_document(ObjectReader(document.root()), path.parent_path(), store);
  } catch (const core::Error& e) {
    throw core::Error(e.code(), fmt::format("{}: {}", path.filename().string(), e.what()), e.field());
  }
}

}  // namespace

ColumnRole role_of(std::string_view column, const std::string& field) {
  if (column == "ts") return ColumnRole::time;
  if (column.starts_with("dim_")) return ColumnRole::dimension;
  if (column.starts_with("m_")) return ColumnRole::measure;
  if (column.ends_with("_id")) return ColumnRole::key;
  refuse(field, fmt::format("'{}' has no role: name it …_id (key), dim_… (dimension), m_… (measure) or ts (time)",
                            column.substr(0, 100)));
}

const StoreColumn* StoreTable::find(std::string_view column) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

const StoreColumn& StoreTable::anchor() const {
  const ColumnRole wanted = is_fact ? ColumnRole::time : ColumnRole::key;
  return *std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.role == wanted; });
}

const StoreMetric& MetricStoreConfig::metric(std::string_view name) const {
  std::vector<std::string_view> known;
  std::string list;
  for (const StoreMetric& one : metrics) {
    if (one.name == name) return one;
    known.push_back(one.name);
    list += (list.empty() ? "" : ", ") + one.name;
  }
  const auto near = core::did_you_mean(name, known);
  throw core::not_found(fmt::format("unknown metric '{}'{}", name.substr(0, 100),
                                    near ? fmt::format("; did you mean '{}'?", *near) : "; there are " + list),
                        "metric");
}

MetricStoreConfig read_metric_store(const fs::path& folder) {
  if (!fs::is_directory(folder))
    throw core::not_found(fmt::format("'{}' is no folder of a metric store", folder.string()), "config");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string ending = entry.path().extension().string();
    if (ending == ".yaml" || ending == ".yml" || ending == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  MetricStoreConfig store;
  for (const fs::path& file : files) read_file(file, store);
  if (store.tables.empty()) throw core::invalid(fmt::format("'{}' names no tables", folder.string()), "config");
  for (const StoreTable& table : store.tables) {
    if (table.source.empty() == store.connection.empty())
      refuse("tables", fmt::format("'{}' needs {}", table.name,
                                   store.connection.empty() ? "a source, for the store has no connection"
                                                            : "no source: it lies in the store's connection"));
  }
  return store;
}

}  // namespace wakeful::runner
