#pragma once
// Filters on free columns, as detector files and the observation store write them: "stage = 'prod' and region IN
// ('eu', 'us')". Any name is a column; text is quoted, numbers are not. Pure.
#include <functional>
#include <optional>
#include <string_view>

#include "platform/search/filter.hpp"

namespace wakeful::search {

/// Errors: invalid naming `field`, with a caret.
Filter parse_dimension_filter(std::string_view text, std::string_view field);

/// Whether a value satisfies a comparison. Nothing satisfies only IS NULL, as in SQL. A number is compared with what
/// the text says as a number; text that says none satisfies nothing but !=.
bool holds(const Comparison& comparison, std::optional<std::string_view> value);

/// Whether all comparisons hold for the columns that `find` gives.
bool holds(const Filter& filter, const std::function<std::optional<std::string_view>(std::string_view column)>& find);

}  // namespace wakeful::search
