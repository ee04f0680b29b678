#include "platform/parquet/file.hpp"

#include <limits>

#include "platform/core/text.hpp"
#include "platform/parquet/damage.hpp"

namespace wakeful::parquet {
namespace {

double to_number(std::int64_t value, const Column& column) {
  if (!column.is_unsigned) return static_cast<double>(value);
  if (column.physical == Physical::int32) return static_cast<double>(static_cast<std::uint32_t>(value));
  return static_cast<double>(static_cast<std::uint64_t>(value));
}

/// Appends a page's rows to `out`: make(value), or `missing`.
template <class T, class Out, class Make>
void append(std::span<const T> values, std::span<const std::uint32_t> is_there, std::vector<Out>& out,
            const Out& missing, Make make) {
  if (is_there.empty()) {
    for (const T& value : values) out.push_back(make(value));
    return;
  }
  std::size_t at = 0;
  for (const std::uint32_t there : is_there) out.push_back(there != 0 ? make(values[at++]) : missing);
}

}  // namespace

File::File(std::string_view bytes, const Bounds& bounds)
    : bytes_(bytes), footer_(read_footer(bytes)), budget_(bounds.bytes), text_budget_(bounds.text_bytes) {}

std::optional<std::string_view> File::find_note(std::string_view key) const {
  for (const auto& [name, text] : footer_.notes)
    if (name == key) return text;
  return std::nullopt;
}

template <class T>
void File::read(std::size_t group, std::size_t at, OnPage<T> on_page) {
  const Column& column = footer_.columns[at];
  const RowGroup& rows = footer_.groups[group];
  try {
    const Chunk& chunk = rows.chunks[column.leaf];
    if (chunk.values != rows.rows) throw damaged("it has another number of values than its row group has rows");
    read_chunk<T>(bytes_, column, chunk, budget_, on_page);
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid) throw;
    throw core::invalid(fmt::format("column '{}': {}", column.name, e.what()), e.field());
  }
}

std::vector<double> File::read_numbers(std::size_t group, std::size_t at) {
  constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  const Column& column = footer_.columns[at];
  if (column.kind != Kind::number)
    throw core::invalid(fmt::format("column '{}' holds {}, not numbers", column.name, column.holds), "file");
  std::vector<double> out;
  if (holds_reals(column)) {
    const auto same = [](double value) { return value; };
    read<double>(group, at, [&](auto values, auto is_there) { append(values, is_there, out, kMissing, same); });
    return out;
  }
  const auto number = [&](std::int64_t value) { return to_number(value, column); };
  read<std::int64_t>(group, at, [&](auto values, auto is_there) { append(values, is_there, out, kMissing, number); });
  return out;
}

std::vector<std::optional<std::int64_t>> File::read_integers(std::size_t group, std::size_t at) {
  const Column& column = footer_.columns[at];
  if (column.kind == Kind::text || column.kind == Kind::other || holds_reals(column))
    throw core::invalid(fmt::format("column '{}' holds {}, not integers", column.name, column.holds), "file");
  std::vector<std::optional<std::int64_t>> out;
  const auto same = [](std::int64_t value) { return std::optional(value); };
  read<std::int64_t>(group, at, [&](auto values, auto is_there) {
    append(values, is_there, out, std::optional<std::int64_t>(), same);
  });
  return out;
}

std::vector<std::optional<std::string>> File::read_texts(std::size_t group, std::size_t at) {
  const Column& column = footer_.columns[at];
  if (column.kind != Kind::text)
    throw core::invalid(fmt::format("column '{}' holds {}, not text", column.name, column.holds), "file");
  std::vector<std::optional<std::string>> out;
  const auto copy = [&](std::string_view text) {
    text_budget_.charge(text.size());  // a dictionary's text may come in every row
    if (!core::is_utf8(text)) throw damaged("a text is not UTF-8");
    return std::optional<std::string>(text);
  };
  read<std::string_view>(group, at, [&](auto values, auto is_there) {
    append(values, is_there, out, std::optional<std::string>(), copy);
  });
  return out;
}

}  // namespace wakeful::parquet
