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

/// Where `name` is. Errors: invalid if there is no such column, or two of them, or it is the index.
std::size_t find_column(const parquet::File& file, const Index& index, const std::string& name) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < file.columns().size(); ++i) {
    if (file.columns()[i].name != name) continue;
    if (found) throw core::invalid(fmt::format("the column '{}' comes twice", name), name);
    found = i;
  }
  if (!found) throw core::invalid(fmt::format("there is no column '{}', which the model takes", name), name);
  if (is_in(index, name))
    throw core::invalid(fmt::format("there is no column '{}', which the model takes: it is the index", name), name);
  return *found;
}

/// As find_column. Errors: also where it holds no numbers.
std::size_t find_numbers(const parquet::File& file, const Index& index, const std::string& name) {
  const std::size_t found = find_column(file, index, name);
  const Column& column = file.columns()[found];
  if (column.kind != Kind::number)
    throw core::invalid(fmt::format("the column '{}' holds {}, the model takes numbers", name, column.holds), name);
  return found;
}

bool holds_integers(const Column& column) {
  return column.kind == Kind::number && !parquet::holds_reals(column) && !column.is_unsigned &&
         column.physical != parquet::Physical::boolean;
}

/// As find_column. Errors: also where it holds neither texts nor whole numbers.
std::size_t find_texts(const parquet::File& file, const Index& index, const std::string& name) {
  const std::size_t found = find_column(file, index, name);
  const Column& column = file.columns()[found];
  if (column.kind != Kind::text && !holds_integers(column))
    throw core::invalid(fmt::format("the column '{}' holds {}, the model takes texts", name, column.holds), name);
  return found;
}

/// The column `wanted`; the first column that is called so; else the index, if it is one column.
std::optional<std::size_t> find_time(const parquet::File& file, const Index& index, const std::string& wanted) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < file.columns().size(); ++i)
    if (file.columns()[i].name == wanted) return i;
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
  values.reserve(columns.size());
  for (const std::size_t column : columns) values.push_back(file.read_numbers(group, column));
  out.values.reserve(out.values.size() + rows * columns.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (const std::vector<double>& column : values) out.values.push_back(column[i]);
}

/// Those of a group's rows, each in its place of a row of `width`.
void append_texts(parquet::File& file, std::size_t group, const std::vector<std::size_t>& columns, AskedRows& out) {
  const std::size_t first = out.texts.size();
  const std::size_t width = columns.size();
  out.texts.resize(first + width * static_cast<std::size_t>(file.rows_of(group)));
  for (std::size_t c = 0; c < width; ++c) {
    std::size_t at = first + c;
    if (file.columns()[columns[c]].kind == Kind::text) {
      for (auto& text : file.read_texts(group, columns[c])) {
        if (text) out.texts[at] = std::move(*text);
        at += width;
      }
    } else {
      for (const auto& number : file.read_integers(group, columns[c])) {
        if (number) out.texts[at] = std::to_string(*number);
        at += width;
      }
    }
  }
}

/// What is asked of a file: its columns, and where the time is.
struct Places {
  std::vector<std::size_t> numbers;
  std::vector<std::size_t> texts;
  std::optional<std::size_t> time;
};

Places find_places(const parquet::File& file, const Index& index, const Wanted& wanted, AskedRows& out) {
  Places places;
  std::string time;
  for (const std::string& channel : wanted.channels) {
    places.numbers.push_back(find_numbers(file, index, channel));
    out.names.push_back(channel);
  }
  for (const auto& [name, kind] : wanted.raw) {
    using RawKind = detectors::RawColumn::Kind;
    if (kind == RawKind::time) time = name;
    if (kind == RawKind::text) places.texts.push_back(find_texts(file, index, name));
    if (kind != RawKind::number) continue;
    places.numbers.push_back(find_numbers(file, index, name));
    out.names.push_back(name);
  }
  places.time = find_time(file, index, time);
  if (places.time) {
    const std::string& name = file.columns()[*places.time].name;
    out.times_are_index = is_in(index, name) && name != time && !is_time_name(name);
  }
  out.width = out.names.size();
  return places;
}

std::vector<std::string> number_rows(const Index::Range& range, std::size_t rows) {
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < rows; ++i)
    out.push_back(std::to_string(static_cast<std::int64_t>(static_cast<std::uint64_t>(range.start) +
                                                           i * static_cast<std::uint64_t>(range.step))));
  return out;
}

}  // namespace

AskedRows read_asked_parquet(std::string_view body, const Wanted& wanted) {
  parquet::File file(body);
  const Index index = read_index(file);
  AskedRows out;
  const auto [numbers, texts, time] = find_places(file, index, wanted, out);
  if (file.rows() == 0) throw core::invalid("the table has no rows", "body");
  const bool has_times = time || index.range;
  const std::size_t cells = numbers.size() + texts.size() * kCellsOfAText + (has_times ? kCellsOfATime : 0);
  if (file.rows() > kMostCells / std::max<std::size_t>(cells, 1))
    throw core::invalid(
        fmt::format("rows times columns are more than {} (a time or text counts as {})", kMostCells, kCellsOfATime),
        "body");
  for (std::size_t group = 0; group < file.groups(); ++group) {
    if (time) append_times(file, group, *time, out.times);
    append_rows(file, group, numbers, out);
    append_texts(file, group, texts, out);
    out.count += static_cast<std::size_t>(file.rows_of(group));
  }
  if (!time && index.range) {
    out.times = number_rows(*index.range, out.rows());
    out.times_are_index = true;
  }
  return out;
}

}  // namespace wakeful::serving
