// Storing pushed rows: the part of observations.hpp that writes.
#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "monitor/observations.hpp"
#include "monitor/online_models.hpp"
#include "platform/core/error.hpp"
#include "platform/search/list_statement.hpp"

namespace wakeful::monitor {
namespace {

constexpr db::Sql kFindSource{"source.key", "SELECT source_key FROM sources WHERE name = $1"};
constexpr db::Sql kChannels{"channel.list", "SELECT metric, channel_key FROM channels WHERE source_key = $1"};
constexpr db::Sql kAddSeries{"series.add",
                             "INSERT INTO series (channel_key, dims, first_us, last_us) VALUES ($1, $2, $3, $3) "
                             "RETURNING series_key"};
constexpr db::Sql kCountSeries{"series.count",
                               "SELECT COUNT(*) FROM series r JOIN channels c ON c.channel_key = r.channel_key "
                               "WHERE c.source_key = $1"};
constexpr db::Sql kStretch{"series.stretch",
                           "UPDATE series SET first_us = CASE WHEN first_us > $2 THEN $2 ELSE first_us END, "
                           "last_us = CASE WHEN last_us < $3 THEN $3 ELSE last_us END WHERE series_key = $1"};
constexpr db::Sql kInsert{"observation.add",
                          "INSERT INTO observations (channel_key, ts_us, series_key, value) VALUES ($1, $2, $3, $4)"};
constexpr db::Sql kReplace{"observation.replace",
                           "UPDATE observations SET value = $4 WHERE channel_key = $1 AND ts_us = $2 AND "
                           "series_key = $3"};
constexpr db::Sql kCountRows{"source.count_rows",
                             "UPDATE sources SET row_count = row_count + $2 WHERE source_key = $1"};

constexpr db::Sql kAllSeries{"series.all",
                             "SELECT c.metric, r.dims FROM series r JOIN channels c ON c.channel_key = r.channel_key "
                             "WHERE c.source_key = $1"};

core::Error too_many_series() {
  return core::invalid(fmt::format("More than {} series in one source", kMaxSeries), "source");
}

std::uint64_t series_id(const RowBatch::Value& value) { return (std::uint64_t{value.metric} << 32U) | value.dims; }

/// What became of a row: the strongest of what became of its values.
enum RowFate : unsigned char { untouched = 0, equal = 1, fresh = 2, changed = 4 };

struct SeriesState {
  std::int64_t channel = 0;
  std::int64_t key = 0;
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;  // before this chunk
  std::int64_t low_us = 0;   // of this chunk
  std::int64_t high_us = 0;
};

/// One value to be stored, with the rows that brought it.
struct Slot {
  std::uint32_t series = 0;  // index
  std::int64_t us = 0;
  double value = 0;
  std::uint32_t row = 0;  // the last that said something new
};

class ChunkWriter {
 public:
  ChunkWriter(db::Tx& tx, std::int64_t source, const RowBatch& batch, Chunk chunk)
      : tx_(tx), source_(source), batch_(batch), chunk_(chunk) {}

  void store() {
    find_channels();
    find_series();
    gather();
    look_up();
    write();
  }

  IngestReport count(std::optional<std::int64_t> evaluated_us) const {
    IngestReport report;
    for (std::size_t i = 0; i < chunk_.size(); ++i) {
      if (i + 1 < chunk_.size() && chunk_[i + 1].row == chunk_[i].row) continue;
      const unsigned fate = fates_[chunk_[i].row - first_row_];
      if (fate & changed)
        ++report.replaced;
      else if (fate & fresh)
        ++report.accepted;
      else
        ++report.duplicates;
      const bool stored = (fate & (changed | fresh)) != 0;
      if (stored && evaluated_us && core::to_us(chunk_[i].time) < *evaluated_us) ++report.late;
    }
    return report;
  }

 private:
  void find_channels() {
    std::unordered_map<std::string, std::int64_t> known;
    tx_.query(kChannels, {source_}, [&](const db::Row& row) { known[std::string(row.text(0))] = row.integer(1); });
    for (const std::string& metric : batch_.metrics) channels_.push_back(known.contains(metric) ? known[metric] : 0);
  }

  /// Every series of the chunk gets an index; what the store knows of it is read in bulk, new ones are made.
  void find_series() {
    std::vector<std::vector<std::uint32_t>> dims_of(channels_.size());
    for (const RowBatch::Value& value : chunk_) {
      const std::int64_t us = core::to_us(value.time);
      const auto [found, is_new] = index_of_.try_emplace(series_id(value), static_cast<std::uint32_t>(series_.size()));
      if (is_new) {
        series_.push_back({.channel = channels_[value.metric], .low_us = us, .high_us = us});
        dims_of[value.metric].push_back(value.dims);
      } else {
        SeriesState& state = series_[found->second];
        state.low_us = std::min(state.low_us, us);
        state.high_us = std::max(state.high_us, us);
      }
    }
    std::int64_t added = 0;
    for (std::uint32_t metric = 0; metric < dims_of.size(); ++metric) added += find_series_of(metric, dims_of[metric]);
    if (added == 0) return;
    const auto count = tx_.find(kCountSeries, {source_}, [](const db::Row& row) { return row.integer(0); });
    if (count.value_or(0) > kMaxSeries) throw too_many_series();
  }

  std::int64_t find_series_of(std::uint32_t metric, const std::vector<std::uint32_t>& dims) {
    std::unordered_map<std::string_view, std::uint32_t> wanted;
    for (const std::uint32_t d : dims) wanted[batch_.dims[d]] = index_of_[(std::uint64_t{metric} << 32U) | d];
    search::for_each_list(dims.size(), [&](std::size_t from, std::size_t count, std::size_t places) {
      const std::string text = search::list_statement(
          "SELECT dims, series_key, first_us, last_us FROM series WHERE channel_key = $1 AND dims IN (", 2, places,
          ")");
      std::vector<db::Param> params{channels_[metric]};
      for (std::size_t i = 0; i < places; ++i) params.emplace_back(batch_.dims[dims[from + std::min(i, count - 1)]]);
      auto each = [&](const db::Row& row) {
        SeriesState& state = series_[wanted.at(row.text(0))];
        state.key = row.integer(1);
        state.first_us = row.integer(2);
        state.last_us = row.integer(3);
      };
      tx_.query(db::Sql("series.find", text), params, db::RowCallback(each));
    });
    std::int64_t added = 0;
    for (const std::uint32_t d : dims) {  // in the order of their first use, which is how they are read later
      SeriesState& state = series_[wanted[batch_.dims[d]]];
      if (state.key != 0) continue;
      state.key = tx_.find(kAddSeries, {state.channel, batch_.dims[d], state.low_us},
                           [](const db::Row& row) { return row.integer(0); })
                      .value();
      state.first_us = state.low_us;
      state.last_us = state.low_us - 1;  // none of the chunk is there
      ++added;
    }
    return added;
  }

  /// Folds what the chunk says twice: the later row counts as a duplicate, or replaces.
  void gather() {
    first_row_ = chunk_.front().row;
    std::uint32_t last_row = first_row_;
    for (const auto& value : chunk_) {
      first_row_ = std::min(first_row_, value.row);
      last_row = std::max(last_row, value.row);
    }
    fates_.assign(last_row - first_row_ + 1, untouched);
    slots_.reserve(chunk_.size());
    std::unordered_map<std::uint32_t, std::size_t> at_this_time;
    std::int64_t time_us = 0;
    for (const auto& value : chunk_) {
      const std::int64_t us = core::to_us(value.time);
      if (us != time_us) at_this_time.clear();
      time_us = us;
      const std::uint32_t series = index_of_[series_id(value)];
      const auto [found, is_new] = at_this_time.try_emplace(series, slots_.size());
      if (is_new) {
        slots_.push_back({series, us, value.value, value.row});
      } else if (Slot& slot = slots_[found->second]; slot.value == value.value) {
        fates_[value.row - first_row_] |= equal;
      } else {
        slot.value = value.value;
        fates_[value.row - first_row_] |= changed;
      }
    }
  }

  /// Values that are not newer than their series may be there already.
  void look_up() {
    std::vector<std::vector<std::size_t>> doubtful(series_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const SeriesState& state = series_[slots_[i].series];
      if (slots_[i].us <= state.last_us && slots_[i].us >= state.first_us)
        doubtful[slots_[i].series].push_back(i);
      else
        new_.push_back(i);
    }
    for (std::size_t series = 0; series < doubtful.size(); ++series) look_up_series(series_[series], doubtful[series]);
    std::sort(new_.begin(), new_.end());
  }

  void look_up_series(const SeriesState& state, const std::vector<std::size_t>& slots) {
    search::for_each_list(slots.size(), [&](std::size_t from, std::size_t count, std::size_t places) {
      const std::string text = search::list_statement(
          "SELECT ts_us, value FROM observations WHERE channel_key = $1 AND series_key = $2 AND ts_us IN (", 3, places,
          ")");
      std::vector<db::Param> params{state.channel, state.key};
      for (std::size_t i = 0; i < places; ++i) params.emplace_back(slots_[slots[from + std::min(i, count - 1)]].us);
      std::unordered_map<std::int64_t, double> there;
      auto each = [&](const db::Row& row) { there[row.integer(0)] = row.real(1); };
      tx_.query(db::Sql("observation.find", text), params, db::RowCallback(each));
      for (std::size_t i = from; i < from + count; ++i) {
        const auto found = there.find(slots_[slots[i]].us);
        if (found == there.end())
          new_.push_back(slots[i]);
        else if (found->second != slots_[slots[i]].value)
          changed_.push_back(slots[i]);
        else
          fates_[slots_[slots[i]].row - first_row_] |= equal;
      }
    });
  }

  void write() {
    std::vector<db::Param> params;
    params.reserve(new_.size() * 4);
    const auto add = [&](std::size_t index, RowFate fate) {
      const Slot& slot = slots_[index];
      const SeriesState& state = series_[slot.series];
      params.insert(params.end(), {state.channel, slot.us, state.key, slot.value});
      fates_[slot.row - first_row_] |= fate;
    };
    for (const std::size_t index : new_) add(index, fresh);
    if (!params.empty()) tx_.execute_many(kInsert, params, 4);
    params.clear();
    for (const std::size_t index : changed_) add(index, changed);
    if (!params.empty()) tx_.execute_many(kReplace, params, 4);
    params.clear();
    for (const SeriesState& state : series_) {
      if (state.low_us < state.first_us || state.high_us > state.last_us)
        params.insert(params.end(), {state.key, state.low_us, state.high_us});
    }
    if (!params.empty()) tx_.execute_many(kStretch, params, 3);
  }

  db::Tx& tx_;
  std::int64_t source_;
  const RowBatch& batch_;
  Chunk chunk_;
  std::vector<std::int64_t> channels_;  // of batch_.metrics
  std::unordered_map<std::uint64_t, std::uint32_t> index_of_;
  std::vector<SeriesState> series_;
  std::vector<Slot> slots_;
  std::vector<unsigned char> fates_;
  std::uint32_t first_row_ = 0;
  std::vector<std::size_t> new_;
  std::vector<std::size_t> changed_;
};

}  // namespace

std::vector<Chunk> cut(RowBatch& batch, std::size_t size) {
  std::sort(batch.values.begin(), batch.values.end(), [](const RowBatch::Value& a, const RowBatch::Value& b) {
    return a.time != b.time ? a.time < b.time : a.row < b.row;
  });
  std::vector<Chunk> chunks;
  const Chunk all(batch.values);
  for (std::size_t from = 0; from < all.size();) {
    std::size_t to = std::min(from + size, all.size());
    while (to < all.size() && all[to].time == all[to - 1].time) ++to;
    chunks.push_back(all.subspan(from, to - from));
    from = to;
  }
  return chunks;
}

void check_room(db::Tx& tx, std::string_view source, const RowBatch& batch) {
  const auto key = tx.find(kFindSource, {source}, [](const db::Row& row) { return row.integer(0); });
  std::unordered_set<std::uint64_t> wanted;
  for (const RowBatch::Value& value : batch.values) wanted.insert(series_id(value));
  const auto integer = [](const db::Row& row) { return row.integer(0); };
  const std::int64_t there = key ? tx.find(kCountSeries, {*key}, integer).value_or(0) : 0;
  if (there + static_cast<std::int64_t>(wanted.size()) <= kMaxSeries) return;
  std::set<std::pair<std::string, std::string>> all;
  if (key) tx.query(kAllSeries, {*key}, [&](const db::Row& row) { all.emplace(row.text(0), row.text(1)); });
  for (const std::uint64_t id : wanted) all.emplace(batch.metrics[id >> 32U], batch.dims[id & 0xffff'ffffU]);
  if (static_cast<std::int64_t>(all.size()) > kMaxSeries) throw too_many_series();
}

IngestReport store_chunk(db::Tx& tx, std::string_view source, const RowBatch& batch, Chunk chunk, core::Timestamp now) {
  const auto key = lock_source(tx, source, now);
  if (!key) throw core::conflict(fmt::format("Source '{}' was deleted meanwhile", source), "source");
  ChunkWriter writer(tx, *key, batch, chunk);
  writer.store();
  const auto evaluated = evaluated_until(tx, source);
  IngestReport report = writer.count(evaluated ? std::optional(core::to_us(*evaluated)) : std::nullopt);
  if (report.accepted > 0) tx.execute(kCountRows, {*key, report.accepted});
  return report;
}

}  // namespace wakeful::monitor
