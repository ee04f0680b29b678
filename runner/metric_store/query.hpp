#pragma once
// From a question to one statement: which table has the facts, which dimension tables are joined, and the SQL of SQLite
// or PostgreSQL. Pure; values are bound, names are those of the config, checked and quoted.
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "platform/search/sql.hpp"
#include "runner/metric_store/config.hpp"

namespace wakeful::runner {

/// In the order of monitor::kGrains.
enum class Grain { minute, hour, day, week, month, quarter, year };
/// Whatever the case. Errors: invalid naming `field`, with the words.
Grain parse_grain(std::string_view word, const std::string& field);
std::string_view name_of(Grain grain);

/// The grain's bucket that holds `time`: its start, in UTC. Weeks begin on Monday.
core::Timestamp start_of(Grain grain, core::Timestamp time);
/// The start of the bucket behind the one that holds `time`.
core::Timestamp end_of(Grain grain, core::Timestamp time);

struct MetricQuestion {
  std::string metric;
  std::vector<std::string> dimensions{};
  std::vector<std::string> filters{};  // "dim_payment_type = 'cash'"
  Grain grain = Grain::month;
  core::Timestamp start{};  // inclusive
  core::Timestamp end{};    // exclusive
};

/// SELECT time (RFC 3339 text), value, dimensions… in the order of time, then dimensions. A fact that finds no row in a
/// dimension table keeps its value, under a dimension that is NULL.
/// Errors: not_found for the metric; invalid naming metric, dimension or filter: a column that no fact table, or no
/// table that the facts can be joined to, has ("cannot determine source"); more than one that has it; a span that is
/// empty or not of whole seconds.
search::Query build_query(const MetricStoreConfig& store, const MetricQuestion& question, db::Dialect dialect);

}  // namespace wakeful::runner
