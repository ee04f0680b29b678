#pragma once
// Numbers that are numbers: without the strings that protobuf's JSON lets stand for some. Where a client's type
// matters.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "platform/core/json.hpp"

namespace wakeful::core {

/// A list of plain numbers; absent is empty. Errors: invalid, naming the element.
std::vector<double> plain_reals(const ObjectReader& object, std::string_view name);
/// A list of integers, which may be strings of digits. Errors: as plain_reals.
std::vector<std::int64_t> integers(const ObjectReader& object, std::string_view name);
/// One plain number. Errors: invalid, naming it, also where it is absent.
double plain_real(const ObjectReader& object, std::string_view name);

/// The plain number that `value` is, NaN for null; nothing for anything else.
std::optional<double> find_cell(const Json& value);

}  // namespace wakeful::core
