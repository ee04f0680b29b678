// Any bytes are rows of observations in each format, or refused as the caller's mistake; where bad rows are skipped, no
// row is lost without being counted.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "monitor/rows.hpp"
#include "platform/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wakeful::monitor;
  if (size == 0) return 0;
  const RowTerms terms{.format = static_cast<RowFormat>(data[0] % 3),
                       .unit = static_cast<TimeUnit>(data[0] / 4 % 5),
                       .skip_bad_rows = data[0] >= 128};
  const ColumnRoles known{{"v", ColumnRole::metric}, {"host", ColumnRole::dimension}};
  try {
    const RowBatch batch = read_rows({reinterpret_cast<const char*>(data) + 1, size - 1}, terms, known);
    if (!terms.skip_bad_rows && batch.rejected_rows != 0) std::abort();
    if (batch.rejected.size() > static_cast<std::size_t>(batch.rejected_rows)) std::abort();
    for (const RowBatch::Value& value : batch.values) {
      if (!std::isfinite(value.value) || value.row >= batch.rows || value.dims >= batch.dims.size() ||
          value.metric >= batch.metrics.size())
        std::abort();
    }
  } catch (const wakeful::core::Error& e) {
    if (e.code() != wakeful::core::ErrorCode::invalid) std::abort();
  }
  return 0;
}
