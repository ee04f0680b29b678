#pragma once
// What a Parquet file's footer says of its columns and where their values lie, and what stands before each page.
//
// Only flat columns are described so that they can be read; of others it is known that they are there. Checked here:
// counts, and that each row group has a chunk for every column; not whether chunks lie inside the file (pages.hpp).
// Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift. Pure.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wakeful::parquet {

enum class Physical { boolean, int32, int64, int96, real32, real64, bytes, fixed_bytes };
enum class Codec { none, snappy, gzip, lzo, brotli, lz4_hadoop, zstd, lz4 };
enum class Encoding {
  plain = 0,
  plain_dictionary = 2,
  rle = 3,
  bit_packed = 4,
  delta_binary = 5,
  delta_length = 6,
  delta_bytes = 7,
  rle_dictionary = 8,
  byte_stream_split = 9,
};

/// What a column's values are to a reader.
enum class Kind {
  number,      // booleans as 0 and 1 too
  local_time,  // as written, in no time zone
  instant,     // of UTC
  date,        // days since 1970-01-01
  text,
  other,
};
enum class Unit { milliseconds, microseconds, nanoseconds };

struct Column {
  std::string name;
  Kind kind = Kind::other;
  std::string holds;  // in words, for messages: "text", "lists"
  Unit unit = Unit::nanoseconds;
  Physical physical = Physical::bytes;
  std::int32_t length = 0;  // of each of fixed_bytes
  bool is_optional = false;
  bool is_unsigned = false;
  std::size_t leaf = 0;  // its place among a row group's chunks
};

/// Its numbers are read as they are; those of others are integers.
bool holds_reals(const Column& column);

/// The values of a column in one row group.
struct Chunk {
  Physical physical = Physical::bytes;
  Codec codec = Codec::none;
  std::uint64_t values = 0;
  std::uint64_t first_byte = 0;
  std::uint64_t bytes = 0;
};

struct RowGroup {
  std::uint64_t rows = 0;
  std::vector<Chunk> chunks;
};

struct Footer {
  std::uint64_t rows = 0;
  std::vector<Column> columns;
  std::vector<RowGroup> groups;
  std::vector<std::pair<std::string_view, std::string_view>> notes;  // key, value: views into the file
};

/// `file` is the whole file. Errors: invalid, field "file".
Footer read_footer(std::string_view file);

enum class PageType { data = 0, index = 1, dictionary = 2, data_v2 = 3 };

struct PageHeader {
  PageType type = PageType::index;
  std::size_t header_bytes = 0;
  std::size_t bytes = 0;           // as it lies in the file
  std::size_t unpacked_bytes = 0;  // levels included
  std::optional<std::uint32_t> checksum;
  std::size_t values = 0;  // with missing ones
  Encoding encoding = Encoding::plain;
  Encoding level_encoding = Encoding::rle;
  // Of data_v2:
  std::size_t definition_bytes = 0;
  std::size_t repetition_bytes = 0;
  bool is_packed = true;
};

/// `bytes` begin with the header. Errors: invalid, field "file".
PageHeader read_page_header(std::string_view bytes);

}  // namespace wakeful::parquet
