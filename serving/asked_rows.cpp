#include "serving/asked_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "detectors/csv.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/json_numbers.hpp"
#include "platform/core/text.hpp"

namespace wakeful::serving {
namespace {

using core::Json;

constexpr std::array<std::string_view, 4> kForms = {"dataframe_split", "dataframe_records", "instances", "inputs"};
constexpr std::array<std::string_view, 3> kTimeNames = {"ts", "time", "timestamp"};
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

double read_cell(const Json& value, const std::string& path) {
  const auto number = core::find_cell(value);
  if (!number || std::isinf(*number))
    throw core::invalid(fmt::format("{} must be a finite number or null", path), path);
  return *number;
}

/// Rows by name: the columns in the order in which they are first met.
class NamedRows {
 public:
  /// -1 is the time.
  int column(const std::string& name) {
    if (is_time_name(name)) return -1;
    const auto [found, is_new] = places_.emplace(name, static_cast<int>(out_.names.size()));
    if (is_new) out_.names.push_back(name);
    return found->second;
  }
  void begin_row() { cells_.emplace_back(); }
  void set(int column, const Json& value, const std::string& path) {
    if (column < 0) {
      times_.resize(cells_.size(), "null");
      times_.back() = core::dump_json(value);
      return;
    }
    auto& row = cells_.back();
    const std::size_t width = std::max(row.size(), static_cast<std::size_t>(column) + 1);
    grow(width - row.size());
    row.resize(width, kMissing);
    row[static_cast<std::size_t>(column)] = read_cell(value, path);
  }
  AskedRows take() {
    out_.width = out_.names.size();
    for (auto& row : cells_) {
      grow(out_.width - row.size());
      row.resize(out_.width, kMissing);
      out_.values.insert(out_.values.end(), row.begin(), row.end());
    }
    if (!times_.empty()) times_.resize(cells_.size(), "null");
    out_.times = std::move(times_);
    return std::move(out_);
  }

 private:
  /// Every row has every column: names that come once each would need memory by the square.
  void grow(std::size_t cells) {
    cell_count_ += cells;
    if (cell_count_ > kMostCells)
      throw core::invalid(fmt::format("rows times columns are more than {}", kMostCells), "dataframe_records");
  }

  std::size_t cell_count_ = 0;
  AskedRows out_;
  std::map<std::string, int> places_;
  std::vector<std::vector<double>> cells_;
  std::vector<std::string> times_;
};

AskedRows read_records(const std::vector<const Json*>& records, const std::string& path) {
  NamedRows rows;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const core::ObjectReader record(*records[i], fmt::format("{}[{}]", path, i));
    rows.begin_row();
    for (const std::string& name : record.names()) {
      const Json* value = record.find_value(name);  // null for null
      if (value != nullptr) rows.set(rows.column(name), *value, record.path_of(name));
      if (value == nullptr) rows.column(name);
    }
  }
  return rows.take();
}

AskedRows read_split(const core::ObjectReader& split) {
  constexpr std::array<std::string_view, 3> kKnown = {"columns", "index", "data"};
  split.refuse_unknown(kKnown);
  const std::vector<std::string> names = split.texts("columns");
  if (names.empty()) throw core::invalid("dataframe_split needs columns", "dataframe_split.columns");
  NamedRows rows;
  std::vector<int> columns;
  for (const std::string& name : names) {
    const int column = rows.column(name);
    if (std::find(columns.begin(), columns.end(), column) != columns.end())
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
    for (std::size_t c = 0; c < cells.size(); ++c) rows.set(columns[c], *cells[c], fmt::format("{}[{}]", path, c));
  }
  AskedRows out = rows.take();
  if (const Json* index = split.find_value("index"); index != nullptr && out.times.empty()) {
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
  return out;
}

AskedRows read_columns(const core::ObjectReader& columns) {
  AskedRows out;
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
  NamedRows rows;
  for (std::size_t i = 0; !cells.empty() && i < cells.front().size(); ++i) {
    rows.begin_row();
    for (std::size_t c = 0; c < names.size(); ++c)
      rows.set(rows.column(names[c]), *cells[c][i], fmt::format("{}[{}]", columns.path_of(names[c]), i));
  }
  return rows.take();
}

AskedRows read_form(std::string_view form, const Json& value) {
  const std::string path(form);
  if (form == "dataframe_split") return read_split(core::ObjectReader(value, path));
  if (form == "inputs" && core::is_object(value)) return read_columns(core::ObjectReader(value, path));
  const auto elements = core::elements_of(value, path);
  const bool are_records = form == "dataframe_records" || (!elements.empty() && core::is_object(*elements.front()));
  return are_records ? read_records(elements, path) : read_tensor(elements, path);
}

}  // namespace

bool is_time_name(std::string_view name) {
  return std::find(kTimeNames.begin(), kTimeNames.end(), core::to_lower(name)) != kTimeNames.end();
}

AskedRows read_asked_json(std::string_view body) {
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
  AskedRows rows = read_form(*form, *request.find_value(*form));
  if (rows.rows() == 0) throw core::invalid(fmt::format("{} has no rows of numbers", *form), std::string(*form));
  return rows;
}

AskedRows read_asked_csv(std::string_view body) {
  const detectors::CsvTable table = detectors::parse_csv(body);
  AskedRows out;
  out.names = table.frame.names();
  out.width = table.frame.channels();
  const auto values = table.frame.view().values();
  out.values.assign(values.begin(), values.end());
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
