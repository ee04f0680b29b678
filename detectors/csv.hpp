#pragma once
// Reads a CSV file with a header into a Frame; strict, and fast on large files.
//
// RFC 4180: cells may be quoted, lines end in LF or CRLF; a byte order mark is passed over. Every column that is
// neither the time nor ignored is a channel of numbers. An empty cell, nan and infinities are missing values; anything
// else that is no number is refused with its line and column. Times are kept as text, never read: rows are taken in the
// order of the file. A last empty line is no row. Threads: values.
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detectors/frame.hpp"

namespace wakeful::detectors {

struct CsvOptions {
  /// The time's column; empty: the first that is called ts, time or timestamp, in any case, if there is one.
  std::string time = {};
  std::vector<std::string> ignore = {};
  /// If not empty: these columns are the channels, and the others are passed over.
  std::vector<std::string> only = {};
};

struct CsvTable {
  Frame frame;
  /// The time's name and each row's time, exactly as they stand in the file, quotes included. Empty without a time.
  std::string time_name;
  std::vector<std::string> times;
};

/// Errors: invalid, with line and column; field is the option ("time", "ignore") or "file".
CsvTable parse_csv(std::string_view text, const CsvOptions& options = {});

/// `path` "-" reads `in` to its end. Errors: not_found; as parse_csv.
CsvTable read_csv(const std::string& path, std::istream& in, const CsvOptions& options = {});

/// Calls `on_row` with the header's cells and then with those of every row, as they stand in the text.
/// Errors: invalid, with the line, for a row of another length than the header; what `on_row` throws.
void walk_csv(std::string_view text, const std::function<void(std::span<const std::string_view>)>& on_row);
/// The names that a header's cells stand for. Errors: invalid for one that is not UTF-8.
std::vector<std::string> csv_names(std::span<const std::string_view> header);
/// The number in a cell, NaN where it is missing; nothing for what is no number.
std::optional<double> csv_number(std::string_view cell);

/// A cell that reads back as `text`: quoted where it must be.
std::string csv_cell(std::string_view text);
/// The text inside a cell that stands in the file as `cell`.
std::string csv_text(std::string_view cell);

}  // namespace wakeful::detectors
