#pragma once
// A Parquet file in memory, as pandas, Arrow and Spark write tables: flat columns of numbers, times and texts.
//
// What it holds is known at once (columns, rows by group), values are read column by column, group by group, so that
// columns nobody asks for cost nothing. Groups, lists, decimals and bytes are listed as columns and cannot be read.
// Borrows the bytes. It reads files of strangers: see DESIGN.md for what is bounded and how. Threads: one owner.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/parquet/footer.hpp"
#include "platform/parquet/pages.hpp"

namespace wakeful::parquet {

/// How many bytes may be read, unpacked and given out. The standard: some times what 16 million numbers take with their
/// dictionaries and levels; and text as much as a large CSV file has.
struct Bounds {
  std::uint64_t bytes = 1U << 30U;
  std::uint64_t text_bytes = 64U << 20U;
};

class File {
 public:
  /// Errors: invalid, field "file", for what is no Parquet file, or a damaged or encrypted one.
  explicit File(std::string_view bytes, const Bounds& bounds = {});

  std::uint64_t rows() const { return footer_.rows; }
  std::size_t groups() const { return footer_.groups.size(); }
  std::uint64_t rows_of(std::size_t group) const { return footer_.groups[group].rows; }
  const std::vector<Column>& columns() const { return footer_.columns; }
  /// What the writer noted beside the table: "pandas", "ARROW:schema".
  std::optional<std::string_view> find_note(std::string_view key) const;

  // A column's values in a group, one for each row. Errors: invalid, field "file", naming the column, where it is
  // damaged or of another kind, or where the file has been asked for more than a file may hold.

  /// Of numbers: NaN where there is none. Integers beyond 2^53 are rounded to the nearest.
  std::vector<double> read_numbers(std::size_t group, std::size_t column);
  /// Of integers, times and dates, as they are written (Column::unit).
  std::vector<std::optional<std::int64_t>> read_integers(std::size_t group, std::size_t column);
  /// Of texts, in UTF-8.
  std::vector<std::optional<std::string>> read_texts(std::size_t group, std::size_t column);

 private:
  template <class T>
  void read(std::size_t group, std::size_t column, OnPage<T> on_page);

  std::string_view bytes_;
  Footer footer_;
  Budget budget_;
  Budget text_budget_;
};

}  // namespace wakeful::parquet
