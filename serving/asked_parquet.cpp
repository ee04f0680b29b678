#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/parquet/file.hpp"
#include "serving/asked_rows.hpp"

namespace wakeful::serving {
namespace {

using parquet::Column;
using parquet::Kind;

/// A row's time is a text of some forty bytes with what holds it.
constexpr std::size_t kCellsOfATime = 4;
constexpr std::size_t kLargestNote = 16U << 20U;

/// What pandas notes of a frame's index: columns of the table, or a range that is in no column.
struct Index {
  std::vector<std::string> columns;
  struct Range {
    std::int64_t start, step;
  };
  std::optional<Range> range;
};

Index read_index(const parquet::File& file) {
  Index out;
  const auto note = file.find_note("pandas");
  if (!note) return out;
  if (note->size() > kLargestNote) throw core::invalid("the file's note of pandas is too long", "file");
  const auto document = core::parse_json(*note);
  const core::ObjectReader pandas(document.root(), "pandas");
  const core::Json* levels = pandas.find_value("index_columns");
  if (levels == nullptr) return out;
  for (const core::Json* level : core::elements_of(*levels, "pandas.index_columns")) {
    if (const auto name = core::find_text_of(*level)) {
      out.columns.push_back(*name);
      continue;
    }
    const core::ObjectReader range(*level, "pandas.index_columns");
    const Index::Range rows{range.find_integer("start").value_or(0), range.find_integer("step").value_or(1)};
    if (rows.start != 0 || rows.step != 1) out.range = rows;  // rows without a time are called so anyway
  }
  return out;
}

bool is_in(const Index& index, const std::string& name) {
  return std::find(index.columns.begin(), index.columns.end(), name) != index.columns.end();
}

/// Where `name` is. Errors: invalid if there is no such column, two of them, or it holds no numbers.
std::size_t find_channel(const parquet::File& file, const Index& index, const std::string& name) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < file.columns().size(); ++i) {
    if (file.columns()[i].name != name) continue;
    if (found) throw core::invalid(fmt::format("the column '{}' comes twice", name), name);
    found = i;
  }
  if (!found) throw core::invalid(fmt::format("there is no column '{}', which the model takes", name), name);
  if (is_in(index, name))
    throw core::invalid(fmt::format("there is no column '{}', which the model takes: it is the index", name), name);
  const Column& column = file.columns()[*found];
  if (column.kind != Kind::number)
    throw core::invalid(fmt::format("the column '{}' holds {}, the model takes numbers", name, column.holds), name);
  return *found;
}

/// The first column that is called so; else the index, if it is one column.
std::optional<std::size_t> find_time(const parquet::File& file, const Index& index) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < file.columns().size(); ++i) {
    const std::string& name = file.columns()[i].name;
    const bool is_index = is_in(index, name);
    if (is_time_name(name) && !is_index) return i;
    if (is_index && !found && (is_time_name(name) || index.columns.size() == 1)) found = i;
  }
  return found;
}

struct Moment {
  std::chrono::sys_seconds seconds;
  std::int64_t nanoseconds;
};

Moment to_moment(std::int64_t value, parquet::Unit unit) {
  constexpr std::int64_t kPerSecond[] = {1'000, 1'000'000, 1'000'000'000};
  const std::int64_t per_second = kPerSecond[static_cast<std::size_t>(unit)];
  std::int64_t seconds = value / per_second;
  std::int64_t rest = value % per_second;
  if (rest < 0) {
    rest += per_second;
    --seconds;
  }
  return {std::chrono::sys_seconds(std::chrono::seconds(seconds)), rest * (1'000'000'000 / per_second)};
}

/// As pandas' isoformat() writes it: as many digits of the fraction as it has in microseconds, or nanoseconds.
std::string iso_text(const Moment& moment, Kind kind) {
  constexpr std::chrono::sys_days kFirst{std::chrono::year{1} / 1 / 1};
  constexpr std::chrono::sys_days kBehind{std::chrono::year{10'000} / 1 / 1};
  if (moment.seconds < kFirst || moment.seconds >= kBehind)
    throw core::invalid("the file has a time outside of the years 1 to 9999", "file");
  const auto day = std::chrono::floor<std::chrono::days>(moment.seconds);
  const std::chrono::year_month_day date(day);
  std::string text = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (kind == Kind::date) return text;
  const std::chrono::hh_mm_ss time(moment.seconds - day);
  text += fmt::format("T{:02}:{:02}:{:02}", time.hours().count(), time.minutes().count(), time.seconds().count());
  if (moment.nanoseconds % 1'000 != 0)
    text += fmt::format(".{:09}", moment.nanoseconds);
  else if (moment.nanoseconds != 0)
    text += fmt::format(".{:06}", moment.nanoseconds / 1'000);
  return kind == Kind::instant ? text + "+00:00" : text;
}

std::string time_text(std::int64_t value, const Column& column) {
  if (column.kind != Kind::date) return iso_text(to_moment(value, column.unit), column.kind);
  return iso_text({std::chrono::sys_days(std::chrono::days(value)), 0}, Kind::date);
}

template <class T, class Write>
void append_times(const std::vector<std::optional<T>>& values, std::vector<std::string>& out, Write write) {
  for (const auto& value : values) {
    core::JsonWriter json;
    value ? void(write(json, *value)) : void(json.null());
    out.push_back(json.take());
  }
}

/// The times of a group's rows, as JSON.
void append_times(parquet::File& file, std::size_t group, std::size_t at, std::vector<std::string>& out) {
  const Column& column = file.columns()[at];
  if (column.kind == Kind::text) {
    append_times(file.read_texts(group, at), out, [](auto& json, const std::string& text) { json.value(text); });
  } else if (column.kind == Kind::number && (parquet::holds_reals(column) || column.is_unsigned)) {
    for (const double value : file.read_numbers(group, at)) {
      core::JsonWriter json;
      std::isfinite(value) ? json.value(value) : json.null();
      out.push_back(json.take());
    }
  } else if (column.kind == Kind::number) {
    append_times(file.read_integers(group, at), out, [](auto& json, std::int64_t value) { json.value(value); });
  } else if (column.kind != Kind::other) {
    append_times(file.read_integers(group, at), out,
                 [&](auto& json, std::int64_t value) { json.value(time_text(value, column)); });
  } else {
    throw core::invalid(fmt::format("the column '{}' holds {}, which are no times", column.name, column.holds),
                        column.name);
  }
}

void append_rows(parquet::File& file, std::size_t group, const std::vector<std::size_t>& columns, AskedRows& out) {
  const auto rows = static_cast<std::size_t>(file.rows_of(group));
  std::vector<std::vector<double>> values;
  for (const std::size_t column : columns) values.push_back(file.read_numbers(group, column));
  out.values.reserve(out.values.size() + rows * columns.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (const std::vector<double>& column : values) out.values.push_back(column[i]);
}

std::vector<std::string> number_rows(const Index::Range& range, std::size_t rows) {
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < rows; ++i)
    out.push_back(std::to_string(static_cast<std::int64_t>(static_cast<std::uint64_t>(range.start) +
                                                           i * static_cast<std::uint64_t>(range.step))));
  return out;
}

}  // namespace

AskedRows read_asked_parquet(std::string_view body, std::span<const std::string> channels) {
  parquet::File file(body);
  const Index index = read_index(file);
  AskedRows out{.names = {channels.begin(), channels.end()}, .width = channels.size(), .values = {}, .times = {}};
  std::vector<std::size_t> columns;
  for (const std::string& channel : channels) columns.push_back(find_channel(file, index, channel));
  if (file.rows() == 0) throw core::invalid("the table has no rows", "body");
  const auto time = find_time(file, index);
  const bool has_times = time || index.range;
  if (file.rows() > kMostCells / (columns.size() + (has_times ? kCellsOfATime : 0)))
    throw core::invalid(
        fmt::format("rows times columns are more than {} (a time counts as {})", kMostCells, kCellsOfATime), "body");
  for (std::size_t group = 0; group < file.groups(); ++group) {
    if (time) append_times(file, group, *time, out.times);
    append_rows(file, group, columns, out);
  }
  if (!time && index.range) out.times = number_rows(*index.range, out.rows());
  return out;
}

}  // namespace wakeful::serving
