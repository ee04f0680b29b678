#pragma once
// Which versions of a model may go. Pure.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "registry/wire/types.hpp"

namespace wakeful::registry {

struct VersionFacts {
  std::int64_t version = 0;
  Stage stage = Stage::none;
  bool has_alias = false;
};

/// The versions to delete, lowest first: all but the `keep` with the highest numbers and, among the older ones, those
/// that somebody points at, by an alias or by the stages Staging and Production. `versions` in any order.
std::vector<std::int64_t> plan_retention(std::span<const VersionFacts> versions, std::size_t keep);

}  // namespace wakeful::registry
