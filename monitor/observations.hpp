#pragma once
// The built-in store of observations: functions on a transaction.
//
// A source holds channels (one metric each), a channel holds series (one set of dimensions each), a series has one
// value per time. Values lie in time order within their channel, because that is how they come and how they are read.
// What is pushed again is counted as a duplicate, or replaces; how rows are read from text: rows.hpp.
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/listing.hpp"
#include "monitor/rows.hpp"
#include "monitor/wire/types.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "platform/search/filter.hpp"

namespace wakeful::monitor {

/// What the columns of a source are so far; empty for a source that is not there.
ColumnRoles column_roles(db::Tx& tx, std::string_view source);

/// A stretch of a batch: values in time order, whole rows and whole instants, so that each can be stored by itself.
using Chunk = std::span<const RowBatch::Value>;

/// Sorts the values of a batch by time and cuts them into chunks of about `size` values.
std::vector<Chunk> cut(RowBatch& batch, std::size_t size);

/// Makes the source and its columns if they are new. Errors: invalid naming a column that another push has made a
/// metric or dimension meanwhile, and beyond kMaxColumns.
void prepare_source(db::Tx& tx, std::string_view source, const RowBatch& batch, core::Timestamp now);

/// The key of a source, whose row the transaction holds from now on; nothing if the source is not there.
std::optional<std::int64_t> lock_source(db::Tx& tx, std::string_view source, core::Timestamp now);

/// For a batch of several chunks, before the first is stored. Errors: invalid beyond kMaxSeries.
void check_room(db::Tx& tx, std::string_view source, const RowBatch& batch);

/// Stores a chunk and counts its rows. Errors: invalid beyond kMaxSeries.
/// Order: after prepare_source. Cost: a look-up for each value that is not newer than its series.
IngestReport store_chunk(db::Tx& tx, std::string_view source, const RowBatch& batch, Chunk chunk, core::Timestamp now);
inline constexpr std::int64_t kMaxSeries = 200'000;

/// Order: by name.
Page<SourceSummary> list_sources(db::Tx& tx, const PageTerms& terms, core::Timestamp now);
/// Errors: not_found.
SourceSummary get_source(db::Tx& tx, std::string_view name, core::Timestamp now);

/// Takes a source away at once; what it held waits for purge_sources. Errors: not_found.
void drop_source(db::Tx& tx, std::string_view name);
/// Deletes up to `most` values of dropped sources; false when nothing is left.
bool purge_sources(db::Tx& tx, std::int64_t most);

/// Which values of a source are asked for.
struct ObservationSearch {
  std::string source{};
  std::string metric{};  // may be left out where the source has one
  std::vector<std::pair<std::string, std::string>> dims{};
  std::vector<search::Filter> filters{};
  std::optional<core::Timestamp> first{};   // inclusive
  std::optional<core::Timestamp> before{};  // exclusive
};
/// A page of them. Order: by time, then series. Errors: not_found for source or metric; invalid for page terms.
ObservationPage list_observations(db::Tx& tx, const ObservationSearch& search, const PageTerms& terms);

/// What a chart shows of a series: of every pixel the smallest and the largest value, in time order.
struct ChartSeries {
  std::vector<std::pair<std::string, std::string>> dims{};
  std::vector<core::Timestamp> times{};
  std::vector<double> values{};
};
struct Chart {
  std::string metric;
  core::Timestamp from{};
  core::Timestamp to{};
  std::int64_t points = 0;  // that lie in the range
  bool exact = false;       // all of them are shown
  std::vector<ChartSeries> series{};
};
inline constexpr std::size_t kMaxCharts = 50;
/// Errors: as list_observations; invalid for more than kMaxCharts series.
Chart chart(db::Tx& tx, const ObservationSearch& search, std::int64_t pixels);

}  // namespace wakeful::monitor
