// Sources and their columns: the part of observations.hpp that is about what there is.
#include <array>

#include <fmt/format.h>

#include "monitor/observations.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

constexpr db::Sql kRoles{"source.roles",
                         "SELECT c.name, c.is_metric FROM source_columns c JOIN sources s ON s.source_key = "
                         "c.source_key WHERE s.name = $1"};
constexpr db::Sql kAdd{"source.add",
                       "INSERT INTO sources (name, row_count, created_us, updated_us) VALUES ($1, 0, $2, $2) "
                       "ON CONFLICT DO NOTHING"};
constexpr db::Sql kLock{"source.lock", "UPDATE sources SET updated_us = $2 WHERE name = $1 RETURNING source_key"};
constexpr db::Sql kAddColumn{"source.add_column",
                             "INSERT INTO source_columns (source_key, name, is_metric) VALUES ($1, $2, $3)"};
constexpr db::Sql kAddChannel{"channel.add", "INSERT INTO channels (source_key, metric) VALUES ($1, $2)"};
constexpr db::Sql kSeriesFacts{"source.series",
                               "SELECT COUNT(DISTINCT r.dims), MIN(r.first_us), MAX(r.last_us) FROM series r "
                               "JOIN channels c ON c.channel_key = r.channel_key WHERE c.source_key = $1"};
constexpr db::Sql kColumns{"source.columns",
                           "SELECT name, is_metric FROM source_columns WHERE source_key = $1 ORDER BY name"};
// '/' is in no source's name.
constexpr db::Sql kDrop{"source.drop",
                        "UPDATE sources SET name = '/dropped/' || CAST(source_key AS TEXT) WHERE name = $1"};
constexpr db::Sql kFindDropped{"source.find_dropped",
                               "SELECT source_key FROM sources WHERE name >= '/dropped/' AND name < '/dropped0' "
                               "ORDER BY name LIMIT 1"};
constexpr db::Sql kFindChannel{"channel.any", "SELECT channel_key FROM channels WHERE source_key = $1 LIMIT 1"};

SourceSummary summary(db::Tx& tx, std::string name, std::int64_t key, std::int64_t rows, core::Timestamp now) {
  SourceSummary source{.name = std::move(name), .rows = rows};
  tx.query(kColumns, {key}, [&](const db::Row& row) {
    (row.integer(1) != 0 ? source.metrics : source.dimensions).emplace_back(row.text(0));
  });
  tx.query(kSeriesFacts, {key}, [&](const db::Row& row) {
    source.series = row.integer(0);
    if (row.is_null(1)) return;
    source.first = core::from_us(row.integer(1));
    source.last = core::from_us(row.integer(2));
    source.freshness_seconds = std::chrono::duration<double>(now - *source.last).count();
  });
  return source;
}

struct SourceRow {
  std::string name;
  std::int64_t key = 0;
  std::int64_t rows = 0;
};

SourceRow read_source_row(const db::Row& row, int first) {
  return {std::string(row.text(first)), row.integer(first + 1), row.integer(first + 2)};
}

core::Error no_source(std::string_view name) {
  return core::not_found(fmt::format("Source '{}' not found", name.substr(0, 120)), "source");
}

}  // namespace

ColumnRoles column_roles(db::Tx& tx, std::string_view source) {
  ColumnRoles roles;
  tx.query(kRoles, {source}, [&](const db::Row& row) {
    roles.emplace(std::string(row.text(0)), row.integer(1) != 0 ? ColumnRole::metric : ColumnRole::dimension);
  });
  return roles;
}

std::optional<std::int64_t> lock_source(db::Tx& tx, std::string_view source, core::Timestamp now) {
  return tx.find(kLock, {source, core::to_us(now)}, [](const db::Row& row) { return row.integer(0); });
}

void prepare_source(db::Tx& tx, std::string_view source, const RowBatch& batch, core::Timestamp now) {
  tx.execute(kAdd, {source, core::to_us(now)});
  const std::int64_t key = lock_source(tx, source, now).value();
  if (batch.new_columns.empty()) return;
  const ColumnRoles known = column_roles(tx, source);
  std::size_t count = known.size();
  for (const auto& [name, role] : batch.new_columns) {
    if (const auto found = known.find(name); found != known.end()) {
      if (found->second == role) continue;
      throw core::invalid(fmt::format("'{}' is a {} in this source", name,
                                      role == ColumnRole::metric ? "dimension, a text" : "metric, a number"),
                          name);
    }
    if (++count > kMaxColumns)
      throw core::invalid(fmt::format("More than {} metrics and dimensions in '{}'", kMaxColumns, source), name);
    tx.execute(kAddColumn, {key, name, role == ColumnRole::metric});
    if (role == ColumnRole::metric) tx.execute(kAddChannel, {key, name});
  }
}

Page<SourceSummary> list_sources(db::Tx& tx, const PageTerms& terms, core::Timestamp now) {
  const std::array<search::SortKey, 1> keys{{{"name", true}}};
  search::Query query;
  query.text("SELECT name, name, source_key, row_count FROM sources WHERE (name < '/' OR name >= '0')");
  auto found = read_list<SourceRow>(tx, "source.list", std::move(query), {keys, "s"}, terms, read_source_row);
  Page<SourceSummary> page{.rows = {}, .next_page_token = std::move(found.next_page_token)};
  for (SourceRow& row : found.rows) page.rows.push_back(summary(tx, std::move(row.name), row.key, row.rows, now));
  return page;
}

SourceSummary get_source(db::Tx& tx, std::string_view name, core::Timestamp now) {
  constexpr db::Sql kFind{"source.find", "SELECT name, source_key, row_count FROM sources WHERE name = $1"};
  auto row = tx.find(kFind, {name}, [](const db::Row& r) { return read_source_row(r, 0); });
  if (!row) throw no_source(name);
  return summary(tx, std::move(row->name), row->key, row->rows, now);
}

void drop_source(db::Tx& tx, std::string_view name) {
  if (tx.execute(kDrop, {name}) == 0) throw no_source(name);
}

bool purge_sources(db::Tx& tx, std::int64_t most) {
  const auto integer = [](const db::Row& row) { return row.integer(0); };
  const auto source = tx.find(kFindDropped, {}, integer);
  if (!source) return false;
  const auto channel = tx.find(kFindChannel, {*source}, integer);
  if (!channel) {
    tx.execute(db::Sql("purge.columns", "DELETE FROM source_columns WHERE source_key = $1"), {*source});
    tx.execute(db::Sql("purge.source", "DELETE FROM sources WHERE source_key = $1"), {*source});
    return true;
  }
  constexpr db::Sql kValues{"purge.observations",
                            "DELETE FROM observations WHERE channel_key = $1 AND (ts_us, series_key) IN "
                            "(SELECT ts_us, series_key FROM observations WHERE channel_key = $1 "
                            "ORDER BY ts_us, series_key LIMIT $2)"};
  if (tx.execute(kValues, {*channel, most}) > 0) return true;
  tx.execute(db::Sql("purge.series", "DELETE FROM series WHERE channel_key = $1"), {*channel});
  tx.execute(db::Sql("purge.channel", "DELETE FROM channels WHERE channel_key = $1"), {*channel});
  return true;
}

}  // namespace wakeful::monitor
