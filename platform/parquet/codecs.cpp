#include "platform/parquet/codecs.hpp"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <span>

#include "platform/parquet/damage.hpp"

namespace wakeful::parquet {
namespace {

core::Error bad_page(std::string_view codec) { return damaged(fmt::format("a page does not unpack with {}", codec)); }

unsigned char byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

/// What both block formats are made of: bytes as they stand, and copies of what was written before.
class Block {
 public:
  Block(std::string_view packed, std::span<char> out, std::string_view codec) : in_(packed), out_(out), codec_(codec) {}

  bool at_end() const { return at_ == in_.size(); }
  std::size_t take_byte() { return take_little_endian(1); }
  std::size_t take_little_endian(std::size_t bytes) {
    if (bytes > in_.size() - at_) throw bad_page(codec_);
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= std::size_t{byte_at(in_, at_ + i)} << (8 * i);
    at_ += bytes;
    return value;
  }
  void write_literal(std::size_t count) {
    if (count > in_.size() - at_ || count > out_.size() - written_) throw bad_page(codec_);
    std::copy_n(in_.begin() + static_cast<std::ptrdiff_t>(at_), count, out_.begin() + offset());
    at_ += count;
    written_ += count;
  }
  /// May overlap what it writes: then it repeats.
  void write_copy(std::size_t distance, std::size_t count) {
    if (distance == 0 || distance > written_ || count > out_.size() - written_) throw bad_page(codec_);
    for (std::size_t i = 0; i < count; ++i) out_[written_ + i] = out_[written_ + i - distance];
    written_ += count;
  }
  void expect_full() const {
    if (written_ != out_.size()) throw bad_page(codec_);
  }

 private:
  std::string_view in_;
  std::size_t at_ = 0;
  std::span<char> out_;
  std::size_t written_ = 0;
  std::string_view codec_;

  std::ptrdiff_t offset() const { return static_cast<std::ptrdiff_t>(written_); }
};

/// Source: https://github.com/google/snappy/blob/main/format_description.txt.
void unpack_snappy(std::string_view packed, std::span<char> out) {
  Block block(packed, out, "Snappy");
  std::size_t said = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::size_t byte = block.take_byte();
    if (shift > 28) throw bad_page("Snappy");
    said |= (byte & 0x7FU) << shift;
    if (byte < 0x80) break;
  }
  if (said != out.size()) throw bad_page("Snappy");
  while (!block.at_end()) {
    const std::size_t tag = block.take_byte();
    switch (tag & 3U) {
      case 0: {
        const std::size_t length = tag >> 2U;
        block.write_literal(1 + (length < 60 ? length : block.take_little_endian(length - 59)));
        break;
      }
      case 1: {
        const std::size_t distance = (tag >> 5U) << 8U | block.take_byte();
        block.write_copy(distance, 4 + ((tag >> 2U) & 7U));
        break;
      }
      default: {
        const std::size_t distance = block.take_little_endian((tag & 3U) == 2 ? 2 : 4);
        block.write_copy(distance, 1 + (tag >> 2U));
      }
    }
  }
  block.expect_full();
}

std::size_t take_lz4_length(Block& block, std::size_t nibble) {
  std::size_t length = nibble;
  for (std::size_t more = nibble == 15 ? 255 : 0; more == 255; length += more) more = block.take_byte();
  return length;
}

/// Source: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md.
void unpack_lz4(std::string_view packed, std::span<char> out) {
  Block block(packed, out, "LZ4");
  while (!block.at_end()) {
    const std::size_t token = block.take_byte();
    block.write_literal(take_lz4_length(block, token >> 4U));
    if (block.at_end()) break;  // the last sequence is literals alone
    const std::size_t distance = block.take_little_endian(2);
    block.write_copy(distance, 4 + take_lz4_length(block, token & 15U));
  }
  block.expect_full();
}

void unpack_gzip(std::string_view packed, std::span<char> out) {
  constexpr int kGzipOrZlib = 32 + MAX_WBITS;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOrZlib) != Z_OK) throw core::internal("zlib does not start");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // NOLINT: zlib's own header, not const
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (status != Z_STREAM_END || stream.avail_out != 0) throw bad_page("gzip");
}

void unpack_zstd(std::string_view packed, std::span<char> out) {
  const std::size_t written = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(written) != 0 || written != out.size()) throw bad_page("zstd");
}

void unpack_brotli(std::string_view packed, std::span<char> out) {
  std::size_t written = out.size();
  const auto status = BrotliDecoderDecompress(packed.size(), reinterpret_cast<const std::uint8_t*>(packed.data()),
                                              &written, reinterpret_cast<std::uint8_t*>(out.data()));
  if (status != BROTLI_DECODER_RESULT_SUCCESS || written != out.size()) throw bad_page("brotli");
}

}  // namespace

Unpacked unpack(Codec codec, std::string_view packed, std::size_t size) {
  if (codec == Codec::none) {
    if (packed.size() != size) throw damaged("a page is not as long as it says");
    return Unpacked(packed);
  }
  auto owned = std::make_unique_for_overwrite<char[]>(size);
  const std::span<char> out(owned.get(), size);
  switch (codec) {
    case Codec::none:
      break;
    case Codec::snappy:
      unpack_snappy(packed, out);
      break;
    case Codec::gzip:
      unpack_gzip(packed, out);
      break;
    case Codec::brotli:
      unpack_brotli(packed, out);
      break;
    case Codec::zstd:
      unpack_zstd(packed, out);
      break;
    case Codec::lz4:
      unpack_lz4(packed, out);
      break;
    case Codec::lzo:
      throw unread("the codec LZO");
    case Codec::lz4_hadoop:
      throw unread("the codec LZ4 of Hadoop (LZ4_RAW is read)");
  }
  return {std::move(owned), size};
}

std::uint32_t checksum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace wakeful::parquet
