#include "detectors/csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <limits>
#include <optional>

#include <fmt/core.h>

#include "detectors/model_file.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::detectors {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::array<std::string_view, 3> kTimeNames = {"ts", "time", "timestamp"};

/// Walks over the cells of a text, counting lines.
class Cells {
 public:
  explicit Cells(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  std::size_t line() const { return line_; }

  /// The next cell as it stands; `last` tells whether it ends its row.
  std::string_view next(bool& last) {
    const std::size_t first = at_;
    if (at_ < text_.size() && text_[at_] == '"') skip_quoted();
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n') ++at_;
    std::string_view cell = text_.substr(first, at_ - first);
    last = at_ >= text_.size() || text_[at_] == '\n';
    ++at_;
    if (last) {
      ended_ = line_++;
      if (!cell.empty() && cell.back() == '\r') cell.remove_suffix(1);
    }
    return cell;
  }

  /// The line that the row just ended began to be counted on.
  std::size_t ended() const { return ended_; }

 private:
  void skip_quoted() {
    const std::size_t opened = line_;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') continue;
      if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        ++at_;
        continue;
      }
      ++at_;
      return;
    }
    throw core::invalid(fmt::format("line {}: a quote is opened and never closed", opened), "file");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t ended_ = 1;
};

std::vector<std::string_view> read_row(Cells& cells) {
  std::vector<std::string_view> out;
  for (bool last = false; !last;) out.push_back(cells.next(last));
  return out;
}

std::optional<double> number_of(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t')) cell.remove_suffix(1);
  if (cell.empty()) return kMissing;
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error == std::errc{} && end == cell.data() + cell.size()) return std::isfinite(value) ? value : kMissing;
  if (cell.front() == '"') {
    const std::string inner = csv_text(cell);
    return inner.find('"') == std::string::npos ? number_of(inner) : std::nullopt;
  }
  const auto real = core::to_real(cell);  // a sign +, too large, too small
  return real && !std::isfinite(*real) ? std::optional(kMissing) : real;
}

enum class Role { channel, time, ignored };

struct Columns {
  std::vector<std::string> names;
  std::vector<Role> roles;
  std::vector<std::string> channels;
};

std::size_t find_column(const std::vector<std::string>& names, const std::string& wanted, const char* option) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = core::did_you_mean(wanted, known);
  throw core::invalid(near ? fmt::format("the file has no column '{}'; did you mean '{}'?", wanted, *near)
                           : fmt::format("the file has no column '{}'", wanted),
                      option);
}

Columns assign_roles(const std::vector<std::string_view>& header, const CsvOptions& options) {
  Columns out;
  out.names = csv_names(header);
  out.roles.assign(header.size(), options.only.empty() ? Role::channel : Role::ignored);
  for (const std::string& name : options.only) out.roles[find_column(out.names, name, "file")] = Role::channel;
  for (const std::string& name : options.ignore) out.roles[find_column(out.names, name, "ignore")] = Role::ignored;
  if (!options.time.empty()) {
    out.roles[find_column(out.names, options.time, "time")] = Role::time;
  } else {
    for (std::size_t i = 0; i < out.names.size(); ++i) {
      const std::string lower = core::to_lower(out.names[i]);
      const bool named = std::find(kTimeNames.begin(), kTimeNames.end(), lower) != kTimeNames.end();
      const bool ignored =
          std::find(options.ignore.begin(), options.ignore.end(), out.names[i]) != options.ignore.end();
      if (!named || ignored) continue;
      out.roles[i] = Role::time;
      break;
    }
  }
  for (std::size_t i = 0; i < out.names.size(); ++i) {
    if (out.roles[i] == Role::channel) out.channels.push_back(out.names[i]);
  }
  if (out.channels.empty()) throw core::invalid("the file has no column of numbers to look at", "file");
  return out;
}

[[noreturn]] void refuse_cell(std::size_t line, const std::string& column, std::string_view cell) {
  throw core::invalid(
      fmt::format("line {}, column '{}': '{}' is not a number: leave the column out (on the command line: --ignore)",
                  line, column, cell.substr(0, 60)),
      "file");
}

[[noreturn]] void refuse_length(std::size_t line, bool is_longer, std::size_t header) {
  throw core::invalid(
      fmt::format("line {} has {} cells than the header's {}", line, is_longer ? "more" : "fewer", header), "file");
}

/// The cells of a text, from its header on.
Cells begin(std::string_view text) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  if (text.empty()) throw core::invalid("the file is empty: it needs a header line", "file");
  return Cells(text);
}

void read_rows(Cells& cells, const Columns& columns, CsvTable& out) {
  std::vector<double> row(columns.channels.size());
  std::string_view time;
  while (!cells.at_end()) {
    std::size_t column = 0, channel = 0;
    for (bool last = false; !last; ++column) {
      const std::string_view cell = cells.next(last);
      if (column >= columns.names.size() || (last && column + 1 < columns.names.size())) {
        if (last && column == 0 && cell.empty() && cells.at_end()) return;  // an empty line at the end
        refuse_length(last ? cells.ended() : cells.line(), column >= columns.names.size(), columns.names.size());
      }
      if (columns.roles[column] == Role::time) time = cell;
      if (columns.roles[column] != Role::channel) continue;
      const auto number = number_of(cell);
      if (!number) refuse_cell(last ? cells.ended() : cells.line(), columns.names[column], cell);
      row[channel++] = *number;
    }
    out.frame.append(row);
    if (!out.time_name.empty()) out.times.emplace_back(time);
  }
}

}  // namespace

CsvTable parse_csv(std::string_view text, const CsvOptions& options) {
  Cells cells = begin(text);
  const std::vector<std::string_view> header = read_row(cells);
  const Columns columns = assign_roles(header, options);
  CsvTable out;
  out.frame = Frame(columns.channels);
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (columns.roles[i] == Role::time) out.time_name = header[i].empty() ? columns.names[i] : std::string(header[i]);
  }
  read_rows(cells, columns, out);
  return out;
}

void walk_csv(std::string_view text, const std::function<void(std::span<const std::string_view>)>& on_row) {
  Cells cells = begin(text);
  std::vector<std::string_view> row = read_row(cells);
  const std::size_t width = row.size();
  on_row(row);
  while (!cells.at_end()) {
    row = read_row(cells);
    if (row.size() == width) {
      on_row(row);
    } else if (!(row.size() == 1 && row.front().empty() && cells.at_end())) {  // an empty line at the end
      refuse_length(cells.ended(), row.size() > width, width);
    }
  }
}

std::vector<std::string> csv_names(std::span<const std::string_view> header) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < header.size(); ++i) {
    std::string name(core::trim(csv_text(header[i])));
    if (name.empty()) name = "column_" + std::to_string(i + 1);
    if (!core::is_utf8(name)) throw core::invalid(fmt::format("the name of column {} is not UTF-8", i + 1), "file");
    names.push_back(std::move(name));
  }
  return names;
}

std::optional<double> csv_number(std::string_view cell) { return number_of(cell); }

CsvTable read_csv(const std::string& path, std::istream& in, const CsvOptions& options) {
  if (path == "-") {
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    return parse_csv(text, options);
  }
  std::error_code error;
  if (!std::filesystem::exists(path, error)) throw core::not_found("file '" + path + "' does not exist", "file");
  if (std::filesystem::is_directory(path, error)) throw core::invalid("'" + path + "' is a folder", "file");
  // What is no file of a known size cannot be mapped: a pipe of the shell, an empty file.
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) == 0) {
    std::ifstream pipe(path, std::ios::binary);
    if (!pipe) throw core::not_found("file '" + path + "' cannot be opened", "file");
    const std::string text{std::istreambuf_iterator<char>(pipe), std::istreambuf_iterator<char>()};
    return parse_csv(text, options);
  }
  const MappedFile file(path);
  return parse_csv(file.bytes(), options);
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string csv_text(std::string_view cell) {
  if (cell.size() < 2 || cell.front() != '"' || cell.back() != '"') return std::string(cell);
  std::string out;
  for (std::size_t i = 1; i + 1 < cell.size(); ++i) {
    out += cell[i];
    if (cell[i] == '"' && cell[i + 1] == '"' && i + 2 < cell.size()) ++i;
  }
  return out;
}

}  // namespace wakeful::detectors
