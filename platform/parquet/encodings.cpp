#include "platform/parquet/encodings.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>

#include "platform/parquet/damage.hpp"

namespace wakeful::parquet {
namespace {

static_assert(std::endian::native == std::endian::little, "values are read as they lie in the file");

core::Error ended() { return damaged("a page ends early"); }
core::Error wrong_type() { return damaged("a column's values are of another type than its schema says"); }

std::string_view take(std::string_view& bytes, std::uint64_t size) {
  if (size > bytes.size()) throw ended();
  const std::string_view taken = bytes.substr(0, static_cast<std::size_t>(size));
  bytes.remove_prefix(taken.size());
  return taken;
}

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(take(bytes, 1).front());
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  throw damaged("a number in a page has no end");
}

std::uint64_t take_zigzag(std::string_view& bytes) {
  const std::uint64_t value = take_varint(bytes);
  return (value >> 1U) ^ (~(value & 1U) + 1U);
}

template <class Raw>
Raw load(const char* at) {
  Raw raw;
  std::memcpy(&raw, at, sizeof raw);
  return raw;
}

/// Nanoseconds of the day, and the Julian day, of which 2'440'588 is 1970-01-01.
std::int64_t to_nanoseconds(const char* at) {
  const std::int64_t day = std::int64_t{load<std::int32_t>(at + 8)} - 2'440'588;
  std::int64_t out = 0;
  if (__builtin_mul_overflow(day, std::int64_t{86'400'000'000'000}, &out) ||
      __builtin_add_overflow(out, load<std::int64_t>(at), &out))
    throw core::invalid("the Parquet file has a time that nanoseconds cannot hold", "file");
  return out;
}

/// IEEE 754 binary16.
double half_to_double(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int fraction = bits & 0x3FF;
  double value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1'024, exponent - 25);
  if (exponent == 31) value = fraction == 0 ? HUGE_VAL : std::nan("");
  return (bits & 0x8000) != 0 ? -value : value;
}

template <class Raw, class T>
std::vector<T> load_all(std::string_view bytes, std::size_t count) {
  if (count > bytes.size() / sizeof(Raw)) throw ended();
  std::vector<T> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = load<Raw>(bytes.data() + i * sizeof(Raw));
  return out;
}

template <class T, class Convert>
std::vector<T> convert_all(std::string_view bytes, std::size_t width, std::size_t count, Convert convert) {
  if (count > bytes.size() / width) throw ended();
  std::vector<T> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = convert(bytes.data() + i * width);
  return out;
}

std::vector<std::int64_t> read_bits(std::string_view bytes, std::size_t count) {
  if (count > bytes.size() * 8) throw ended();
  std::vector<std::int64_t> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = (static_cast<unsigned char>(bytes[i / 8]) >> (i % 8)) & 1;
  return out;
}

std::vector<std::int64_t> read_integers(std::string_view bytes, Physical physical, std::size_t count) {
  if (physical == Physical::boolean) return read_bits(bytes, count);
  if (physical == Physical::int32) return load_all<std::int32_t, std::int64_t>(bytes, count);
  if (physical == Physical::int64) return load_all<std::int64_t, std::int64_t>(bytes, count);
  if (physical == Physical::int96) return convert_all<std::int64_t>(bytes, 12, count, to_nanoseconds);
  throw wrong_type();
}

std::vector<double> read_reals(std::string_view bytes, Physical physical, std::int32_t length, std::size_t count) {
  if (physical == Physical::real32) return load_all<float, double>(bytes, count);
  if (physical == Physical::real64) return load_all<double, double>(bytes, count);
  if (physical == Physical::fixed_bytes && length == 2)
    return convert_all<double>(bytes, 2, count, [](const char* at) { return half_to_double(load<std::uint16_t>(at)); });
  throw wrong_type();
}

std::vector<std::string_view> read_texts(std::string_view bytes, std::size_t count) {
  if (count > bytes.size() / 4) throw ended();
  std::vector<std::string_view> out(count);
  for (std::string_view& text : out) text = take(bytes, load<std::uint32_t>(take(bytes, 4).data()));
  return out;
}

/// Bits from the least significant of each byte on, as both packed forms have them.
class Bits {
 public:
  explicit Bits(std::string_view bytes) : bytes_(bytes) {}

  /// At most 64 of them. The caller has checked that they are there.
  std::uint64_t take(unsigned width) {
    std::uint64_t value = 0;
    for (unsigned have = 0; have < width;) {
      const unsigned offset = static_cast<unsigned>(at_ % 8);
      const unsigned some = std::min(8 - offset, width - have);
      const std::uint64_t byte = static_cast<unsigned char>(bytes_[at_ / 8]);
      value |= ((byte >> offset) & ((1U << some) - 1U)) << have;
      have += some;
      at_ += some;
    }
    return value;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

struct DeltaHead {
  std::uint64_t block = 0;       // values
  std::uint64_t miniblocks = 0;  // of a block
};

/// Source: the bounds are the format's (a multiple of 128; of 32), and our own of what writers choose (128 … 1,024).
DeltaHead take_delta_head(std::string_view& bytes, std::size_t count) {
  const DeltaHead head{take_varint(bytes), take_varint(bytes)};
  const bool fits = head.block > 0 && head.block % 128 == 0 && head.block <= (1U << 20U) && head.miniblocks > 0 &&
                    head.miniblocks <= head.block / 32 && head.block % (32 * head.miniblocks) == 0;
  if (!fits) throw damaged("a page of deltas has impossible blocks");
  if (take_varint(bytes) != count) throw damaged("a page of deltas has another number of values than it says");
  return head;
}

}  // namespace

std::size_t width_of(Physical physical, std::int32_t length) {
  switch (physical) {
    case Physical::int32:
    case Physical::real32:
      return 4;
    case Physical::int64:
    case Physical::real64:
      return 8;
    case Physical::fixed_bytes:
      return length == 2 ? 2 : 0;
    default:
      return 0;
  }
}

template <class T>
std::vector<T> read_plain(std::string_view bytes, Physical physical, std::int32_t length, std::size_t count) {
  if constexpr (std::is_same_v<T, std::int64_t>) return read_integers(bytes, physical, count);
  if constexpr (std::is_same_v<T, double>) return read_reals(bytes, physical, length, count);
  if constexpr (std::is_same_v<T, std::string_view>) {
    if (physical != Physical::bytes) throw wrong_type();
    return read_texts(bytes, count);
  }
}
template std::vector<std::int64_t> read_plain(std::string_view, Physical, std::int32_t, std::size_t);
template std::vector<double> read_plain(std::string_view, Physical, std::int32_t, std::size_t);
template std::vector<std::string_view> read_plain(std::string_view, Physical, std::int32_t, std::size_t);

std::vector<std::uint32_t> read_hybrid(std::string_view bytes, unsigned width, std::size_t count) {
  if (width > 32) throw damaged("a page has values of more than 32 bits");
  std::vector<std::uint32_t> out;
  while (out.size() < count) {
    const std::uint64_t head = take_varint(bytes);
    const std::size_t left = count - out.size();
    if ((head & 1U) == 0) {
      const std::string_view said = take(bytes, (width + 7) / 8);
      std::uint32_t value = 0;
      std::copy(said.begin(), said.end(), reinterpret_cast<char*>(&value));
      if (width < 32 && value >> width != 0) throw damaged("a page has a value that is wider than it says");
      out.resize(out.size() + static_cast<std::size_t>(std::min<std::uint64_t>(left, head >> 1U)), value);
      continue;
    }
    // Groups of eight; the last may be cut where its values are none.
    const std::size_t packed = static_cast<std::size_t>(std::min<std::uint64_t>((left + 7) / 8, head >> 1U)) * 8;
    const std::size_t some = std::min(packed, left);
    if (width != 0 && some > bytes.size() * 8 / width) throw ended();
    Bits bits(bytes);
    for (std::size_t i = 0; i < some; ++i) out.push_back(static_cast<std::uint32_t>(bits.take(width)));
    bytes.remove_prefix(std::min(bytes.size(), packed / 8 * width));
  }
  return out;
}

std::vector<std::int64_t> read_delta_binary(std::string_view bytes, Physical physical, std::size_t count) {
  if (physical != Physical::int32 && physical != Physical::int64) throw wrong_type();
  const DeltaHead head = take_delta_head(bytes, count);
  std::uint64_t value = take_zigzag(bytes);  // unsigned: deltas wrap around
  std::vector<std::int64_t> out;
  const auto add = [&] {
    out.push_back(physical == Physical::int32 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value));
  };
  if (count > 0) add();
  while (out.size() < count) {
    const std::uint64_t least = take_zigzag(bytes);
    const std::string_view widths = take(bytes, head.miniblocks);
    for (std::size_t m = 0; m < widths.size() && out.size() < count; ++m) {
      const unsigned width = static_cast<unsigned char>(widths[m]);
      if (width > 64) throw damaged("a page of deltas has values of more than 64 bits");
      const std::uint64_t values = head.block / head.miniblocks;
      Bits bits(take(bytes, values * width / 8));
      for (std::uint64_t i = 0; i < values && out.size() < count; ++i) {
        value += least + bits.take(width);
        add();
      }
    }
  }
  return out;
}

std::string join_split_bytes(std::string_view bytes, std::size_t width, std::size_t count) {
  if (width == 0) throw unread("BYTE_STREAM_SPLIT of values that are no numbers");
  if (count > bytes.size() / width) throw ended();
  std::string out(count * width, '\0');
  const std::size_t stride = bytes.size() / width;
  for (std::size_t b = 0; b < width; ++b)
    for (std::size_t i = 0; i < count; ++i) out[i * width + b] = bytes[b * stride + i];
  return out;
}

}  // namespace wakeful::parquet
