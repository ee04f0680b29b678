#pragma once
// What a metric store knows: tables of facts and dimensions, and metrics defined on them.
//
// A column's role is in its name: `…_id` is a key, `dim_…` a dimension, `m_…` a measure, `ts` the time. A fact table
// has exactly one time, a dimension table exactly one key, by which facts are joined to it. Read from a folder of YAML
// files, each with any of `connection`, `tables` and `metrics`. Values: no thread contract.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace wakeful::runner {

enum class ColumnRole { key, dimension, measure, time };
/// Errors: invalid naming `field` for a name that has no role.
ColumnRole role_of(std::string_view column, const std::string& field);

enum class ColumnType { integer, real, text, timestamp };

struct StoreColumn {
  std::string name;
  ColumnType type = ColumnType::text;
  ColumnRole role = ColumnRole::dimension;
};

struct StoreTable {
  std::string name;
  bool is_fact = false;
  std::filesystem::path source{};  // a CSV file; empty: the table lies in the connection's database
  bool has_header = false;         // of the file: its first line is no row
  std::vector<StoreColumn> columns{};

  const StoreColumn* find(std::string_view column) const;
  /// The time of a fact table, the key of a dimension table.
  const StoreColumn& anchor() const;
};

struct StoreMetric {
  std::string name;
  std::string definition;
};

struct MetricStoreConfig {
  std::string connection{};  // "": all tables are CSV files
  std::vector<StoreTable> tables{};
  std::vector<StoreMetric> metrics{};

  /// Errors: not_found with the nearest known one.
  const StoreMetric& metric(std::string_view name) const;
};

/// Every *.yaml, *.yml and *.json of `folder`, by name. Paths of CSV files count from the folder.
/// Errors: not_found; invalid, with the file and the member at fault: an unknown key, a name twice, a fact table
/// without exactly one `ts`, a dimension table without exactly one key, CSV files beside tables of a connection.
MetricStoreConfig read_metric_store(const std::filesystem::path& folder);

}  // namespace wakeful::runner
