#include "serving/asked_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "detectors/csv.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/json_numbers.hpp"
#include "platform/core/text.hpp"
#include "serving/asked_table.hpp"

namespace wakeful::serving {
namespace {

using core::Json;

constexpr std::array<std::string_view, 4> kForms = {"dataframe_split", "dataframe_records", "instances", "inputs"};
constexpr std::array<std::string_view, 3> kTimeNames = {"ts", "time", "timestamp"};

double read_cell(const Json& value, const std::string& path) {
  const auto number = core::find_cell(value);
  if (!number || std::isinf(*number))
    throw core::invalid(fmt::format("{} must be a finite number or null", path), path);
  return *number;
}

/// A category: a text, or a whole number as it is written.
std::string read_category(const Json& value, const std::string& path) {
  if (auto text = core::find_text_of(value)) return *std::move(text);
  const auto number = core::find_cell(value);
  if (number && std::isnan(*number)) return {};
  if (std::string written = core::dump_json(value);
      number && written.find_first_not_of("-0123456789") == std::string::npos)
    return written;
  throw core::invalid(fmt::format("{} must be a text, a whole number or null", path), path);
}

void set(AskedTable& rows, AskedTable::Place place, const Json& value, const std::string& path) {
  using Role = AskedTable::Role;
  if (place.role == Role::number) rows.set_number(place, read_cell(value, path));
  if (place.role == Role::text) rows.set_text(place, read_category(value, path));
  if (place.role == Role::time || place.role == Role::other_time) rows.set_time(place, core::dump_json(value));
}

AskedRows read_records(const std::vector<const Json*>& records, const std::string& path, const Wanted& wanted) {
  AskedTable rows(wanted);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const core::ObjectReader record(*records[i], fmt::format("{}[{}]", path, i));
    rows.begin_row();
    for (const std::string& name : record.names()) {
      const AskedTable::Place place = rows.place_of(name);
      if (const Json* value = record.find_value(name)) set(rows, place, *value, record.path_of(name));  // null for null
    }
  }
  return rows.take();
}

AskedRows read_split(const core::ObjectReader& split, const Wanted& wanted) {
  constexpr std::array<std::string_view, 3> kKnown = {"columns", "index", "data"};
  split.refuse_unknown(kKnown);
  const std::vector<std::string> names = split.texts("columns");
  if (names.empty()) throw core::invalid("dataframe_split needs columns", "dataframe_split.columns");
  AskedTable rows(wanted);
  std::vector<AskedTable::Place> columns;
  for (const std::string& name : names) {
    const AskedTable::Place column = rows.place_of(name);
    const bool is_there = std::find(columns.begin(), columns.end(), column) != columns.end();
    if (is_there && column.role != AskedTable::Role::none)
      throw core::invalid(fmt::format("the column '{}' comes twice", name), "dataframe_split.columns");
    columns.push_back(column);
  }
  const Json* data = split.find_value("data");
  if (data == nullptr) throw core::invalid("dataframe_split needs data", "dataframe_split.data");
  const auto lines = core::elements_of(*data, "dataframe_split.data");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string path = fmt::format("dataframe_split.data[{}]", i);
    const auto cells = core::elements_of(*lines[i], path);
    if (cells.size() != columns.size())
      throw core::invalid(fmt::format("{} has {} values, there are {} columns", path, cells.size(), columns.size()),
                          path);
    rows.begin_row();
    for (std::size_t c = 0; c < cells.size(); ++c) set(rows, columns[c], *cells[c], fmt::format("{}[{}]", path, c));
  }
  AskedRows out = rows.take();
  if (const Json* index = split.find_value("index"); index != nullptr && out.times.empty()) {
    out.times_are_index = true;
    for (const Json* time : core::elements_of(*index, "dataframe_split.index"))
      out.times.push_back(core::dump_json(*time));
    if (out.times.size() != lines.size())
      throw core::invalid("dataframe_split.index has another length than data", "dataframe_split.index");
  }
  return out;
}

/// Lists of numbers are rows in the model's order; a list of numbers alone is one column.
AskedRows read_tensor(const std::vector<const Json*>& lines, const std::string& path) {
  AskedRows out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string row = fmt::format("{}[{}]", path, i);
    std::vector<const Json*> cells{lines[i]};
    if (core::is_array(*lines[i])) cells = core::elements_of(*lines[i], row);
    if (i == 0) out.width = cells.size();
    if (cells.size() != out.width || cells.empty())
      throw core::invalid(fmt::format("{} has {} values, the rows before it have {}", row, cells.size(), out.width),
                          row);
    for (std::size_t c = 0; c < cells.size(); ++c)
      out.values.push_back(read_cell(*cells[c], core::is_array(*lines[i]) ? fmt::format("{}[{}]", row, c) : row));
  }
  out.count = lines.size();
  return out;
}

/// The same for a model that takes raw columns, in its own order.
AskedRows read_raw_tensor(const std::vector<const Json*>& lines, const std::string& path, const Wanted& wanted) {
  AskedTable rows(wanted);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string row = fmt::format("{}[{}]", path, i);
    std::vector<const Json*> cells{lines[i]};
    if (core::is_array(*lines[i])) cells = core::elements_of(*lines[i], row);
    if (cells.size() != wanted.raw.size())
      throw core::invalid(fmt::format("{} has {} values, the model takes {}: {}", row, cells.size(), wanted.raw.size(),
                                      detectors::words_of(wanted.raw)),
                          row);
    rows.begin_row();
    for (std::size_t c = 0; c < cells.size(); ++c)
      set(rows, rows.place_of(wanted.raw[c].name), *cells[c], fmt::format("{}[{}]", row, c));
  }
  return rows.take();
}

AskedRows read_columns(const core::ObjectReader& columns, const Wanted& wanted) {
  std::vector<std::vector<const Json*>> cells;
  for (const std::string& name : columns.names()) {
    const Json* value = columns.find_value(name);
    if (value == nullptr) throw core::invalid(columns.path_of(name) + " is null", columns.path_of(name));
    cells.push_back(core::is_array(*value) ? core::elements_of(*value, columns.path_of(name)) : std::vector{value});
    if (cells.back().size() != cells.front().size())
      throw core::invalid(fmt::format("{} has {} values, others have {}", columns.path_of(name), cells.back().size(),
                                      cells.front().size()),
                          columns.path_of(name));
  }
  const std::vector<std::string> names = columns.names();
  AskedTable rows(wanted);
  for (std::size_t i = 0; !cells.empty() && i < cells.front().size(); ++i) {
    rows.begin_row();
    for (std::size_t c = 0; c < names.size(); ++c)
      set(rows, rows.place_of(names[c]), *cells[c][i], fmt::format("{}[{}]", columns.path_of(names[c]), i));
  }
  return rows.take();
}

AskedRows read_form(std::string_view form, const Json& value, const Wanted& wanted) {
  const std::string path(form);
  if (form == "dataframe_split") return read_split(core::ObjectReader(value, path), wanted);
  if (form == "inputs" && core::is_object(value)) return read_columns(core::ObjectReader(value, path), wanted);
  const auto elements = core::elements_of(value, path);
  const bool are_records = form == "dataframe_records" || (!elements.empty() && core::is_object(*elements.front()));
  if (are_records) return read_records(elements, path, wanted);
  return wanted.raw.empty() ? read_tensor(elements, path) : read_raw_tensor(elements, path, wanted);
}

void set_csv(AskedTable& rows, AskedTable::Place place, std::string_view cell, const std::string& column) {
  using Role = AskedTable::Role;
  if (place.role == Role::text) rows.set_text(place, detectors::csv_text(cell));
  if (place.role == Role::time || place.role == Role::other_time) {
    core::JsonWriter json;
    rows.set_time(place, json.value(detectors::csv_text(cell)).take());
  }
  if (place.role != Role::number) return;
  const auto number = detectors::csv_number(cell);
  if (!number)
    throw core::invalid(fmt::format("the column '{}' holds '{}', the model takes numbers", column, cell.substr(0, 60)),
                        column);
  rows.set_number(place, *number);
}

AskedRows read_raw_csv(std::string_view body, const Wanted& wanted) {
  if (!core::is_utf8(body)) throw core::invalid("the table is not UTF-8", "body");
  AskedTable rows(wanted);
  std::vector<std::string> names;
  std::vector<AskedTable::Place> places;
  detectors::walk_csv(body, [&](std::span<const std::string_view> cells) {
    if (places.empty()) {
      names = detectors::csv_names(cells);
      for (const std::string& name : names) {
        const AskedTable::Place place = rows.place_of(name);
        const bool is_there = std::find(places.begin(), places.end(), place) != places.end();
        if (is_there && place.role != AskedTable::Role::none)
          throw core::invalid(fmt::format("the column '{}' comes twice", name), name);
        places.push_back(place);
      }
      return;
    }
    rows.begin_row();
    for (std::size_t c = 0; c < cells.size(); ++c) set_csv(rows, places[c], cells[c], names[c]);
  });
  AskedRows out = rows.take();
  if (out.rows() == 0) throw core::invalid("the table has a header and no rows", "body");
  return out;
}

}  // namespace

bool is_time_name(std::string_view name) {
  return std::find(kTimeNames.begin(), kTimeNames.end(), core::to_lower(name)) != kTimeNames.end();
}

AskedRows read_asked_json(std::string_view body, const Wanted& wanted) {
  const auto document = core::parse_json(body);
  const core::ObjectReader request(document.root());
  constexpr std::array<std::string_view, 5> kKnown = {"dataframe_split", "dataframe_records", "instances", "inputs",
                                                      "params"};
  request.refuse_unknown(kKnown);
  std::optional<std::string_view> form;
  for (const std::string_view candidate : kForms) {
    if (!request.has(candidate)) continue;
    if (form) throw core::invalid(fmt::format("the body has both {} and {}", *form, candidate), std::string(candidate));
    form = candidate;
  }
  if (!form)
    throw core::invalid(fmt::format("the body must have one of {}", fmt::join(kForms, ", ")), "dataframe_split");
  AskedRows rows = read_form(*form, *request.find_value(*form), wanted);
  if (rows.rows() == 0 || (rows.width == 0 && wanted.raw.empty()))
    throw core::invalid(fmt::format("{} has no rows of numbers", *form), std::string(*form));
  return rows;
}

AskedRows read_asked_csv(std::string_view body, const Wanted& wanted) {
  if (!wanted.raw.empty()) return read_raw_csv(body, wanted);
  const detectors::CsvTable table = detectors::parse_csv(body);
  AskedRows out;
  out.names = table.frame.names();
  out.width = table.frame.channels();
  const auto values = table.frame.view().values();
  out.values.assign(values.begin(), values.end());
  out.count = table.frame.rows();
  for (const std::string& time : table.times) {
    core::JsonWriter json;
    out.times.push_back(json.value(detectors::csv_text(time)).take());
  }
  if (out.rows() == 0) throw core::invalid("the table has a header and no rows", "body");
  return out;
}

detectors::Frame frame_for(const AskedRows& asked, const std::vector<std::string>& channels) {
  if (asked.names.empty() && asked.width != channels.size())
    throw core::invalid(fmt::format("a row has {} values, the model takes {}: {}", asked.width, channels.size(),
                                    fmt::join(channels, ", ")),
                        "instances");
  std::vector<std::size_t> from;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const auto at = std::find(asked.names.begin(), asked.names.end(), channels[c]);
    if (!asked.names.empty() && at == asked.names.end())
      throw core::invalid(fmt::format("there is no column '{}', which the model takes", channels[c]), channels[c]);
    from.push_back(asked.names.empty() ? c : static_cast<std::size_t>(at - asked.names.begin()));
  }
  detectors::Frame frame(channels);
  frame.reserve(asked.rows());
  std::vector<double> row(channels.size());
  for (std::size_t i = 0; i < asked.rows(); ++i) {
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = asked.values[i * asked.width + from[c]];
    frame.append(row);
  }
  return frame;
}

}  // namespace wakeful::serving
