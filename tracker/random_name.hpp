#pragma once
// Names for what nobody named: "brave-finch-417". Pure.
#include <string>
#include <string_view>

namespace wakeful::tracker {

/// The same id gives the same name: `<adjective>-<noun>-<0..1000>`, lower case, at most 20 characters.
std::string random_name(std::string_view id);

}  // namespace wakeful::tracker
