#pragma once
// Where the readers of formats put their rows. Used by rows_*.cpp only.
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "monitor/rows.hpp"

namespace wakeful::monitor {

/// A row that cannot be taken; caught by whoever reads the next one.
struct BadRow {
  std::string field;
  std::string message;
};

class RowBuilder {
 public:
  RowBuilder(const RowTerms& terms, const ColumnRoles& known) : terms_(terms), known_(known) {}

  // A row is begun, filled and ended. Names and texts are borrowed until end().
  void begin();
  /// Text or a whole number. Errors: BadRow.
  void time(std::string_view text, bool is_number);
  void number(std::string_view name, double value) { numbers_.emplace_back(name, value); }
  void text(std::string_view name, std::string_view value) { texts_.emplace_back(name, value); }
  /// A member that is there without a value.
  void missing() { has_missing_ = true; }
  /// Errors: BadRow: no time, no number, a name that is both, beyond a limit.
  void end();

  /// What a column is, as far as is known.
  std::optional<ColumnRole> role_of(std::string_view name) const;
  /// A column whose first value is yet to come.
  void settle(std::string_view name, ColumnRole role);

  /// Counts the row as bad. Errors: invalid unless bad rows are skipped.
  void reject(const BadRow& bad);
  RowBatch take() { return std::move(batch_); }

 private:
  std::uint32_t metric_index(std::string_view name);
  std::uint32_t dims_index();

  const RowTerms& terms_;
  const ColumnRoles& known_;
  RowBatch batch_;
  std::unordered_map<std::string, std::uint32_t> metric_of_;
  std::unordered_map<std::string, std::uint32_t> dims_of_;
  std::int64_t index_ = 0;
  std::optional<core::Timestamp> time_;
  bool has_missing_ = false;
  std::vector<std::pair<std::string_view, double>> numbers_;
  std::vector<std::pair<std::string_view, std::string_view>> texts_;
};

void read_json_rows(std::string_view body, RowBuilder& builder);
void read_ndjson_rows(std::string_view body, RowBuilder& builder);
void read_csv_rows(std::string_view body, RowBuilder& builder);

/// The name of the member that is a row's time, if it is one: "ts", or "timestamp" or "time" where there is none.
inline constexpr std::string_view kTimeNames[] = {"ts", "timestamp", "time"};

}  // namespace wakeful::monitor
