#pragma once
// Grammars of the shape that the slices have, for tests and the fuzz target of the language itself.
#include <array>

#include "platform/search/filter.hpp"

namespace wakeful::search::testing {

using enum Operator;
using Words = std::string_view;

inline constexpr std::array kText{equal, not_equal, like, ilike};
inline constexpr std::array kTextNull{equal, not_equal, like, ilike, is_null, is_not_null};
inline constexpr std::array kTextList{equal, not_equal, like, ilike, in, not_in};
inline constexpr std::array kNumber{equal, not_equal, less, less_equal, greater, greater_equal};

inline constexpr std::array<Words, 2> kMetricWords{"metrics", "metric"};
inline constexpr std::array<Words, 4> kParamWords{"params", "param", "parameters", "parameter"};
inline constexpr std::array<Words, 2> kTagWords{"tags", "tag"};
inline constexpr std::array<Words, 4> kAttributeWords{"attributes", "attribute", "attr", "run"};
inline constexpr std::array<Words, 2> kDatasetWords{"datasets", "dataset"};

inline constexpr std::array<Entity::Key, 7> kRunKeys{{
    {.name = "run_id", .operators = kTextList},
    {.name = "run_name", .alias = "Run name"},
    {.name = "run_name", .alias = "run name"},
    {.name = "status"},
    {.name = "user_id"},
    {.name = "start_time", .alias = "created", .kind = Kind::number, .operators = kNumber},
    {.name = "end_time", .kind = Kind::number, .operators = kNumber},
}};
inline constexpr std::array<Entity::Key, 3> kDatasetKeys{{{.name = "name"}, {.name = "digest"}, {.name = "context"}}};

inline constexpr std::array<Entity, 5> kRunEntities{{
    {.name = "metric", .aliases = kMetricWords, .kind = Kind::number, .operators = kNumber},
    {.name = "param", .aliases = kParamWords, .operators = kTextNull},
    {.name = "tag", .aliases = kTagWords, .operators = kTextNull},
    {.name = "attribute", .aliases = kAttributeWords, .operators = kText, .keys = kRunKeys},
    {.name = "dataset", .aliases = kDatasetWords, .operators = kTextList, .keys = kDatasetKeys},
}};
inline constexpr Grammar kRuns{.entities = kRunEntities, .default_entity = "attribute"};

inline constexpr std::array<Words, 1> kVersionWords{"attribute"};
inline constexpr std::array<Entity::Key, 3> kVersionKeys{{
    {.name = "name"},
    {.name = "run_id", .operators = kTextList},
    {.name = "version_number", .kind = Kind::integer, .operators = kNumber},
}};
inline constexpr std::array<Entity, 2> kVersionEntities{{
    {.name = "attribute", .aliases = kVersionWords, .operators = kText, .keys = kVersionKeys},
    {.name = "tag", .aliases = kTagWords, .operators = kText},
}};
inline constexpr Grammar kVersions{.entities = kVersionEntities, .default_entity = "attribute"};

}  // namespace wakeful::search::testing
