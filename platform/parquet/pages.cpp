#include "platform/parquet/pages.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "platform/parquet/codecs.hpp"
#include "platform/parquet/damage.hpp"
#include "platform/parquet/encodings.hpp"

namespace wakeful::parquet {
namespace {

/// Writers make pages of a mebibyte; one value may be longer.
constexpr std::size_t kLargestPage = 64U << 20U;

/// A page as it lies in the file.
struct Page {
  PageHeader header;
  std::string_view bytes;
};

/// A page's parts, unpacked.
struct Parts {
  Unpacked unpacked;        // what `values`, and of a first-version page `levels`, are views of
  std::string_view levels;  // whether each value is there
  std::string_view values;
};

std::string_view take_chunk(std::string_view file, const Chunk& chunk) {
  if (chunk.first_byte > file.size() || chunk.bytes > file.size() - chunk.first_byte)
    throw damaged("a column lies outside of the file");
  return file.substr(static_cast<std::size_t>(chunk.first_byte), static_cast<std::size_t>(chunk.bytes));
}

Page take_page(std::string_view& rest, Budget& budget) {
  if (rest.empty()) throw damaged("a column has fewer values than it says");
  Page page{read_page_header(rest), {}};
  const PageHeader& header = page.header;
  if (header.bytes > rest.size() - header.header_bytes) throw damaged("a page is longer than its column");
  if (header.unpacked_bytes > kLargestPage)
    throw core::invalid(
        fmt::format("the Parquet file has a page of {} bytes, more than {}", header.unpacked_bytes, kLargestPage),
        "file");
  page.bytes = rest.substr(header.header_bytes, header.bytes);
  budget.charge(header.header_bytes + header.bytes + header.unpacked_bytes);
  if (header.checksum && checksum_of(page.bytes) != *header.checksum) throw damaged("a page's checksum is another");
  rest.remove_prefix(header.header_bytes + header.bytes);
  return page;
}

/// Second version: the levels stand before the values and are never packed.
Parts unpack_second(const Page& page, Codec codec) {
  const PageHeader& header = page.header;
  if (header.repetition_bytes > page.bytes.size() ||
      header.definition_bytes > page.bytes.size() - header.repetition_bytes)
    throw damaged("a page's levels are longer than the page");
  const std::size_t before = header.repetition_bytes + header.definition_bytes;
  if (before > header.unpacked_bytes) throw damaged("a page's levels are longer than the page");
  Parts out;
  out.levels = page.bytes.substr(header.repetition_bytes, header.definition_bytes);
  const std::size_t size = header.unpacked_bytes - before;
  if (size > 0) out.unpacked = unpack(header.is_packed ? codec : Codec::none, page.bytes.substr(before), size);
  out.values = out.unpacked.bytes();
  return out;
}

/// First version: all is packed as one, and the levels' length stands before them.
Parts unpack_first(const Page& page, Codec codec, bool has_levels) {
  Parts out;
  out.unpacked = unpack(codec, page.bytes, page.header.unpacked_bytes);
  out.values = out.unpacked.bytes();
  if (!has_levels) return out;
  if (page.header.level_encoding != Encoding::rle) throw unread("levels of the encoding BIT_PACKED");
  if (out.values.size() < 4) throw damaged("a page ends early");
  std::uint32_t size = 0;
  for (unsigned i = 0; i < 4; ++i) size |= std::uint32_t{static_cast<unsigned char>(out.values[i])} << (8 * i);
  if (size > out.values.size() - 4) throw damaged("a page's levels are longer than the page");
  out.levels = out.values.substr(4, size);
  out.values.remove_prefix(4 + size);
  return out;
}

std::string_view name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::bit_packed:
      return "the encoding BIT_PACKED";
    case Encoding::delta_length:
      return "the encoding DELTA_LENGTH_BYTE_ARRAY";
    case Encoding::delta_bytes:
      return "the encoding DELTA_BYTE_ARRAY";
    case Encoding::delta_binary:
      return "the encoding DELTA_BINARY_PACKED of what is no integer";
    case Encoding::rle:
      return "the encoding RLE of what is no boolean";
    default:
      return "an unknown encoding";
  }
}

template <class T>
class ChunkReader {
 public:
  ChunkReader(const Column& column, const Chunk& chunk, Budget& budget)
      : column_(column), chunk_(chunk), budget_(budget) {}

  void read(std::string_view rest, OnPage<T> on_page) {
    for (std::uint64_t left = chunk_.values; left > 0;) {
      const Page page = take_page(rest, budget_);
      if (page.header.type == PageType::index) continue;
      if (page.header.type == PageType::dictionary) {
        read_dictionary(page);
        continue;
      }
      if (page.header.values > left) throw damaged("a column has more values than it says");
      left -= page.header.values;
      read_data(page, on_page);
    }
  }

 private:
  void read_dictionary(const Page& page) {
    if (dictionary_) throw damaged("a column has two dictionaries");
    if (page.header.encoding != Encoding::plain && page.header.encoding != Encoding::plain_dictionary)
      throw unread("a dictionary that is not PLAIN");
    dictionary_bytes_ = unpack(chunk_.codec, page.bytes, page.header.unpacked_bytes);
    dictionary_ = read_plain<T>(dictionary_bytes_.bytes(), column_.physical, column_.length, page.header.values);
  }

  void read_data(const Page& page, OnPage<T> on_page) {
    std::size_t count = page.header.values;
    budget_.charge(std::uint64_t{count} * sizeof(T));  // a run costs a few bytes, whatever its length
    const Parts parts = page.header.type == PageType::data_v2 ? unpack_second(page, chunk_.codec)
                                                              : unpack_first(page, chunk_.codec, column_.is_optional);
    std::vector<std::uint32_t> is_there;
    if (column_.is_optional) {
      is_there = read_hybrid(parts.levels, 1, count);
      count = static_cast<std::size_t>(std::count(is_there.begin(), is_there.end(), 1U));
      if (count == is_there.size()) is_there.clear();
    }
    on_page(read_values(parts.values, page.header.encoding, count), is_there);
  }

  std::vector<T> read_values(std::string_view bytes, Encoding encoding, std::size_t count) {
    if (count == 0) return {};
    switch (encoding) {
      case Encoding::plain:
        return read_plain<T>(bytes, column_.physical, column_.length, count);
      case Encoding::plain_dictionary:
      case Encoding::rle_dictionary:
        return look_up(bytes, count);
      case Encoding::rle:
        if constexpr (std::is_same_v<T, std::int64_t>)
          if (column_.physical == Physical::boolean) return read_booleans(bytes, count);
        break;
      case Encoding::delta_binary:
        if constexpr (std::is_same_v<T, std::int64_t>) return read_delta_binary(bytes, column_.physical, count);
        break;
      case Encoding::byte_stream_split:
        return read_split(bytes, count);
      default:
        break;
    }
    throw unread(name_of(encoding));
  }

  std::vector<T> look_up(std::string_view bytes, std::size_t count) const {
    if (!dictionary_) throw damaged("a column has no dictionary");
    if (bytes.empty()) throw damaged("a page ends early");
    const auto width = static_cast<unsigned char>(bytes.front());
    const std::vector<std::uint32_t> places = read_hybrid(bytes.substr(1), width, count);
    std::vector<T> out(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (places[i] >= dictionary_->size()) throw damaged("a value is not in its column's dictionary");
      out[i] = (*dictionary_)[places[i]];
    }
    return out;
  }

  static std::vector<std::int64_t> read_booleans(std::string_view bytes, std::size_t count) {
    if (bytes.size() < 4) throw damaged("a page ends early");
    const std::vector<std::uint32_t> bits = read_hybrid(bytes.substr(4), 1, count);  // behind their length
    return {bits.begin(), bits.end()};
  }

  std::vector<T> read_split(std::string_view bytes, std::size_t count) {
    if constexpr (std::is_same_v<T, std::string_view>) throw unread("BYTE_STREAM_SPLIT of text");
    const std::string joined = join_split_bytes(bytes, width_of(column_.physical, column_.length), count);
    return read_plain<T>(joined, column_.physical, column_.length, count);
  }

  const Column& column_;
  const Chunk& chunk_;
  Budget& budget_;
  Unpacked dictionary_bytes_;
  std::optional<std::vector<T>> dictionary_;
};

}  // namespace

void Budget::charge(std::uint64_t bytes) {
  if (bytes > left_)
    throw core::invalid(fmt::format("the Parquet file holds more than {} bytes unpacked", all_), "file");
  left_ -= bytes;
}

template <class T>
void read_chunk(std::string_view file, const Column& column, const Chunk& chunk, Budget& budget, OnPage<T> on_page) {
  if (chunk.physical != column.physical) throw damaged("a column is of another type than its schema says");
  ChunkReader<T>(column, chunk, budget).read(take_chunk(file, chunk), on_page);
}
template void read_chunk(std::string_view, const Column&, const Chunk&, Budget&, OnPage<std::int64_t>);
template void read_chunk(std::string_view, const Column&, const Chunk&, Budget&, OnPage<double>);
template void read_chunk(std::string_view, const Column&, const Chunk&, Budget&, OnPage<std::string_view>);

}  // namespace wakeful::parquet
