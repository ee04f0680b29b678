// A CSV file on the runner's machine: a header, a time column, one value column per metric, dimensions beside them.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/core/time_text.hpp"
#include "runner/csv_reader.hpp"
#include "runner/sources/sources.hpp"

namespace wakeful::runner {
namespace {

namespace fs = std::filesystem;

}  // namespace

fs::path checked_path(const std::string& path, const std::optional<std::string>& root, const std::string& field) {
  std::error_code failed;
  const fs::path wanted = root && fs::path(path).is_relative() ? fs::path(*root) / path : fs::path(path);
  fs::path real = fs::weakly_canonical(wanted, failed);
  if (failed) throw core::invalid(fmt::format("the path '{}' cannot be followed", path), field);
  if (!root) return real;
  const fs::path folder = fs::weakly_canonical(*root, failed);
  const fs::path below = real.lexically_relative(folder);
  if (failed || below.empty() || *below.begin() == "..")
    throw core::invalid(fmt::format("'{}' lies outside the folder that runners read CSV files from", path), field);
  return real;
}

namespace {

class CsvSource final : public Source {
 public:
  CsvSource(const monitor::Metric& metric, const SourceContext& context)
      : csv_(std::get<monitor::CsvSource>(metric.source)),
        metric_(metric),
        path_(checked_path(csv_.path, context.settings.csv_root, "source.csv.path")),
        filter_(parse_filters(metric)),
        max_rows_(context.settings.max_rows) {}

  Observations pull(const Span& span, core::Deadline deadline) override {
    if (!fs::is_regular_file(path_))
      throw core::not_found(fmt::format("'{}' is no file on the runner's machine", csv_.path), "source.csv.path");
    std::ifstream file(path_, std::ios::binary);
    if (!file) throw core::unavailable(fmt::format("'{}' cannot be read", csv_.path));
    try {
      return read(file, span, deadline);
    } catch (const core::Error& e) {
      throw core::Error(e.code(), fmt::format("{}: {}", csv_.path, e.what()),
                        e.field() == kMaxRowsField ? e.field() : "source.csv");
    }
  }

 private:
  struct Columns {
    std::size_t time = 0;
    std::size_t value = 0;
    std::vector<std::size_t> dims{};
    std::vector<std::size_t> filters{};
  };

  static std::size_t get_column(const std::vector<std::string>& header, const std::string& name) {
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (header[i] == name) return i;
    }
    const std::vector<std::string_view> known(header.begin(), header.end());
    const auto near = core::did_you_mean(name, known);
    throw core::invalid(fmt::format("there is no column '{}'{}", name.substr(0, 100),
                                    near ? fmt::format("; did you mean '{}'?", *near)
                                         : fmt::format("; the header is {}", fmt::join(header, ", "))));
  }

  std::size_t time_column(const std::vector<std::string>& header) const {
    if (!csv_.time_column.empty()) return get_column(header, csv_.time_column);
    for (const std::string_view name : kTimeColumns) {
      for (std::size_t i = 0; i < header.size(); ++i) {
        if (core::to_lower(header[i]) == name) return i;
      }
    }
    throw core::invalid(
        fmt::format("none of the columns {} is a time; name it in time_column", fmt::join(header, ", ")));
  }

  Columns find_columns(const std::vector<std::string>& header) const {
    Columns columns{.time = time_column(header)};
    columns.value = get_column(header, csv_.value_column.empty() ? metric_.name : csv_.value_column);
    for (const std::string& dim : metric_.dimension_groupings) columns.dims.push_back(get_column(header, dim));
    for (const auto& comparison : filter_.all) columns.filters.push_back(get_column(header, comparison.key));
    return columns;
  }

  bool is_wanted(const std::vector<std::string>& fields, const Columns& columns) const {
    for (std::size_t i = 0; i < filter_.all.size(); ++i) {
      if (!search::holds(filter_.all[i], text_in(fields, columns.filters[i]))) return false;
    }
    return true;
  }

  /// An empty cell is a missing one.
  static std::optional<std::string_view> text_in(const std::vector<std::string>& fields, std::size_t column) {
    if (fields[column].empty()) return std::nullopt;
    return fields[column];
  }

  static std::optional<double> value_in(const std::string& text) {
    if (core::trim(text).empty()) return std::nullopt;
    const auto value = core::to_real(core::trim(text));
    if (!value) throw core::invalid(fmt::format("'{}' is no number", text.substr(0, 100)));
    return std::isfinite(*value) ? value : std::nullopt;
  }

  Observations read(std::istream& file, const Span& span, core::Deadline deadline) const {
    CsvReader csv(file);
    std::vector<std::string> fields;
    if (!csv.next(fields)) throw core::invalid("the file is empty; a header is needed");
    const std::size_t width = fields.size();
    const Columns columns = find_columns(fields);
    ObservationCollector rows(max_rows_);
    std::vector<std::optional<std::string_view>> dims(columns.dims.size());
    for (std::int64_t count = 1; csv.next(fields); ++count) {
      if (count % 4096 == 0 && deadline.expired()) throw core::unavailable("the file could not be read in time");
      try {
        if (fields.size() != width)
          throw core::invalid(fmt::format("{} fields where the header has {}", fields.size(), width));
        const auto time = core::read_time_text(fields[columns.time]);
        if (!time || *time <= span.after || *time > span.until || !is_wanted(fields, columns)) continue;
        const auto value = value_in(fields[columns.value]);
        if (!value) continue;
        for (std::size_t d = 0; d < dims.size(); ++d) dims[d] = text_in(fields, columns.dims[d]);
        rows.add(*time, dims, *value);
      } catch (const core::Error& e) {
        throw core::Error(e.code(), fmt::format("line {}: {}", csv.line(), e.what()), e.field());
      }
    }
    return rows.take(ObservationCollector::Ties::as_added);
  }

  monitor::CsvSource csv_;
  monitor::Metric metric_;
  fs::path path_;
  search::Filter filter_;
  std::size_t max_rows_;
};

}  // namespace

std::unique_ptr<Source> make_csv_source(const monitor::Metric& metric, const SourceContext& context) {
  return std::make_unique<CsvSource>(metric, context);
}

}  // namespace wakeful::runner
