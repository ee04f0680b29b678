#pragma once
// The values of one column in one row group, page by page: pages unpacked, levels and encodings undone.
//
// Flat columns only. A file is given so much to unpack and no more (Budget), whatever its pages say and however often
// they are pointed at. Threads: one owner.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "platform/core/function_ref.hpp"
#include "platform/parquet/footer.hpp"

namespace wakeful::parquet {

/// How many more bytes a file may cost: read, unpacked, given out.
class Budget {
 public:
  explicit Budget(std::uint64_t bytes) : left_(bytes), all_(bytes) {}
  /// Errors: invalid, field "file", where there is not as much left.
  void charge(std::uint64_t bytes);

 private:
  std::uint64_t left_;
  std::uint64_t all_;
};

/// One page: `is_there` has an entry for each row, 1 or 0; empty where no value is missing. `values` has those that are
/// there, and is valid during the call only.
template <class T>
using OnPage = core::FunctionRef<void(std::span<const T> values, std::span<const std::uint32_t> is_there)>;

/// T as encodings.hpp has it. Exactly `chunk.values` rows are given.
/// Errors: invalid, field "file".
template <class T>
void read_chunk(std::string_view file, const Column& column, const Chunk& chunk, Budget& budget, OnPage<T> on_page);
extern template void read_chunk(std::string_view, const Column&, const Chunk&, Budget&, OnPage<std::int64_t>);
extern template void read_chunk(std::string_view, const Column&, const Chunk&, Budget&, OnPage<double>);
extern template void read_chunk(std::string_view, const Column&, const Chunk&, Budget&, OnPage<std::string_view>);

}  // namespace wakeful::parquet
