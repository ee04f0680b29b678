#pragma once
// Detector files as people write them: YAML (and so JSON), one or several documents.
//
// Plain scalars follow YAML 1.2's core schema: null, true, false, numbers; everything else, "yes" and "5m" among it, is
// text, and so is whatever stands in quotes. No tags, no merge keys, no alias that would blow a small file up.
#include <string_view>
#include <vector>

#include "platform/core/json.hpp"

namespace wakeful::monitor {

inline constexpr std::size_t kMaxYamlBytes = 1U << 20U;

/// The documents of a file, empty ones left out.
/// Errors: invalid, with line and column: broken YAML, a key twice, a key that is no text, more than 1 MiB, nesting
/// deeper than 32, more than 50,000 nodes or 4 MiB of text (aliases count as what they stand for).
std::vector<core::JsonDocument> parse_yaml(std::string_view text);

}  // namespace wakeful::monitor
