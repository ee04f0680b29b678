// CSV rows: a header, quotes as RFC 4180 has them. What a column is shows in its first cell that is not empty.
#include <algorithm>
#include <cmath>
#include <deque>

#include <fmt/format.h>

#include "monitor/row_builder.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

class Records {
 public:
  explicit Records(std::string_view text) : rest_(text) {}

  /// The next record's cells, borrowed until the next call; false at the end. Blank lines are left out.
  /// Errors: BadRow for a quote that is out of place; the record is over then all the same.
  bool next(std::vector<std::string_view>& cells) {
    kept_.clear();
    while (!rest_.empty() && (rest_.front() == '\n' || rest_.starts_with("\r\n"))) take_line_end();
    cells.clear();
    if (rest_.empty()) return false;
    for (;;) {
      cells.push_back(cell());
      if (rest_.empty()) return true;
      if (rest_.front() == ',') {
        rest_.remove_prefix(1);
        continue;
      }
      take_line_end();
      return true;
    }
  }

 private:
  void take_line_end() { rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1); }

  std::string_view cell() {
    if (rest_.starts_with('"')) return quoted();
    std::size_t end = std::min(rest_.find_first_of(",\n"), rest_.size());
    std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (text.ends_with('\r') && !rest_.starts_with(',')) text.remove_suffix(1);
    return core::trim(text);
  }

  std::string_view quoted() {
    std::string& out = kept_.emplace_back();
    rest_.remove_prefix(1);
    for (;;) {
      const std::size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) {
        rest_ = {};
        throw BadRow{"", "a quote without its end"};
      }
      out += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (!rest_.starts_with('"')) break;
      out += '"';
      rest_.remove_prefix(1);
    }
    if (!rest_.empty() && rest_.front() != ',' && rest_.front() != '\n' && !rest_.starts_with("\r\n")) {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      throw BadRow{"", "text behind a closing quote"};
    }
    return out;
  }

  std::string_view rest_;
  std::deque<std::string> kept_;
};

struct Header {
  std::vector<std::string> names;
  std::size_t time = 0;
};

Header read_header(Records& records) {
  std::vector<std::string_view> cells;
  bool any = false;
  try {
    any = records.next(cells);
  } catch (const BadRow& bad) {
    throw core::invalid(fmt::format("CSV header: {}", bad.message));
  }
  if (!any) throw core::invalid("CSV without a header");
  Header header;
  for (const std::string_view cell : cells) {
    if (cell.empty()) throw core::invalid("CSV header with a column that has no name");
    if (std::find(header.names.begin(), header.names.end(), cell) != header.names.end())
      throw core::invalid(fmt::format("CSV header: column '{}' stands there twice", cell), std::string(cell));
    header.names.emplace_back(cell);
  }
  if (header.names.size() > kMaxColumns) throw core::invalid(fmt::format("CSV with more than {} columns", kMaxColumns));
  for (const std::string_view name : kTimeNames) {
    const auto found = std::find(header.names.begin(), header.names.end(), name);
    if (found == header.names.end()) continue;
    header.time = static_cast<std::size_t>(found - header.names.begin());
    return header;
  }
  throw core::invalid("CSV header without a column 'ts'", "ts");
}

bool is_whole(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void add_cell(std::string_view name, std::string_view cell, RowBuilder& builder) {
  if (cell.empty()) return builder.missing();
  const auto real = core::to_real(cell);
  const auto role = builder.role_of(name);
  if (role == ColumnRole::metric || (!role && real)) {
    if (!real) return builder.text(name, cell);  // refused as what it is
    if (!std::isfinite(*real)) return builder.missing();
    builder.number(name, *real);
  } else {
    builder.text(name, cell);
  }
}

void add_row(const Header& header, const std::vector<std::string_view>& cells, RowBuilder& builder) {
  builder.begin();
  if (cells.size() != header.names.size())
    throw BadRow{"", fmt::format("{} cells for {} columns", cells.size(), header.names.size())};
  const std::string_view time = cells[header.time];
  if (!time.empty()) builder.time(time, is_whole(time));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i != header.time) add_cell(header.names[i], cells[i], builder);
  }
  builder.end();
}

}  // namespace

void read_csv_rows(std::string_view body, RowBuilder& builder) {
  Records records(body);
  const Header header = read_header(records);
  std::vector<std::string_view> cells;
  for (;;) {
    try {
      if (!records.next(cells)) return;
      add_row(header, cells, builder);
    } catch (const BadRow& bad) {
      builder.reject(bad);
    }
  }
}

}  // namespace wakeful::monitor
