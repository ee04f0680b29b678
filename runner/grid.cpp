#include "runner/grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

#include "monitor/wire/names.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"

namespace wakeful::runner {
namespace {

using monitor::Aggregate;
using monitor::Fill;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kNoColumn = std::numeric_limits<std::size_t>::max();

/// The buckets of a grid with its lead, and what the observations make of them before anything is filled.
struct Cells {
  Buckets buckets;
  std::size_t columns = 0;
  std::vector<double> values;         // the aggregate so far
  std::vector<std::uint32_t> counts;  // observations
  std::vector<char> alive;            // per bucket: any group has one

  std::size_t rows() const { return alive.size(); }
};

void add(double& value, std::uint32_t count, double observed, Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::mean:
    case Aggregate::sum:
      value += observed;
      return;
    case Aggregate::count:
      value += 1;
      return;
    case Aggregate::min:
      value = count == 0 ? observed : std::min(value, observed);
      return;
    case Aggregate::max:
      value = count == 0 ? observed : std::max(value, observed);
      return;
    case Aggregate::last:
      value = observed;
      return;
  }
}

bool lies_in(const Buckets& buckets, core::Timestamp time) {
  return time >= buckets.first && time < buckets.last + buckets.granularity;
}

std::vector<std::string> names_of(const Observations& observations) {
  std::vector<std::string> names;
  names.reserve(observations.groups.size());
  for (const auto& group : observations.groups) names.push_back(monitor::entity_name(group));
  return names;
}

/// The groups with a finite value in `buckets`, by name.
std::vector<std::string> seen_groups(const Observations& observations, const std::vector<std::string>& names,
                                     const Buckets& buckets) {
  std::vector<char> seen(names.size(), 0);
  for (const auto& row : observations.rows) {
    if (lies_in(buckets, row.time) && std::isfinite(row.value)) seen[row.group] = 1;
  }
  std::set<std::string> sorted;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (seen[i]) sorted.insert(names[i]);
  }
  return {sorted.begin(), sorted.end()};
}

std::vector<std::size_t> columns_of(const std::vector<std::string>& names, const std::vector<std::string>& entities) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < entities.size(); ++i) index.emplace(entities[i], i);
  std::vector<std::size_t> columns;
  columns.reserve(names.size());
  for (const std::string& name : names) {
    const auto found = index.find(name);
    columns.push_back(found == index.end() ? kNoColumn : found->second);
  }
  return columns;
}

Cells collect(const Observations& observations, std::span<const std::size_t> column_of, const Buckets& buckets,
              std::size_t columns, Aggregate aggregate) {
  const auto rows = static_cast<std::size_t>(buckets.count());
  Cells cells{buckets, columns, std::vector<double>(rows * columns, 0), std::vector<std::uint32_t>(rows * columns, 0),
              std::vector<char>(rows, 0)};
  for (const auto& row : observations.rows) {
    if (!lies_in(buckets, row.time) || !std::isfinite(row.value)) continue;
    const auto bucket = static_cast<std::size_t>((row.time - buckets.first) / buckets.granularity);
    cells.alive[bucket] = 1;
    if (column_of[row.group] == kNoColumn) continue;
    const std::size_t cell = bucket * columns + column_of[row.group];
    add(cells.values[cell], cells.counts[cell], row.value, aggregate);
    ++cells.counts[cell];
  }
  for (std::size_t i = 0; i < cells.values.size(); ++i) {
    if (cells.counts[i] == 0)
      cells.values[i] = kNaN;
    else if (aggregate == Aggregate::mean)
      cells.values[i] /= cells.counts[i];
    if (!std::isfinite(cells.values[i])) cells.values[i] = kNaN;  // a sum that overflowed is no value either
  }
  return cells;
}

/// One column between two buckets that have a value, or before the first, or behind the last.
struct Gap {
  std::size_t column;
  std::size_t first;  // empty buckets [first, end)
  std::size_t end;
};

void fill_gap(Cells& cells, const Gap& gap, const Fill& fill) {
  const auto cell = [&](std::size_t row) -> double& { return cells.values[row * cells.columns + gap.column]; };
  const auto most = static_cast<std::size_t>(fill.most);
  if (fill.kind == Fill::Kind::hold && gap.first > 0) {
    for (std::size_t i = gap.first; i < std::min(gap.end, gap.first + most); ++i) cell(i) = cell(gap.first - 1);
  }
  if (fill.kind == Fill::Kind::linear && gap.first > 0 && gap.end < cells.rows() && gap.end - gap.first <= most) {
    const double left = cell(gap.first - 1);
    const double right = cell(gap.end);
    const auto steps = static_cast<double>(gap.end - gap.first + 1);
    for (std::size_t i = gap.first; i < gap.end; ++i) {
      const double part = static_cast<double>(i - gap.first + 1) / steps;
      cell(i) = left * (1 - part) + right * part;
    }
  }
}

void fill_column(Cells& cells, std::size_t column, const Fill& fill) {
  Gap gap{column, 0, 0};
  for (std::size_t row = 0; row <= cells.rows(); ++row) {
    if (row < cells.rows() && cells.counts[row * cells.columns + column] == 0) continue;
    gap.end = row;
    if (gap.end > gap.first) fill_gap(cells, gap, fill);
    gap.first = row + 1;
  }
}

void fill_cells(Cells& cells, const Fill& fill) {
  if (fill.kind == Fill::Kind::zero) {
    for (std::size_t i = 0; i < cells.values.size(); ++i) {
      if (cells.counts[i] == 0 && cells.alive[i / cells.columns]) cells.values[i] = 0;
    }
  }
  if (fill.kind != Fill::Kind::hold && fill.kind != Fill::Kind::linear) return;
  for (std::size_t column = 0; column < cells.columns; ++column) fill_column(cells, column, fill);
}

/// The last bucket that has an observation in this column; nothing if there is none.
std::optional<std::size_t> last_observed(const Cells& cells, std::size_t column) {
  for (std::size_t row = cells.rows(); row-- > 0;) {
    if (cells.counts[row * cells.columns + column] > 0) return row;
  }
  return std::nullopt;
}

/// How many rows of `cells` are settled. A linear fill waits for the value behind a gap until the gap has become too
/// long for it.
std::size_t settled_rows(const Cells& cells, const Fill& fill) {
  std::size_t settled = 0;
  std::vector<std::optional<std::size_t>> last(cells.columns);
  for (std::size_t column = 0; column < cells.columns; ++column) {
    last[column] = last_observed(cells, column);
    if (last[column]) settled = std::max(settled, *last[column] + 1);
  }
  if (fill.kind != Fill::Kind::linear) return settled;
  const std::size_t known = settled;
  for (const auto& row : last) {
    if (row && known - (*row + 1) <= static_cast<std::size_t>(fill.most)) settled = std::min(settled, *row + 1);
  }
  return settled;
}

void check_size(const Buckets& buckets, std::size_t columns) {
  if (columns > kMaxGroups) {
    throw core::invalid(
        fmt::format("{} groups are more than {}: group by fewer dimensions, or filter", columns, kMaxGroups));
  }
  const auto width = static_cast<std::int64_t>(std::max<std::size_t>(columns, 1));
  if (buckets.count() > kMaxCells / width) {
    throw core::invalid(
        fmt::format("{} buckets of {} groups are more than {} values: take a coarser granularity, a "
                    "later start or fewer groups",
                    buckets.count(), width, kMaxCells));
  }
}

void list_strangers(Grid& grid, const Observations& observations, const std::vector<std::string>& names,
                    const std::vector<std::size_t>& column_of, const Buckets& buckets) {
  std::vector<char> has_rows(grid.columns(), 0);
  std::set<std::string> unknown;
  for (const auto& row : observations.rows) {
    if (!lies_in(buckets, row.time) || !std::isfinite(row.value)) continue;
    if (column_of[row.group] == kNoColumn)
      unknown.insert(names[row.group]);
    else
      has_rows[column_of[row.group]] = 1;
  }
  grid.unknown.assign(unknown.begin(), unknown.end());
  for (std::size_t i = 0; i < grid.columns(); ++i) {
    if (!has_rows[i]) grid.missing.push_back(grid.entities[i]);
  }
}

}  // namespace

std::int64_t lead_of(const Fill& fill) {
  return fill.kind == Fill::Kind::hold || fill.kind == Fill::Kind::linear ? fill.most : 0;
}

Grid make_grid(const Observations& observations, const GridRule& rule, const Buckets& buckets,
               const std::optional<std::vector<std::string>>& columns) {
  Grid grid{.buckets = buckets};
  const std::vector<std::string> names = names_of(observations);
  grid.entities = columns ? *columns : seen_groups(observations, names, buckets);
  check_size(buckets, grid.columns());
  const std::vector<std::size_t> column_of = columns_of(names, grid.entities);
  list_strangers(grid, observations, names, column_of, buckets);
  if (buckets.empty()) return grid;

  const std::int64_t lead = lead_of(rule.fill);
  Buckets wide = buckets;
  wide.first -= lead * buckets.granularity;
  Cells cells = collect(observations, column_of, wide, grid.columns(), rule.aggregate);
  fill_cells(cells, rule.fill);
  const auto skip = static_cast<std::size_t>(lead);
  const std::size_t settled = settled_rows(cells, rule.fill);
  if (settled > skip) grid.settled = buckets.start(static_cast<std::int64_t>(settled - skip) - 1);
  grid.values.assign(cells.values.begin() + static_cast<std::ptrdiff_t>(skip * cells.columns), cells.values.end());
  const auto filled = std::find_if(grid.values.begin(), grid.values.end(), [](double v) { return !std::isnan(v); });
  if (filled != grid.values.end()) {
    grid.first_filled = buckets.start((filled - grid.values.begin()) / static_cast<std::ptrdiff_t>(grid.columns()));
  }
  return grid;
}

Grid cut(const Grid& grid, core::Timestamp first, core::Timestamp last) {
  Grid part{.buckets = {.first = first, .last = last, .granularity = grid.buckets.granularity}};
  part.entities = grid.entities;
  part.settled = grid.settled;
  part.first_filled = grid.first_filled;
  part.unknown = grid.unknown;
  part.missing = grid.missing;
  if (part.buckets.empty()) return part;
  const std::int64_t skipped = (first - grid.buckets.first) / grid.buckets.granularity;
  if (first < grid.buckets.first || last > grid.buckets.last) throw core::internal("cut outside its grid");
  const auto begin = grid.values.begin() + skipped * static_cast<std::ptrdiff_t>(grid.columns());
  part.values.assign(begin, begin + part.rows() * static_cast<std::ptrdiff_t>(grid.columns()));
  return part;
}

std::string digest_of(const Grid& grid) {
  core::Sha256 digest;
  digest.update(
      fmt::format("{}|{}|{}", core::to_us(grid.buckets.first), grid.buckets.granularity.count(), grid.columns()));
  for (const std::string& entity : grid.entities) digest.update(fmt::format("|{}:{}", entity.size(), entity));
  // NaN has many bit patterns; here there is one.
  std::vector<double> values = grid.values;
  std::replace_if(
      values.begin(), values.end(), [](double v) { return std::isnan(v); }, kNaN);
  digest.update(std::as_bytes(std::span(values)));
  return digest.hex();
}

}  // namespace wakeful::runner
