#pragma once
// Small things about text that the standard library lacks.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wakeful::core {

bool is_utf8(std::string_view text);
/// The beginning of a text that is UTF-8, of at most `most` bytes and without half a character at its end.
std::string_view cut(std::string_view text, std::size_t most);
std::string to_lower(std::string_view ascii);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

/// The whole text as a number, or nothing: no leading or trailing characters, no overflow.
std::optional<std::int64_t> to_integer(std::string_view text);
/// Also reads "nan", "inf", "-inf", "Infinity" in any case.
std::optional<double> to_real(std::string_view text);
/// The shortest decimal that reads back equal; "NaN", "Infinity", "-Infinity".
std::string format_real(double value);

/// The nearest of `known` to `word`, if it is near enough to be what was meant (edit distance <= 1 + size / 4).
std::optional<std::string_view> did_you_mean(std::string_view word, std::span<const std::string_view> known);

std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);
std::string to_hex(std::span<const std::byte> bytes);

/// Percent-decodes one path segment or query part. Nothing for a bad escape.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
std::string percent_encode(std::string_view text);

}  // namespace wakeful::core
