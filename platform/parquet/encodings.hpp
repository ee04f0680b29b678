#pragma once
// The encodings of values inside a page, without the missing ones. Each reads `count` values from the front of `bytes`.
//
// A column's values are one of three types here: std::int64_t for booleans, integers and times (int96: nanoseconds
// since 1970), double for reals of each width, std::string_view (into the bytes) for bytes. Nothing is allocated but
// the result, and no more of it than the bytes hold; runs of one value are the exception, so callers bound `count`.
// Source: https://github.com/apache/parquet-format/blob/master/Encodings.md. Pure.
// Errors of all: invalid, field "file", for bytes that end early.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "platform/parquet/footer.hpp"

namespace wakeful::parquet {

/// T is what `physical` reads as; `length` is that of fixed_bytes.
template <class T>
std::vector<T> read_plain(std::string_view bytes, Physical physical, std::int32_t length, std::size_t count);
extern template std::vector<std::int64_t> read_plain(std::string_view, Physical, std::int32_t, std::size_t);
extern template std::vector<double> read_plain(std::string_view, Physical, std::int32_t, std::size_t);
extern template std::vector<std::string_view> read_plain(std::string_view, Physical, std::int32_t, std::size_t);

/// Runs and bit-packed groups, mixed: levels, places in a dictionary, booleans. `width` in bits, at most 32.
std::vector<std::uint32_t> read_hybrid(std::string_view bytes, unsigned width, std::size_t count);

/// Of int32 and int64. int32 wraps around in 32 bits.
std::vector<std::int64_t> read_delta_binary(std::string_view bytes, Physical physical, std::size_t count);

/// The bytes as read_plain takes them.
std::string join_split_bytes(std::string_view bytes, std::size_t width, std::size_t count);

/// Of numbers of fixed size; 0 of others.
std::size_t width_of(Physical physical, std::int32_t length);

}  // namespace wakeful::parquet
