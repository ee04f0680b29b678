#pragma once
// The registry's tables, for tests/support/tables.hpp.
#include <array>

#include "support/tables.hpp"

namespace wakeful::testing {

inline constexpr std::array<Table, 5> kRegistryTables{{
    {"registered_models", 7},
    {"registered_model_tags", 3},
    {"model_versions", 11},
    {"model_version_tags", 4},
    {"registered_model_aliases", 3},
}};

}  // namespace wakeful::testing
