#pragma once
// The table that predictions go to: somebody's SQLite or PostgreSQL database, one row per row judged and algorithm.
//
// A run replaces what its detector wrote about the interval before, in one transaction: whoever looks sees the old rows
// or the new ones, and running again leaves what one run would have left. Rows of other detectors, and of other
// intervals, are not touched; nothing is ever dropped. The table is made if it is not there; one that is there needs
// these columns and may have others. Used by predict.cpp.
#include <cstdint>
#include <string>
#include <vector>

#include "monitor/wire/definition.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::runner {

struct PredictionRow {
  core::Timestamp time{};
  std::vector<std::string> group{};  // a value for each of the metric's groupings
  double value = 0;
  bool is_outlier = false;
  double score = 0;
  std::string model{};
  std::int64_t model_version = 0;
  std::string algorithm{};
};

struct OutputInterval {
  core::Timestamp from{};
  core::Timestamp until{};  // itself outside
};

/// Of a definition with `predict`.
class OutputTable {
 public:
  explicit OutputTable(const monitor::Definition& definition);

  /// Puts `rows` in the place of what the detector has there of the interval. May be called again for the same.
  /// Errors: invalid for a table that lacks columns; what the database says, to be told as the detector file's fault.
  void replace(db::Tx& tx, const OutputInterval& interval, const std::vector<PredictionRow>& rows,
               const std::string& run_id) const;

 private:
  /// Of the table, none if it is not there.
  std::vector<std::string> columns_in(db::Tx& tx) const;
  void check(db::Tx& tx, const std::vector<std::string>& there) const;
  void create(db::Tx& tx) const;
  std::string time_text(core::Timestamp time) const;

  std::string detector_;
  std::string plain_table_;           // as the file says it
  std::string table_;                 // quoted, as are:
  std::vector<std::string> columns_;  // time, groupings, value, and kPredictionColumns
  std::size_t groups_ = 0;
  bool whole_days_ = false;
};

}  // namespace wakeful::runner
