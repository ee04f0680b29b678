#pragma once
// Observations as they are pushed: JSON arrays, NDJSON and CSV, read row by row into columns that take 32 bytes a
// value. Pure. A row has one time, numbers (metrics) and texts (dimensions); what is null, empty or not a number in a
// column of numbers is missing. A name is either a metric or a dimension, for good: whatever it was first.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "monitor/wire/types.hpp"

namespace wakeful::monitor {

enum class TimeUnit { none, seconds, milliseconds, microseconds, nanoseconds };
/// "s", "ms", "us", "ns"; empty is none. Errors: invalid naming ts_unit.
TimeUnit parse_time_unit(std::string_view word);

enum class RowFormat { json, ndjson, csv };
/// By Content-Type. Errors: invalid (415) naming Content-Type.
RowFormat row_format_of(std::string_view content_type);

enum class ColumnRole { dimension, metric };
using ColumnRoles = std::map<std::string, ColumnRole, std::less<>>;

/// The rows of one push.
struct RowBatch {
  struct Value {
    core::Timestamp time;
    double value = 0;
    std::uint32_t row = 0;
    std::uint32_t dims = 0;    // index into dims
    std::uint32_t metric = 0;  // index into metrics
  };
  std::vector<Value> values{};
  std::vector<std::string> metrics{};
  std::vector<std::string> dims{};  // JSON objects of texts, members by name
  ColumnRoles new_columns{};        // beyond those that were known
  std::int64_t rows = 0;            // taken
  std::int64_t rejected_rows = 0;
  std::vector<IngestReport::Rejected> rejected{};  // the first kMaxListed
};
inline constexpr std::size_t kMaxListed = 1'000;
inline constexpr std::size_t kMaxColumns = 1'000;
inline constexpr std::size_t kMaxDimsBytes = 2'000;

struct RowTerms {
  RowFormat format = RowFormat::json;
  TimeUnit unit = TimeUnit::none;  // of times that are whole numbers
  bool skip_bad_rows = false;      // otherwise the first bad row is the end
};
/// Errors: invalid naming the row and its field ("[3].ts"); where bad rows are skipped, only for what is no list of
/// rows at all.
RowBatch read_rows(std::string_view body, const RowTerms& terms, const ColumnRoles& known);

}  // namespace wakeful::monitor
