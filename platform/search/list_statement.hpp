#pragma once
// Statements with a list of values, `… IN ($2, $3, …)`, in few lengths: the cache of prepared statements stays small
// and the lists stay short of every limit. What is left of a length is filled with a value that is there already.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace wakeful::search {

inline constexpr std::array<std::size_t, 3> kListLengths{1, 32, 256};

/// Calls f(from, count, places) for the pieces of `size` values: `count` of them into `places` parameters.
template <class F>
void for_each_list(std::size_t size, F&& f) {
  for (std::size_t from = 0; from < size;) {
    const std::size_t left = size - from;
    const std::size_t places =
        *std::find_if(kListLengths.begin(), kListLengths.end() - 1, [&](std::size_t length) { return length >= left; });
    const std::size_t count = std::min(left, places);
    f(from, count, places);
    from += count;
  }
}

/// `before` $first, …, `places` of them, `after`.
inline std::string list_statement(std::string_view before, std::size_t first, std::size_t places,
                                  std::string_view after) {
  std::string text;
  text.reserve(before.size() + after.size() + places * 6);
  text += before;
  for (std::size_t i = 0; i < places; ++i) {
    text += i == 0 ? "$" : ", $";
    text += std::to_string(first + i);
  }
  text += after;
  return text;
}

}  // namespace wakeful::search
