#pragma once
// Unpacks pages. Snappy and LZ4 blocks are read by code of our own (their formats are a page each), the others by zlib,
// zstd and brotli. No input makes these read or write outside of what they are given. Pure.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "platform/parquet/footer.hpp"

namespace wakeful::parquet {

/// A page's bytes: the file's own, or unpacked ones. Moving it moves no bytes.
class Unpacked {
 public:
  Unpacked() = default;
  explicit Unpacked(std::string_view bytes) : bytes_(bytes) {}
  Unpacked(std::unique_ptr<char[]> owned, std::size_t size) : owned_(std::move(owned)), bytes_(owned_.get(), size) {}

  std::string_view bytes() const { return bytes_; }

 private:
  std::unique_ptr<char[]> owned_;
  std::string_view bytes_;
};

/// Exactly `size` bytes; of Codec::none those of `packed`, which must then outlive them. Memory that is asked for in
/// vain is never touched. Errors: invalid, field "file", if `packed` gives more or fewer, no bytes of that codec at
/// all, or the codec is not read here.
Unpacked unpack(Codec codec, std::string_view packed, std::size_t size);

/// The CRC-32 that a page's header holds.
std::uint32_t checksum_of(std::string_view bytes);

}  // namespace wakeful::parquet
