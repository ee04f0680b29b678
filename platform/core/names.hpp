#pragma once
// What names, keys and texts that users choose may be, where MLflow's clients and our own API share the rule. Pure.
//
// Lengths count code points. Every check throws `invalid` and names the field. Source: mlflow-tracking.md §4.1.
#include <cstddef>
#include <string_view>

namespace wakeful::core {

/// Code points of valid UTF-8.
std::size_t length_of(std::string_view utf8);

/// Errors: "'what' exceeds the maximum length of N characters".
void check_length(std::string_view text, std::size_t most, std::string_view what, std::string_view field);

/// More tags, params or inputs than this in one request are a mistake, and would keep every other writer waiting.
inline constexpr std::size_t kMostAtOnce = 10'000;
/// Errors: "'field' holds N entries; at most 10000 are taken at once".
void check_count(std::size_t count, std::string_view field);

/// Whether it holds nothing but letters and digits of any script, '_', and the ASCII characters of `also`.
bool is_word(std::string_view utf8, std::string_view also = {});

/// Whether a file of this name is no other file: no "a//b", "a/", "./a", nor "." or a beginning of ".." or "/".
bool is_own_path(std::string_view name);

/// A key is_word with "/.- :" and is_own_path. `where` is what the message calls the field ("metrics[2].name").
void check_key(std::string_view key, std::string_view where);

}  // namespace wakeful::core
